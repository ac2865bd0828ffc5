//! When a method that stands around the events of others is called.

use std::fmt;

/// When an interceptor is called.
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
