//! The graph as data: which plugin provides, uses, publishes, handles, answers and requests what.

use std::ops::Deref;

use plugin_core::config::{PluginSettings, Settings};
use plugin_core::event::Pattern;
use plugin_core::permission::Grants;
use plugin_core::{Descriptor, InstanceName, Kind, Need, Source};
use serde::Serialize;

use crate::interceptors::{self, InterceptorNode};
use crate::requests::{self, RequestNode};

/// The plugins and their interceptors in start order; the services, events and requests by name.
#[derive(Debug, Serialize)]
pub struct Graph {
    /// The plugins.
    pub plugins: Vec<PluginNode>,
    /// The services.
    pub services: Vec<ServiceNode>,
    /// The events.
    pub events: Vec<EventNode>,
    /// The requests.
    pub requests: Vec<RequestNode>,
    /// The interceptors.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub interceptors: Vec<InterceptorNode>,
}

/// A plugin.
#[derive(Debug, Serialize)]
pub struct PluginNode {
    /// Its name.
    pub name: &'static str,
    /// Its version.
    pub version: String,
    /// Its kind.
    #[serde(serialize_with = "kind")]
    pub kind: Kind,
    /// Whether it is enabled; `None` if the config has mistakes.
    pub on: Option<bool>,
    /// Plugins that it names in `requires`.
    pub requires: Vec<&'static str>,
    /// Plugins that it names in `after` and that the set contains.
    pub after: Vec<&'static str>,
    /// Plugins that start before it: those that it names, and those that provide or answer what it
    /// uses and requests.
    pub starts_after: Vec<&'static str>,
    /// Whether it chooses at run time which topics it publishes, within its permissions.
    pub publishes_any: bool,
    /// Whether it chooses its subscriptions at run time, within its permissions.
    pub subscribes_any: bool,
    /// Scheduled methods.
    pub schedules: Vec<&'static str>,
}

/// A service with the plugins that provide and use it.
#[derive(Debug, Serialize)]
pub struct ServiceNode {
    /// Its name. For a labelled instance, it has the label: `Database@reports`.
    pub name: String,
    /// The plugins that provide it.
    pub providers: Vec<&'static str>,
    /// The plugins that use it.
    pub users: Vec<&'static str>,
}

/// An event with the plugins that publish and handle it.
#[derive(Debug, Serialize)]
pub struct EventNode {
    /// Its topic.
    pub topic: &'static str,
    /// The plugins that declare to publish it.
    pub publishers: Vec<&'static str>,
    /// The plugins that declare to handle it.
    pub subscribers: Vec<&'static str>,
    /// Plugins that choose topics at run time and may publish this one, according to their
    /// permissions.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub may_publish: Vec<&'static str>,
    /// Plugins that subscribe at run time and may subscribe to this topic.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub may_subscribe: Vec<&'static str>,
    /// Groups of handlers in which each event goes to one member.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<GroupNode>,
}

/// A group of an event's handlers.
#[derive(Debug, Serialize)]
pub struct GroupNode {
    /// Its name.
    pub name: &'static str,
    /// Its members.
    pub members: Vec<&'static str>,
}

impl EventNode {
    /// The group of a subscriber, if it has one.
    #[must_use]
    pub fn group(&self, subscriber: &str) -> Option<&'static str> {
        let mut groups = self.groups.iter();
        groups
            .find(|group| group.members.contains(&subscriber))
            .map(|group| group.name)
    }
}

impl Graph {
    /// The graph of a set, which is given in start order. If the config has no mistakes, it
    /// contains each labelled instance separately.
    #[must_use]
    pub fn of(plugins: &[&'static Descriptor], settings: Option<&Settings>) -> Self {
        let plugins = &*members(plugins, settings);
        let mut events = events(plugins);
        let grants = |plugin: &Member| match settings {
            Some(settings) => settings.grants_of(&settings.plugins[plugin.name]),
            None => Grants::all(plugin.name),
        };
        for plugin in plugins {
            chosen_at_run_time(plugin, &grants(plugin), &mut events);
        }
        let node = |plugin: &Member| PluginNode {
            on: settings.map(|settings| settings.plugins[plugin.name].config.enabled),
            ..PluginNode::of(plugin, plugins)
        };
        let mut graph = Self {
            plugins: plugins.iter().map(node).collect(),
            services: services(plugins, settings),
            events,
            requests: requests::requests(plugins, settings),
            interceptors: interceptors::interceptors(plugins),
        };
        let after = graph.plugins.iter().map(|plugin| graph.before(plugin));
        let after: Vec<_> = after.collect();
        for (plugin, after) in graph.plugins.iter_mut().zip(after) {
            plugin.starts_after = after;
        }
        graph
    }

    /// The plugins that start before a plugin.
    fn before(&self, plugin: &PluginNode) -> Vec<&'static str> {
        let used = self.services.iter();
        let used = used.filter(|service| service.users.contains(&plugin.name));
        let asked = self.requests.iter();
        let asked = asked.filter(|request| request.requesters.contains(&plugin.name));
        let providers = used.flat_map(|service| &service.providers);
        let responders = asked.flat_map(|request| &request.responders);
        let mut before: Vec<&str> = Vec::new();
        for other in plugin
            .requires
            .iter()
            .chain(&plugin.after)
            .chain(providers)
            .chain(responders)
        {
            if !before.contains(other) {
                before.push(other);
            }
        }
        before
    }

    /// Whether config disables a plugin.
    pub(crate) fn is_off(&self, plugin: &str) -> bool {
        let off = |node: &PluginNode| node.name == plugin && node.on == Some(false);
        self.plugins.iter().any(off)
    }

    /// The name of a plugin in drawings.
    pub(crate) fn label(&self, plugin: &str) -> String {
        if self.is_off(plugin) {
            format!("{plugin} (off)")
        } else {
            plugin.to_owned()
        }
    }

    /// The pairs (earlier, later) from plugins that name other plugins.
    pub(crate) fn named(&self) -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
        self.plugins.iter().flat_map(|plugin| {
            let requires = plugin.requires.iter().map(|other| (*other, "requires"));
            let after = plugin.after.iter().map(|other| (*other, "after"));
            requires
                .chain(after)
                .map(|(other, why)| (plugin.name, other, why))
        })
    }
}

impl PluginNode {
    fn of(plugin: &Member, all: &[Member]) -> Self {
        let held = |name: &&'static str| all.iter().any(|other| other.name == *name);
        Self {
            name: plugin.name,
            version: plugin.version.to_string(),
            kind: plugin.kind,
            on: None,
            requires: plugin.requires.iter().map(|other| other.plugin).collect(),
            after: plugin.after.iter().copied().filter(held).collect(),
            starts_after: Vec::new(),
            publishes_any: publishes_any(plugin),
            subscribes_any: subscribes_any(plugin),
            schedules: plugin.schedules.iter().map(|one| one.name).collect(),
        }
    }
}

fn publishes_any(plugin: &Member) -> bool {
    let mut needs = plugin.needs.iter();
    needs.any(|need| matches!(need, Need::PublishAny))
}

fn subscribes_any(plugin: &Member) -> bool {
    let mut needs = plugin.needs.iter();
    needs.any(|need| matches!(need, Need::Subscribe))
}

/// Adds a plugin to the events that it may publish or subscribe to but does not declare.
fn chosen_at_run_time(plugin: &Member, grants: &Grants, events: &mut [EventNode]) {
    for event in events {
        let declared = event.publishers.contains(&plugin.name);
        if publishes_any(plugin) && !declared && grants.may_publish(event.topic) {
            event.may_publish.push(plugin.name);
        }
        let declared = event.subscribers.contains(&plugin.name);
        if subscribes_any(plugin) && !declared && grants.may_subscribe(event.topic) {
            event.may_subscribe.push(plugin.name);
        }
    }
}

/// An instance of a plugin, with its own name.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Member {
    pub(crate) name: &'static str,
    pub(crate) plugin: &'static Descriptor,
}

impl Deref for Member {
    type Target = Descriptor;

    fn deref(&self) -> &Descriptor {
        self.plugin
    }
}

/// The instances of each plugin according to config; without config, one of each.
fn members(plugins: &[&'static Descriptor], settings: Option<&Settings>) -> Vec<Member> {
    let mut members = Vec::new();
    for &plugin in plugins {
        let member = |name| Member { name, plugin };
        match settings {
            Some(settings) => {
                let sections = settings.instances_of(plugin).map(PluginSettings::name);
                members.extend(sections.map(member));
            }
            None => members.push(member(plugin.name)),
        }
    }
    members
}

/// The name of what an instance provides: for a labelled instance, it has the label.
pub(crate) fn of_instance(what: &str, instance: &str) -> String {
    match InstanceName::of(instance).label {
        Some(label) => format!("{what}@{label}"),
        None => what.to_owned(),
    }
}

/// The instance from which an instance takes something; `""` if config names none.
pub(crate) fn provider<'s>(settings: Option<&'s Settings>, user: &str, need: &Need) -> &'s str {
    let user = settings.and_then(|settings| settings.plugins.get(user));
    user.and_then(|user| user.provider(need))
        .unwrap_or_default()
}

fn services(plugins: &[Member], settings: Option<&Settings>) -> Vec<ServiceNode> {
    let mut services: Vec<ServiceNode> = Vec::new();
    for plugin in plugins {
        for provide in plugin.provides {
            let name = match provide.service.many {
                true => provide.service.name.to_owned(),
                false => of_instance(provide.service.name, plugin.name),
            };
            push(&mut service(&mut services, name).providers, plugin.name);
        }
        for need in plugin.needs {
            if let Need::Service {
                service: wanted, ..
            } = need
            {
                let provider = provider(settings, plugin.name, need);
                let name = of_instance(wanted.name, provider);
                push(&mut service(&mut services, name).users, plugin.name);
            }
        }
    }
    services.sort_by(|one, other| one.name.cmp(&other.name));
    services
}

fn service(services: &mut Vec<ServiceNode>, name: String) -> &mut ServiceNode {
    let at = services
        .iter()
        .position(|service| service.name == name)
        .unwrap_or_else(|| {
            services.push(ServiceNode {
                name,
                providers: Vec::new(),
                users: Vec::new(),
            });
            services.len() - 1
        });
    &mut services[at]
}

fn events(plugins: &[Member]) -> Vec<EventNode> {
    let mut events: Vec<EventNode> = Vec::new();
    for plugin in plugins {
        for published in plugin.publishes() {
            push(
                &mut event(&mut events, published.topic).publishers,
                plugin.name,
            );
        }
        for subscription in plugin.subscriptions {
            if let Source::Event(handled) = subscription.source {
                push(
                    &mut event(&mut events, handled.topic).subscribers,
                    plugin.name,
                );
            }
        }
    }
    // Patterns match the known topics; they add no topics.
    for plugin in plugins {
        for event in &mut events {
            if hears(plugin, event.topic) {
                push(&mut event.subscribers, plugin.name);
            }
        }
    }
    for event in &mut events {
        event.groups = groups(plugins, event.topic);
    }
    events.sort_by_key(|event| event.topic);
    events
}

/// The groups of a topic.
fn groups(plugins: &[Member], topic: &str) -> Vec<GroupNode> {
    let mut groups: Vec<GroupNode> = Vec::new();
    for plugin in plugins {
        let heard = (plugin.subscriptions.iter()).filter(|&it| matches(it.source, topic));
        for name in heard.filter_map(|subscription| subscription.options.group) {
            match groups.iter_mut().find(|group| group.name == name) {
                Some(group) => push(&mut group.members, plugin.name),
                None => groups.push(GroupNode {
                    name,
                    members: vec![plugin.name],
                }),
            }
        }
    }
    groups
}

fn matches(source: Source, topic: &str) -> bool {
    match source {
        Source::Event(event) => event.topic == topic,
        Source::Pattern(pattern) => {
            Pattern::parse(pattern).is_ok_and(|pattern| pattern.matches(topic))
        }
    }
}

/// Whether a pattern of the plugin matches a topic.
fn hears(plugin: &Member, topic: &str) -> bool {
    plugin
        .subscriptions
        .iter()
        .any(|subscription| match subscription.source {
            pattern @ Source::Pattern(_) => matches(pattern, topic),
            Source::Event(_) => false,
        })
}

fn event<'a>(events: &'a mut Vec<EventNode>, topic: &'static str) -> &'a mut EventNode {
    let at = events
        .iter()
        .position(|event| event.topic == topic)
        .unwrap_or_else(|| {
            events.push(EventNode {
                topic,
                publishers: Vec::new(),
                subscribers: Vec::new(),
                may_publish: Vec::new(),
                may_subscribe: Vec::new(),
                groups: Vec::new(),
            });
            events.len() - 1
        });
    &mut events[at]
}

fn push(names: &mut Vec<&'static str>, name: &'static str) {
    if !names.contains(&name) {
        names.push(name);
    }
}

fn kind<S: serde::Serializer>(kind: &Kind, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(kind.as_str())
}
