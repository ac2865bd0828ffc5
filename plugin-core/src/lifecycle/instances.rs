//! The set of instances under management, in start order, each addressed by its identity.
//!
//! A set never changes: who changes what is under management puts another set in its place, and who
//! reads has one consistent set for as long as it holds it.

use std::sync::Arc;

use super::instance::Instance;

/// Which instance of which plugin: the order is the start order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct InstanceId {
    /// The plugin's place in the start order of the build, whether or not config enables it.
    pub(super) plugin: usize,
    /// Its number among the instances of its plugin, from 0.
    pub(super) number: usize,
}

impl InstanceId {
    /// The bits of [`InstanceId::order`] that tell the instances of a plugin apart.
    const NUMBER_BITS: u32 = usize::BITS / 2;

    /// The same as one number, by which handlers are called and providers are sorted.
    pub(super) fn order(self) -> usize {
        self.plugin << Self::NUMBER_BITS | self.number
    }
}

/// A set of instances.
#[derive(Debug, Clone, Default)]
pub(super) struct Instances {
    /// Sorted by identity.
    all: Vec<Arc<Instance>>,
}

impl Instances {
    pub(super) fn new(mut all: Vec<Arc<Instance>>) -> Self {
        all.sort_by_key(|instance| instance.id);
        Self { all }
    }

    /// All of them, in start order.
    pub(super) fn iter(&self) -> std::slice::Iter<'_, Arc<Instance>> {
        self.all.iter()
    }

    pub(super) fn to_vec(&self) -> Vec<Arc<Instance>> {
        self.all.clone()
    }

    pub(super) fn get(&self, id: InstanceId) -> Option<&Arc<Instance>> {
        let at = self.all.binary_search_by_key(&id, |instance| instance.id);
        at.ok().map(|at| &self.all[at])
    }

    /// The instances of a plugin, by its place in the start order of the build.
    pub(super) fn of_plugin(&self, plugin: usize) -> &[Arc<Instance>] {
        let begin = self.all.partition_point(|one| one.id.plugin < plugin);
        let end = self.all.partition_point(|one| one.id.plugin <= plugin);
        &self.all[begin..end]
    }

    /// The instance of a name, or all instances of the plugin of that name; empty if there is none.
    pub(super) fn find(&self, name: &str) -> &[Arc<Instance>] {
        match self.all.iter().position(|one| one.name() == name) {
            Some(at) => &self.all[at..=at],
            None => (self.all.iter())
                .find(|one| one.plugin() == name)
                .map_or(&[], |one| self.of_plugin(one.id.plugin)),
        }
    }
}

impl<'a> IntoIterator for &'a Instances {
    type Item = &'a Arc<Instance>;
    type IntoIter = std::slice::Iter<'a, Arc<Instance>>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}
