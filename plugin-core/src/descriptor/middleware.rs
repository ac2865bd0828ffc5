//! A method that is called around the events of others.

use std::fmt;

use crate::boxed::PluginRef;
use crate::event::Interceptors;

/// When a middleware is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Stage {
    /// When an event is published, before anybody sees it. An error refuses the event, and another
    /// event may be put in its place.
    Publish,
    /// Before each call of a handler. An error is the handler's, which is not called.
    Deliver,
    /// After each call of a handler, with what became of it.
    Delivered,
}

impl Stage {
    /// The word that the attribute and the output use.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Publish => "publish",
            Self::Deliver => "deliver",
            Self::Delivered => "delivered",
        }
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A method that is called around the events of others.
#[derive(Clone, Copy)]
pub struct Middleware {
    /// Name of the method.
    pub middleware: &'static str,
    /// When it is called.
    pub stage: Stage,
    /// Pattern of the topics that it is called for; an instance may narrow it.
    pub topics: &'static str,
    /// Rank among the middleware of a stage: the highest first, then in start order; after a call
    /// the other way round.
    pub priority: i32,
    /// Whether it may put another event in the place of the one that is published.
    pub changes: bool,
    /// Puts the method of an instance into the chain.
    pub bind: fn(&PluginRef, &mut Interceptors<'_>),
}

impl fmt::Debug for Middleware {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Middleware")
            .field("middleware", &self.middleware)
            .field("stage", &self.stage)
            .field("topics", &self.topics)
            .field("priority", &self.priority)
            .field("changes", &self.changes)
            .finish_non_exhaustive()
    }
}
