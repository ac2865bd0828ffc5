//! The set of instances under management, in start order. Each instance is addressed by its
//! identity.
//!
//! A set never changes: to change what is under management, another set replaces it. A reader
//! therefore has one consistent set for as long as it holds the set.

use std::sync::Arc;

use super::instance::Instance;
use super::wiring::TiedTo;
use crate::context::InstanceId;

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

    /// All instances, in start order.
    pub(super) fn iter(&self) -> std::slice::Iter<'_, Arc<Instance>> {
        self.all.iter()
    }

    /// The same set with one more instance.
    pub(super) fn with(&self, instance: Arc<Instance>) -> Self {
        let all = self.all.iter().cloned();
        Self::new(all.chain([instance]).collect())
    }

    /// The same set without one instance.
    pub(super) fn without(&self, name: &str) -> Self {
        let mut all = self.all.clone();
        all.retain(|one| one.name() != name);
        Self { all }
    }

    /// The same set with another life of the instance that has the same name.
    pub(super) fn replaced(&self, instance: Arc<Instance>) -> Self {
        self.without(instance.name()).with(instance)
    }

    pub(super) fn to_vec(&self) -> Vec<Arc<Instance>> {
        self.all.clone()
    }

    pub(super) fn get(&self, id: InstanceId) -> Option<&Arc<Instance>> {
        let at = self.all.binary_search_by_key(&id, |instance| instance.id);
        at.ok().map(|at| &self.all[at])
    }

    /// The instances of a plugin, which is given by its place in the start order of the build.
    pub(super) fn of_plugin(&self, plugin: usize) -> &[Arc<Instance>] {
        let begin = self.all.partition_point(|one| one.id.plugin < plugin);
        let end = self.all.partition_point(|one| one.id.plugin <= plugin);
        &self.all[begin..end]
    }

    /// The instances that a target names.
    pub(super) fn matching(&self, target: TiedTo) -> impl Iterator<Item = &Arc<Instance>> {
        let instances = self.of_plugin(target.plugin).iter();
        instances.filter(move |one| target.is(one.id))
    }

    /// The instances that have the same section of config as this one.
    pub(super) fn of_section(&self, id: InstanceId) -> &[Arc<Instance>] {
        let section = (id.plugin, id.label);
        let begin = (self.all).partition_point(|one| (one.id.plugin, one.id.label) < section);
        let end = (self.all).partition_point(|one| (one.id.plugin, one.id.label) <= section);
        &self.all[begin..end]
    }

    /// The instance with this name.
    pub(super) fn named(&self, name: &str) -> Option<&Arc<Instance>> {
        self.all.iter().find(|one| one.name() == name)
    }

    /// The instance with this name, or the replicas that share the section of this name; empty if
    /// there is none.
    pub(super) fn find(&self, name: &str) -> &[Arc<Instance>] {
        match self.all.iter().position(|one| one.name() == name) {
            Some(at) => &self.all[at..=at],
            None => (self.all.iter())
                .find(|one| one.section() == name)
                .map_or(&[], |one| self.of_section(one.id)),
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
