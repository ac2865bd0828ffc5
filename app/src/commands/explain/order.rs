//! When a plugin starts, and who waits for whom.

use plugin_core::config::Settings;
use plugin_core::{Arity, Composition, Descriptor, Edge, InstanceName, Need, Reason};
use serde::Serialize;

/// Its place in the start order.
#[derive(Debug, Serialize)]
pub(super) struct Order {
    /// The place of the plugin, which its instances share.
    pub(super) place: usize,
    pub(super) of: usize,
    /// The last of those that it starts after: the edge that forces its place.
    pub(super) forced_by: Option<String>,
    /// Why it starts after others.
    pub(super) after: Vec<String>,
    /// Why others start after it.
    pub(super) before: Vec<String>,
}

impl Order {
    /// That of an instance, by the providers that config binds.
    pub(super) fn of(
        (plugin, name): (&'static Descriptor, &'static str),
        set: &Composition,
        settings: Option<&Settings>,
    ) -> Self {
        let places: Vec<&str> = set.plugins().map(|plugin| plugin.name).collect();
        let place = |instance: &str| {
            let plugin = InstanceName::of(instance).plugin;
            let at = places.iter().position(|other| *other == plugin);
            at.map_or(0, |at| at + 1)
        };
        let edges = edges(set, settings);
        let after = edges.iter().map(|(edge, _)| edge);
        let after: Vec<&Edge> = after.filter(|edge| edge.from == name).collect();
        let before = edges
            .iter()
            .filter(|(edge, is_of_one)| edge.to == name || (!is_of_one && edge.to == plugin.name));
        Self {
            place: place(plugin.name),
            of: places.len(),
            forced_by: after
                .iter()
                .max_by_key(|edge| place(edge.to))
                .map(ToString::to_string),
            after: after.iter().map(ToString::to_string).collect(),
            before: before.map(|(edge, _)| edge.to_string()).collect(),
        }
    }
}

/// What forces one instance to start before another, each with whether it is this one alone; else all
/// instances of the plugin are meant.
fn edges(set: &Composition, settings: Option<&Settings>) -> Vec<(Edge, bool)> {
    let edges = set.edges().into_iter();
    let Some(settings) = settings else {
        return edges.map(|edge| (edge, false)).collect();
    };
    let of_instances = |edge: Edge| {
        let user = set.find(edge.from).into_iter();
        let users = user.flat_map(|user| settings.instances_of(user).map(move |one| (user, one)));
        users.filter_map(move |(user, one)| {
            let (mut edge, taken) = (edge, taken(&edge, user));
            edge.from = one.name();
            if let Some(bound) = taken.and_then(|need| one.provider(need)) {
                let (bound, _) = settings.plugins.get_key_value(bound)?;
                if InstanceName::of(bound).plugin != edge.to {
                    return None;
                }
                edge.to = bound;
            }
            Some((edge, taken.is_some()))
        })
    };
    edges.flat_map(of_instances).collect()
}

/// What an edge is there for, if it is taken from one instance.
fn taken(edge: &Edge, user: &'static Descriptor) -> Option<&'static Need> {
    let mut needs = user.needs.iter();
    needs.find(|need| match (need, edge.reason) {
        (Need::Service { service, arity }, Reason::Service(name)) => {
            service.name == name && !service.many && *arity != Arity::Many
        }
        (Need::Request { request, .. }, Reason::Request(topic)) => request.topic == topic,
        _ => false,
    })
}
