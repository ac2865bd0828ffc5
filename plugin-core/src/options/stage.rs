//! When an interceptor is called.

use std::fmt;

/// When an interceptor is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Stage {
    /// When an event is published, before any handler gets it. An error refuses the event, and the
    /// event may be replaced.
    Publish,
    /// Before each call of a handler. If it returns an error, the handler is not called, and the
    /// error counts as the handler's.
    Deliver,
    /// After each call of a handler, with its result.
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
