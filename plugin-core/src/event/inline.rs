//! Handlers that run on their publisher's task.
//!
//! Invariants: `entries` are in the order of `handlers`, which, with `around`, keep their targets
//! alive. The count is part of the totals of the handlers from before the route is visible until it
//! is not read any more.

pub(super) mod around;
mod chunk;
pub(super) mod entry;
pub(super) mod redelivery;
mod unrolled;

use std::sync::Arc;

use super::handler::sampling::Sampling;
use super::interceptor::Chain;
use super::payload::{Carried, Envelope};
use super::queue::redelivery::Addressee;
use crate::error::Result;
use crate::rcu::record::Slot;
use crate::rcu::tally::Tally;
use around::Around;
use entry::{Inline, InlineCall, InlineEntry};

/// The inline handlers of a route, in the order in which they are called.
pub(super) struct InlineHandlers<P> {
    entries: Box<[InlineEntry<P>]>,
    /// Counts the events that are published while this is the route.
    slot: Slot,
    sampling: Sampling,
    calls: Arc<Tally>,
    /// The handlers with interceptors around their calls, if there are interceptors.
    around: Vec<Around<P>>,
    handlers: Vec<Arc<Inline<P>>>,
}

impl<P: Carried> InlineHandlers<P> {
    pub(super) fn new(handlers: Vec<Arc<Inline<P>>>, interceptors: Option<&Arc<Chain>>) -> Self {
        let calls = Arc::new(Tally::new());
        let around = Around::all(&handlers, interceptors);
        Self {
            slot: calls.slot(),
            sampling: Sampling::default(),
            entries: if around.is_empty() {
                handlers.iter().map(|handler| handler.entry()).collect()
            } else {
                around.iter().map(Around::entry).collect()
            },
            calls,
            around,
            handlers,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Whether one of them handles events, and does not only observe them.
    pub(super) fn handle(&self) -> bool {
        self.handlers.iter().any(|handler| handler.core.handles())
    }

    pub(super) fn handlers(&self) -> &[Arc<Inline<P>>] {
        &self.handlers
    }

    /// The handlers with this name, each with its interceptors.
    pub(super) fn named(
        &self,
        plugin: &str,
        handler: &str,
    ) -> impl Iterator<Item = Arc<dyn Addressee>> {
        (self.handlers.iter().enumerate())
            .filter(move |(_, other)| other.core.is_named(plugin, handler))
            .map(|(at, other)| match self.around.get(at) {
                Some(around) => around.addressee(),
                None => Arc::clone(other) as Arc<dyn Addressee>,
            })
    }

    /// They are about to become visible: what is counted here are their events.
    pub(super) fn open(&self) {
        self.counted()
            .for_each(|handler| handler.core.opened(&self.calls));
    }

    /// They are not read here any more: the count is final.
    pub(super) fn settle(&self) {
        self.counted()
            .for_each(|handler| handler.core.settled(&self.calls));
    }

    /// The handlers that share the count of the route.
    fn counted(&self) -> impl Iterator<Item = &Arc<Inline<P>>> {
        self.handlers.iter().filter(|handler| handler.takes_all())
    }

    /// Calls a handler that wants the event, with its interceptors.
    fn call_one(&self, at: usize, envelope: &Envelope<P>) -> Result<()> {
        match self.around.get(at) {
            Some(around) => around.call(envelope),
            None => self.handlers[at].call(envelope),
        }
    }

    /// The handlers in order, each with its interceptors.
    fn bound(&self) -> impl Iterator<Item = &InlineCall<P>> {
        let around = self.around.iter().map(Around::bound);
        let plain = self.handlers.iter().map(|handler| handler.bound());
        around.chain(plain).take(self.handlers.len())
    }
}
