//! Compares the composed set with the plugins that the linker collected.

use std::collections::BTreeSet;
use std::fmt;

use super::composition::{Composer, Composition};
use crate::descriptor::Descriptor;
use crate::event::EventDescriptor;
use crate::registry;

/// The error when the binary contains other plugins than those that `compose!` proved.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct LinkError {
    /// Composed plugins that are not linked.
    pub missing: Vec<&'static str>,
    /// Rust types of linked plugins that are not composed although `#![strict]` requires all.
    pub unchosen: Vec<&'static str>,
    /// Topics that two linked event types have, with these types.
    pub topics: Vec<(&'static str, [&'static str; 2])>,
}

impl Composition {
    /// Linked plugins that `compose!` does not name, ordered by name, such as the plugin of a
    /// library of which only the events are used. They are left out: their code does not run, and
    /// no config is read for them. For a set that was chosen at run time, the list is empty.
    #[must_use]
    pub fn left_out(&self) -> Vec<&'static Descriptor> {
        match self.origin {
            Composer::Build | Composer::Strict => left_out(self),
            Composer::Hand => Vec::new(),
        }
    }

    /// Compares the set with the plugins that the linker collected.
    ///
    /// A set that was chosen at run time may contain plugins that are not linked.
    ///
    /// # Errors
    ///
    /// Returns an error if a composed plugin is not linked, if two linked event types have the same
    /// topic, or if a linked plugin is not composed although `compose!` has `#![strict]`.
    pub fn link_check(&self) -> Result<(), LinkError> {
        match self.origin {
            Composer::Strict => check(self, true),
            Composer::Build => check(self, false),
            Composer::Hand => Ok(()),
        }
    }
}

/// Checks a set of `compose!`. A strict set contains all linked plugins.
fn check(composition: &Composition, strict: bool) -> Result<(), LinkError> {
    let mut error = compare(composition, &registry::plugins(), &registry::events());
    if !strict {
        error.unchosen.clear();
    }
    if error.is_empty() { Ok(()) } else { Err(error) }
}

/// The linked plugins that are not composed.
fn left_out(composition: &Composition) -> Vec<&'static Descriptor> {
    let composed = identities(composition.plugins());
    let mut linked = registry::plugins();
    linked.retain(|plugin| !composed.contains(&(plugin.name, plugin.type_name)));
    linked
}

/// Compares the set with linked plugins, and with linked events, which are ordered by topic.
fn compare(
    composition: &Composition,
    plugins: &[&'static Descriptor],
    events: &[&'static EventDescriptor],
) -> LinkError {
    let composed = identities(composition.plugins());
    let linked = identities(plugins.iter().copied());
    LinkError {
        missing: composed
            .difference(&linked)
            .map(|(name, _)| *name)
            .collect(),
        unchosen: linked
            .difference(&composed)
            .map(|(_, type_name)| *type_name)
            .collect(),
        topics: shared_topics(events),
    }
}

impl LinkError {
    fn is_empty(&self) -> bool {
        self.missing.is_empty() && self.unchosen.is_empty() && self.topics.is_empty()
    }
}

fn identities(
    plugins: impl Iterator<Item = &'static Descriptor>,
) -> BTreeSet<(&'static str, &'static str)> {
    plugins
        .map(|plugin| (plugin.name, plugin.type_name))
        .collect()
}

fn shared_topics(events: &[&'static EventDescriptor]) -> Vec<(&'static str, [&'static str; 2])> {
    events
        .windows(2)
        .filter(|pair| pair[0].topic == pair[1].topic && pair[0].type_name != pair[1].type_name)
        .map(|pair| (pair[0].topic, [pair[0].type_name, pair[1].type_name]))
        .collect()
}

impl fmt::Display for LinkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("this binary is not what `compose!` proved")?;
        for plugin in &self.missing {
            write!(f, "; plugin `{plugin}` was composed but is not linked: ")?;
            f.write_str("it needs `#[plugin]`, not a descriptor by hand")?;
        }
        for plugin in &self.unchosen {
            write!(
                f,
                "; plugin type `{plugin}` is linked but was not composed: "
            )?;
            f.write_str("name it in `compose!`, drop its crate from the dependencies, or take ")?;
            f.write_str("`#![strict]` out of `compose!` to leave it out")?;
        }
        for (topic, [one, other]) in &self.topics {
            write!(
                f,
                "; event types `{one}` and `{other}` have the topic `{topic}`: "
            )?;
            f.write_str("give one of them another topic")?;
        }
        Ok(())
    }
}

impl std::error::Error for LinkError {}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use schemars::JsonSchema;
    use serde::{Deserialize, Serialize};

    use super::*;
    use crate::boxed::PluginRef;
    use crate::descriptor::Hooks;
    use crate::event::Event;

    const HOOKS: Hooks = Hooks::new(|_| Ok(Box::pin(async { Ok(Arc::new(()) as PluginRef) })));

    static A: Descriptor = Descriptor::new("a", "1.0.0", HOOKS).type_name("crate_a::A");
    static B: Descriptor = Descriptor::new("b", "1.0.0", HOOKS).type_name("crate_b::B");
    static OTHER_A: Descriptor = Descriptor::new("a", "1.0.0", HOOKS).type_name("fork_a::A");

    #[derive(Serialize, Deserialize, JsonSchema)]
    struct Ping;

    impl Event for Ping {
        const DESCRIPTOR: &'static EventDescriptor =
            &EventDescriptor::of::<Self>("ping", "one::Ping");
    }

    static OTHER_PING: EventDescriptor = EventDescriptor::of::<Ping>("ping", "two::Ping");

    fn set(plugins: &[&'static Descriptor]) -> Composition {
        Composition::assemble(plugins).unwrap()
    }

    #[test]
    fn the_same_plugins_in_another_order_are_the_same() {
        let error = compare(&set(&[&A, &B]), &[&B, &A], &[Ping::DESCRIPTOR]);
        assert!(error.is_empty(), "{error}");
    }

    #[test]
    fn a_composed_plugin_must_be_linked() {
        let error = compare(&set(&[&A, &B]), &[&B], &[]);
        assert_eq!(error.missing, ["a"]);
        assert!(
            error
                .to_string()
                .contains("plugin `a` was composed but is not linked")
        );
    }

    #[test]
    fn a_linked_plugin_that_is_not_composed_is_told() {
        let error = compare(&set(&[&A]), &[&A, &B, &OTHER_A], &[]);
        assert_eq!(error.missing, Vec::<&str>::new());
        assert_eq!(error.unchosen, ["fork_a::A", "crate_b::B"]);
        assert!(
            error
                .to_string()
                .contains("`crate_b::B` is linked but was not composed")
        );
    }

    #[test]
    fn two_linked_events_may_not_share_a_topic() {
        let events = [Ping::DESCRIPTOR, &OTHER_PING];
        let error = compare(&set(&[&A]), &[&A], &events);
        assert_eq!(error.topics, [("ping", ["one::Ping", "two::Ping"])]);
        assert!(
            error
                .to_string()
                .contains("`one::Ping` and `two::Ping` have the topic `ping`")
        );
    }
}
