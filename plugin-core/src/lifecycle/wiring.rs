//! Which plugins wait for which: by the edges of the plan, and by kind, so that system plugins start
//! before all others and stop after them, and middleware the other way
//! round: first what intercepts, then the doors.
//!
//! It is of the build, so it holds for every set of instances: a plugin is named by its place in the
//! start order of the build, whether or not config enables it.

use std::collections::{BTreeMap, HashMap};

use crate::descriptor::Descriptor;
use crate::plan::Edge;

/// Which plugins of a build wait for which.
#[derive(Debug)]
pub(super) struct Wiring {
    plugins: Vec<Ties>,
}

/// The plugins that one is tied to.
#[derive(Debug, Default)]
struct Ties {
    name: &'static str,
    /// Those that start before it.
    before: Vec<usize>,
    /// Those that start after it, and stop before it.
    after: Vec<usize>,
    /// Those that it can't be without: one instance of each is enough.
    needs: Vec<usize>,
}

impl Wiring {
    /// Ties plugins, which stand in start order, to those that they wait for.
    pub(super) fn new(plugins: impl Iterator<Item = &'static Descriptor>, edges: &[Edge]) -> Self {
        let plugins: Vec<_> = plugins.collect();
        let places: HashMap<_, _> = (plugins.iter().enumerate())
            .map(|(at, plugin)| (plugin.name, at))
            .collect();
        let mut ties: Vec<Ties> = (plugins.iter())
            .map(|plugin| Ties {
                name: plugin.name,
                ..Ties::default()
            })
            .collect();
        for edge in edges {
            let (from, to) = (places[edge.from], places[edge.to]);
            ties[from].before.push(to);
            if edge.is_hard {
                ties[from].needs.push(to);
            }
        }
        let mut tiers = BTreeMap::<_, Vec<usize>>::new();
        for (at, plugin) in plugins.iter().enumerate() {
            let tier = plugin.tier();
            let mut before = std::mem::take(&mut ties[at].before);
            before.extend(tiers.range(..tier).flat_map(|(_, earlier)| earlier));
            before.sort_unstable();
            before.dedup();
            for &other in &before {
                ties[other].after.push(at);
            }
            ties[at].before = before;
            tiers.entry(tier).or_default().push(at);
        }
        Self { plugins: ties }
    }

    pub(super) fn name(&self, plugin: usize) -> &'static str {
        self.plugins[plugin].name
    }

    /// The plugins that start before this one.
    pub(super) fn before(&self, plugin: usize) -> &[usize] {
        &self.plugins[plugin].before
    }

    /// The plugins that start after this one, and stop before it.
    pub(super) fn after(&self, plugin: usize) -> &[usize] {
        &self.plugins[plugin].after
    }

    /// The plugins that this one can't be without: one instance of each is enough.
    pub(super) fn needs(&self, plugin: usize) -> &[usize] {
        &self.plugins[plugin].needs
    }
}
