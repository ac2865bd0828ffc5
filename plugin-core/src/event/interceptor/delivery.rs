//! The data about a call of a handler that interceptors get.

use std::time::Duration;

use crate::error::Result;
use crate::event::handler::HandlerCore;
use crate::event::payload::AnyEvent;
use crate::options::Mode;

/// A call of a handler that is about to be made, or was made.
#[derive(Debug)]
pub struct Delivery<'a> {
    event: AnyEvent<'a>,
    core: &'a HandlerCore,
    mode: Mode,
    attempt: u32,
}

impl<'a> Delivery<'a> {
    /// `attempt` is the number of the call, counted from 1.
    pub(in crate::event) fn new(
        event: AnyEvent<'a>,
        core: &'a HandlerCore,
        (mode, attempt): (Mode, u32),
    ) -> Self {
        Self {
            event,
            core,
            mode,
            attempt,
        }
    }

    /// The event. A call of a batch handler has several events; the interceptor is called once for each.
    #[must_use]
    pub fn event(&self) -> &AnyEvent<'a> {
        &self.event
    }

    /// Name of the plugin whose handler it is.
    #[must_use]
    pub fn plugin(&self) -> &'static str {
        self.core.owner.name()
    }

    /// Name of the handler.
    #[must_use]
    pub fn handler(&self) -> &'static str {
        self.core.name
    }

    /// Where the handler runs.
    #[must_use]
    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// The number of the call with this event: 1 for the first, more for a retry.
    #[must_use]
    pub fn attempt(&self) -> u32 {
        self.attempt
    }
}

/// The result of a call of a handler.
#[derive(Debug)]
pub struct Delivered<'a> {
    result: &'a Result<()>,
    took: Duration,
}

impl<'a> Delivered<'a> {
    pub(in crate::event) fn new(result: &'a Result<()>, took: Duration) -> Self {
        Self { result, took }
    }

    /// The result of the handler. A panic, a timeout and the refusal of an interceptor of the stage
    /// `deliver` are errors.
    pub fn result(&self) -> &'a Result<()> {
        self.result
    }

    /// How long the handler took, without its interceptors. Zero if an interceptor refused the
    /// call, so that the handler was not called.
    #[must_use]
    pub fn took(&self) -> Duration {
        self.took
    }
}
