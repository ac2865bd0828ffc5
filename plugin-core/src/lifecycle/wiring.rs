//! Decides which instances wait for which, by the edges of the plan and by kind: system plugins
//! start before all others and stop after them; middleware starts after all others and stops before
//! them. Of the middleware, plugins that intercept events start before those that let events in.
//!
//! The ties are between the plugins of the build, whether or not config enables them. A plugin is
//! named by its place in the start order of the build. If an instance takes a service or answers
//! from one other instance, it is tied only to the instance that its config names, and not to other
//! instances of that plugin.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use super::instance::Instance;
use crate::context::InstanceId;
use crate::descriptor::Descriptor;
use crate::init::Need;
use crate::instance_name::interned;
use crate::plan::{Edge, Reason};
use crate::provider_bindings::ProviderBindings;

/// For each plugin of a build, the plugins that it waits for.
#[derive(Debug)]
pub(super) struct Wiring {
    plugins: Vec<Ties>,
}

/// The plugins that one is tied to.
#[derive(Debug, Default)]
struct Ties {
    name: &'static str,
    /// Those that start before it and stop after it.
    before: Vec<Tie>,
    /// Those that it needs: one instance of each is enough.
    needs: Vec<Tie>,
}

/// The reason why a plugin is tied to another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Tie {
    plugin: usize,
    /// The key of the service or request that is taken from one instance. Without it, the tie is to
    /// all instances.
    taken: Option<u64>,
}

/// The instances of a plugin that another instance is tied to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TiedTo {
    pub(super) plugin: usize,
    /// Their label; without it, all instances of the plugin are meant.
    label: Option<&'static str>,
}

impl TiedTo {
    /// Whether an instance is one of them.
    pub(super) fn is(self, id: InstanceId) -> bool {
        id.plugin == self.plugin && self.label.is_none_or(|label| label == id.label)
    }

    /// Whether one of them is in a set.
    pub(super) fn is_among(self, ids: &BTreeSet<InstanceId>) -> bool {
        let first = InstanceId {
            plugin: self.plugin,
            ..InstanceId::default()
        };
        let of_plugin = ids.range(first..).take_while(|id| id.plugin == self.plugin);
        of_plugin.into_iter().any(|id| self.is(*id))
    }
}

impl Wiring {
    /// Ties the plugins, which are given in start order, to those that they wait for.
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
            for taken in taken(edge, plugins[from], plugins[to]) {
                let tie = Tie { plugin: to, taken };
                ties[from].before.push(tie);
                if edge.is_hard {
                    ties[from].needs.push(tie);
                }
            }
        }
        let mut tiers = BTreeMap::<_, Vec<Tie>>::new();
        for (at, plugin) in plugins.iter().enumerate() {
            let tier = plugin.tier();
            let before = &mut ties[at].before;
            before.extend(tiers.range(..tier).flat_map(|(_, earlier)| earlier));
            // A tie to all instances comes first, and makes other ties to the same plugin
            // unnecessary.
            before.sort_unstable();
            before.dedup_by(|tie, first| {
                tie.plugin == first.plugin && (first.taken.is_none() || tie.taken == first.taken)
            });
            let all = Tie {
                plugin: at,
                taken: None,
            };
            tiers.entry(tier).or_default().push(all);
        }
        Self { plugins: ties }
    }

    /// The name of a target for operators.
    pub(super) fn name(&self, target: TiedTo) -> &'static str {
        let plugin = self.plugins[target.plugin].name;
        match target.label {
            None | Some("") => plugin,
            Some(label) => interned(&format!("{plugin}@{label}")),
        }
    }

    /// The targets that an instance needs: one instance of each is enough.
    pub(super) fn needs(&self, instance: &Instance) -> impl Iterator<Item = TiedTo> {
        let bindings = Arc::clone(&instance.setup().bindings);
        let ties = self.plugins[instance.id.plugin].needs.iter();
        ties.map(move |tie| tie.lead(&bindings))
    }

    /// The same for an instance of a plugin with these provider bindings.
    pub(super) fn needs_of(
        &self,
        plugin: usize,
        bindings: &ProviderBindings,
    ) -> impl Iterator<Item = TiedTo> {
        let ties = self.plugins[plugin].needs.iter();
        ties.map(move |tie| tie.lead(bindings))
    }

    /// For the instances in start order, which one waits for which when they start, as indices:
    /// first the one that waits, then the other.
    pub(super) fn waits(&self, instances: &[Arc<Instance>]) -> Vec<(usize, usize)> {
        let mut places: Vec<Vec<usize>> = vec![Vec::new(); self.plugins.len()];
        for (place, instance) in instances.iter().enumerate() {
            places[instance.id.plugin].push(place);
        }
        let mut waits = Vec::new();
        for (place, instance) in instances.iter().enumerate() {
            let ties = self.plugins[instance.id.plugin].before.iter();
            let bindings = Arc::clone(&instance.setup().bindings);
            for target in ties.map(|tie| tie.lead(&bindings)) {
                let others = places[target.plugin].iter();
                let others = others.filter(|&&other| target.is(instances[other].id));
                waits.extend(others.map(|&other| (place, other)));
            }
        }
        waits
    }
}

impl Tie {
    /// The instances that this tie refers to.
    fn lead(&self, bindings: &ProviderBindings) -> TiedTo {
        TiedTo {
            plugin: self.plugin,
            label: self.taken.map(|key| bindings.label(key)),
        }
    }
}

/// The services or requests for which an edge exists, if they are taken from one instance;
/// otherwise nothing.
fn taken(edge: &Edge, from: &Descriptor, to: &Descriptor) -> Vec<Option<u64>> {
    let needs = from.needs.iter();
    match edge.reason {
        Reason::Service(name) => needs
            .filter_map(|need| match need {
                Need::Service { service, .. } if service.name == name => Some(service),
                _ => None,
            })
            .filter(|service| (to.provides.iter()).any(|it| it.service.key == service.key))
            .map(|service| (!service.many).then_some(service.key))
            .collect(),
        Reason::Request(topic) => needs
            .filter_map(|need| match need {
                Need::Request { request, .. } if request.topic == topic => Some(Some(request.key)),
                _ => None,
            })
            .collect(),
        Reason::Requires | Reason::After => vec![None],
    }
}
