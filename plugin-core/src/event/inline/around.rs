//! An inline handler with interceptors around its calls, to which an entry of a route can refer.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::entry::{Inline, InlineCall, InlineEntry};
use super::redelivery::received;
use crate::error::{Error, Result};
use crate::event::interceptor::chain::Chain;
use crate::event::interceptor::delivery::Delivery;
use crate::event::payload::{AnyEvent, Carried, Envelope, Payload};
use crate::event::queue::redelivery::{Addressee, Redelivered, envelope};
use crate::options::Mode;

/// A handler with interceptors around its calls.
pub(in crate::event) struct Around<P> {
    whole: Arc<Whole<P>>,
    bound: InlineCall<P>,
}

struct Whole<P> {
    handler: Arc<Inline<P>>,
    chain: Arc<Chain>,
}

impl<P: Carried> Around<P> {
    /// One for each handler, in the same order; none if the chain has no interceptors around calls.
    pub(in crate::event) fn all(
        handlers: &[Arc<Inline<P>>],
        chain: Option<&Arc<Chain>>,
    ) -> Vec<Self> {
        match chain {
            Some(chain) if chain.has_calls() => (handlers.iter())
                .map(|handler| Self::new(handler, chain))
                .collect(),
            _ => Vec::new(),
        }
    }

    fn new(handler: &Arc<Inline<P>>, chain: &Arc<Chain>) -> Self {
        let whole = Arc::new(Whole {
            handler: Arc::clone(handler),
            chain: Arc::clone(chain),
        });
        let bound = InlineCall::of(Arc::clone(&whole), |whole, event| whole.handle(event));
        Self { whole, bound }
    }

    /// The entry for a route.
    pub(in crate::event) fn entry(&self) -> InlineEntry<P> {
        self.bound.entry()
    }

    /// The handler with its interceptors, in the form in which a route calls it.
    pub(in crate::event) fn bound(&self) -> &InlineCall<P> {
        &self.bound
    }

    /// The handler with its interceptors, for a replay.
    pub(in crate::event) fn addressee(&self) -> Arc<dyn Addressee> {
        Arc::clone(&self.whole) as _
    }

    /// Calls the handler with its interceptors, after [`Inline::admit`].
    pub(in crate::event) fn call(&self, envelope: &Envelope<P>) -> Result<()> {
        self.whole.call(envelope).0
    }
}

impl<P: Carried> Whole<P> {
    fn handle(&self, envelope: &Envelope<P>) -> Result<()> {
        if !self.handler.admit(envelope) {
            return Ok(());
        }
        let core = &self.handler.core;
        if core.options.timeout.is_none() {
            return self.call(envelope).0;
        }
        let clock = core.start_clock(Some(1));
        let (result, took) = self.call(envelope);
        core.stop_clock(clock);
        core.took_inline(envelope.meta(), took);
        result
    }

    fn call(&self, envelope: &Envelope<P>) -> (Result<()>, Duration) {
        let event = AnyEvent::new(envelope);
        let delivery = Delivery::new(event, &self.handler.core, (Mode::Inline, 1));
        let (result, took) = match self.chain.before(&delivery) {
            Ok(()) => timed(|| self.handler.call(envelope)),
            Err(refused) => (Err(refused), Duration::ZERO),
        };
        self.chain.after(&delivery, &result, took);
        (result, took)
    }
}

impl<P: Carried> Addressee for Whole<P> {
    fn admits(&self, payload: &dyn Payload) -> bool {
        envelope(payload).is_some_and(|event| self.handler.wants(event))
    }

    fn receive(&self, payload: &dyn Payload) -> Redelivered {
        received(&self.handler.core, payload, |event| self.call(event).0)
    }
}

/// Times a call and catches a panic, so that it becomes an ordinary result.
fn timed(call: impl FnOnce() -> Result<()>) -> (Result<()>, Duration) {
    let began = Instant::now();
    let result =
        catch_unwind(AssertUnwindSafe(call)).unwrap_or_else(|panic| Err(Error::panic(&*panic)));
    (result, began.elapsed())
}
