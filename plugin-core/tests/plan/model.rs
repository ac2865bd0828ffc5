//! Sets of plugins as plain data, and the plan's rules in their simplest form.

use std::collections::BTreeSet;

use plugin_core::service::ServiceDescriptor;
use plugin_core::{Arity, Descriptor, Kind, PlanIssue, Requirement};
use proptest::prelude::*;

use crate::support::{needs, plugin, provides};

/// Names and service names that a model draws from.
const NAMES: [&str; 16] = [
    "a",
    "aa",
    "ab",
    "plugin-01",
    "plugin-02",
    "plugin-1",
    "plugin-10",
    "plugin-2",
    "plugin",
    "pluginx",
    "user-service",
    "user-services",
    "user-servicf",
    "z",
    "zz",
    "zzz",
];
static SERVICES: [ServiceDescriptor; 4] = [
    ServiceDescriptor::new("S0", "m", "m::S0"),
    ServiceDescriptor::new("S1", "m", "m::S1"),
    ServiceDescriptor::new("S2", "m", "m::S2").many(),
    ServiceDescriptor::new("S3", "m", "m::S3").many(),
];
const KINDS: [Kind; 3] = [Kind::System, Kind::Middleware, Kind::Business];
const ARITIES: [Arity; 3] = [Arity::One, Arity::Optional, Arity::Many];

/// A plugin whose fields are indices into the constants above.
#[derive(Debug, Clone)]
pub(crate) struct Spec {
    pub(crate) name: usize,
    kind: usize,
    provides: BTreeSet<usize>,
    needs: Vec<(usize, usize)>,
    requires: Vec<usize>,
    after: Vec<usize>,
    conflicts: BTreeSet<usize>,
}

/// Anything: most such sets do not fit together.
pub(crate) fn spec() -> impl Strategy<Value = Spec> {
    let few = |of, most| prop::collection::vec(0..of, 0..=most);
    let some = |of, most| prop::collection::btree_set(0..of, 0..=most);
    let lists = (
        few(NAMES.len(), 1),
        few(NAMES.len(), 2),
        some(NAMES.len(), 1),
    );
    let needs = prop::collection::vec((0..SERVICES.len(), 0..ARITIES.len()), 0..=2);
    (
        0..NAMES.len(),
        0..KINDS.len(),
        some(SERVICES.len(), 1),
        needs,
        lists,
    )
        .prop_map(
            |(name, kind, provides, needs, (requires, after, conflicts))| Spec {
                name,
                kind,
                provides,
                needs,
                requires,
                after,
                conflicts,
            },
        )
}

/// Plugins that fit together: names are unique, and a plugin needs only what stands before it.
pub(crate) fn fitting() -> impl Strategy<Value = Vec<Spec>> {
    let names = Just((0..NAMES.len()).collect::<Vec<_>>()).prop_shuffle();
    (prop::collection::vec(spec(), 0..NAMES.len()), names).prop_map(|(mut specs, names)| {
        let mut provided = BTreeSet::new();
        for at in 0..specs.len() {
            let spec = &mut specs[at];
            spec.name = names[at];
            spec.conflicts.clear();
            spec.requires.retain(|name| names[..at].contains(name));
            spec.after.retain(|name| !names[at..].contains(name));
            spec.needs.retain(|(service, _)| provided.contains(service));
            // Later providers of a service that is already needed would be needed too.
            spec.provides.retain(|service| !provided.contains(service));
            provided.extend(spec.provides.iter().copied());
        }
        specs
    })
}

impl Spec {
    pub(crate) fn descriptor(&self, at: usize) -> &'static Descriptor {
        let type_name: &str = leak(format!("Type{at:02}"));
        let requires = self.requires.iter().map(|&name| Requirement {
            plugin: NAMES[name],
            version: "^1",
        });
        let needed = self
            .needs
            .iter()
            .map(|&(service, arity)| needs(&SERVICES[service], ARITIES[arity]));
        leak(
            plugin(NAMES[self.name])
                .type_name(type_name)
                .kind(KINDS[self.kind])
                .provides(leak(
                    self.provides
                        .iter()
                        .map(|&at| provides(&SERVICES[at]))
                        .collect::<Vec<_>>(),
                ))
                .needs(leak(needed.collect::<Vec<_>>()))
                .requires(leak(requires.collect::<Vec<_>>()))
                .after(leak(
                    self.after.iter().map(|&at| NAMES[at]).collect::<Vec<_>>(),
                ))
                .conflicts(leak(
                    self.conflicts
                        .iter()
                        .map(|&at| NAMES[at])
                        .collect::<Vec<_>>(),
                )),
        )
    }
}

fn leak<T>(value: T) -> &'static T {
    Box::leak(Box::new(value))
}

/// The rules of the plan, said plainly and slowly, over plugins sorted by (kind, name).
pub(crate) struct Rules {
    pub(crate) sorted: Vec<&'static Descriptor>,
}

impl Rules {
    pub(crate) fn of(plugins: &[&'static Descriptor]) -> Self {
        let mut sorted = plugins.to_vec();
        sorted.sort_by_key(|plugin| (plugin.kind, plugin.name, plugin.type_name));
        Self { sorted }
    }

    fn find(&self, name: &str) -> Option<usize> {
        self.sorted.iter().rposition(|plugin| plugin.name == name)
    }

    fn providers(&self, service: &ServiceDescriptor) -> Vec<usize> {
        let provides = |at: &usize| {
            self.sorted[*at]
                .provides
                .iter()
                .any(|provide| provide.service == service)
        };
        (0..self.sorted.len()).filter(provides).collect()
    }

    fn services(&self, at: usize) -> impl Iterator<Item = (&'static ServiceDescriptor, Arity)> {
        self.sorted[at].needs.iter().map(|need| match need {
            plugin_core::Need::Service { service, arity } => (*service, *arity),
            other => panic!("models need services alone, not {other:?}"),
        })
    }

    /// What a plugin depends on.
    pub(crate) fn dependencies(&self, at: usize) -> BTreeSet<usize> {
        let plugin = self.sorted[at];
        let services = self.services(at).flat_map(|(service, _)| {
            let most = if service.many { usize::MAX } else { 1 };
            self.providers(service).into_iter().take(most)
        });
        let required = plugin.requires.iter().map(|requirement| requirement.plugin);
        let named = required.chain(plugin.after.iter().copied());
        services
            .chain(named.filter_map(|name| self.find(name)))
            .collect()
    }

    /// Depth first, everything by rank. Ends only without cycles.
    pub(crate) fn order(&self) -> Vec<&'static str> {
        let mut order = Vec::new();
        for root in 0..self.sorted.len() {
            self.visit(root, &mut order);
        }
        order.iter().map(|&at| self.sorted[at].type_name).collect()
    }

    fn visit(&self, at: usize, order: &mut Vec<usize>) {
        if !order.contains(&at) {
            for to in self.dependencies(at) {
                self.visit(to, order);
            }
            order.push(at);
        }
    }

    /// All issues but cycles, in no order.
    pub(crate) fn issues(&self) -> BTreeSet<String> {
        (0..self.sorted.len())
            .flat_map(|at| {
                self.missing(at)
                    .chain(self.conflicts(at))
                    .chain(self.duplicate(at))
            })
            .chain(
                SERVICES
                    .iter()
                    .filter(|service| !service.many)
                    .flat_map(|service| {
                        let providers = self.providers(service);
                        let pairs: Vec<_> = providers
                            .windows(2)
                            .map(|pair| PlanIssue::TwoProviders {
                                service: service.name,
                                plugins: [self.sorted[pair[0]].name, self.sorted[pair[1]].name],
                            })
                            .collect();
                        pairs
                    }),
            )
            .map(|issue| issue.to_string())
            .collect()
    }

    fn missing(&self, at: usize) -> impl Iterator<Item = PlanIssue> {
        let plugin = self.sorted[at];
        let services = self
            .services(at)
            .filter(|(service, arity)| *arity == Arity::One && self.providers(service).is_empty());
        let services = services.map(|(service, _)| PlanIssue::MissingProvider {
            plugin: plugin.name,
            service: service.name,
            catalogued: None,
        });
        let required = plugin
            .requires
            .iter()
            .filter(|required| self.find(required.plugin).is_none());
        services.chain(required.map(|required| PlanIssue::MissingPlugin {
            plugin: plugin.name,
            required: required.plugin,
            catalogued: None,
        }))
    }

    fn conflicts(&self, at: usize) -> impl Iterator<Item = PlanIssue> {
        let plugin = self.sorted[at];
        let there = plugin.conflicts.iter().filter_map(|name| self.find(name));
        let first = there.filter(move |&other| {
            other >= at || !self.sorted[other].conflicts.contains(&plugin.name)
        });
        first.map(|other| PlanIssue::Conflict {
            plugin: plugin.name,
            other: self.sorted[other].name,
        })
    }

    fn duplicate(&self, at: usize) -> Option<PlanIssue> {
        let plugin = self.sorted[at];
        let earlier = self.sorted[..at]
            .iter()
            .rfind(|other| other.name == plugin.name)?;
        Some(PlanIssue::DuplicateName {
            name: plugin.name,
            types: [earlier.type_name, plugin.type_name],
        })
    }
}
