//! The methods of a plugin that answer requests, as `#[plugin]` declares them.

use std::fmt;

use super::ResponderBinder;
use crate::boxed::PluginRef;
use crate::event::descriptor::EventDescriptor;
use crate::options::{Mode, RespondOptions};

/// A method that answers requests.
#[derive(Clone, Copy)]
pub struct Respond {
    /// Name of the method.
    pub handler: &'static str,
    /// The request that it answers.
    pub request: &'static EventDescriptor,
    /// Where it runs: on the task of the requester, or on a task of its own.
    pub mode: Mode,
    /// Its options.
    pub options: RespondOptions,
    /// Binds the method of an instance to the request.
    pub bind: fn(&PluginRef, &mut ResponderBinder<'_>),
}

impl fmt::Debug for Respond {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Respond")
            .field("handler", &self.handler)
            .field("topic", &self.request.topic)
            .field("mode", &self.mode)
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}
