//! The methods of a plugin that concern events, as `#[plugin]` declares them.

use std::fmt;

use super::binder::Binder;
use super::interceptors::Interceptors;
use crate::boxed::PluginRef;
use crate::event::descriptor::EventDescriptor;
use crate::options::{Mode, Stage, SubscribeOptions};

/// The events of a subscription.
#[derive(Debug, Clone, Copy)]
pub enum Source {
    /// One type of event.
    Event(&'static EventDescriptor),
    /// Every topic that a pattern matches.
    Pattern(&'static str),
}

impl Source {
    /// The topic, or the pattern.
    #[must_use]
    pub const fn topic(&self) -> &'static str {
        match self {
            Self::Event(event) => event.topic,
            Self::Pattern(pattern) => pattern,
        }
    }
}

/// A method that handles events.
#[derive(Clone, Copy)]
pub struct Subscription {
    /// Name of the method.
    pub handler: &'static str,
    /// Its events.
    pub source: Source,
    /// Where it runs.
    pub mode: Mode,
    /// Its options.
    pub options: SubscribeOptions,
    /// Binds the method of an instance to the event.
    pub bind: fn(&PluginRef, &mut Binder<'_>),
}

impl fmt::Debug for Subscription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subscription")
            .field("handler", &self.handler)
            .field("topic", &self.source.topic())
            .field("mode", &self.mode)
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}

/// A method that is called around the events of other plugins.
#[derive(Clone, Copy)]
pub struct Interceptor {
    /// Name of the method.
    pub name: &'static str,
    /// When it is called.
    pub stage: Stage,
    /// Pattern of the topics for which it is called; an instance may narrow it.
    pub topics: &'static str,
    /// Rank among the interceptors of a stage: the highest is called first, then in start order.
    /// After a call, the order is reversed.
    pub priority: i32,
    /// Whether it may replace the event that is published.
    pub changes: bool,
    /// Puts the method of an instance into the chain.
    pub bind: fn(&PluginRef, &mut Interceptors<'_>),
}

impl fmt::Debug for Interceptor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Interceptor")
            .field("name", &self.name)
            .field("stage", &self.stage)
            .field("topics", &self.topics)
            .field("priority", &self.priority)
            .field("changes", &self.changes)
            .finish_non_exhaustive()
    }
}
