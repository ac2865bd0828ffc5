//! A handler that runs on its plugin's worker.

use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use super::acceptance::Acceptance;
use super::mailbox::Mailbox;
use crate::event::handler::caller::{Callee, Caller};
use crate::event::handler::sampling::Sampling;
use crate::event::handler::{Filter, HandlerCore, admits};
use crate::event::interceptor::Intercepted;
use crate::event::outcome::breaker::CircuitBreaker;
use crate::event::payload::Envelope;
use crate::rcu::tally::Tally;

/// A handler that runs on its plugin's worker, for one type of payload.
pub(crate) struct Queued<P> {
    pub(in crate::event) handler: Arc<QueuedHandler>,
    filter: Option<Filter<P>>,
    /// Whether every event goes to the mailbox without further checks.
    pub(in crate::event) is_plain: bool,
}

impl<P> Queued<P> {
    pub(in crate::event) fn new(handler: Arc<QueuedHandler>, filter: Option<Filter<P>>) -> Self {
        Self {
            is_plain: filter.is_none() && handler.acceptance.is_plain(),
            handler,
            filter,
        }
    }

    /// Whether its subscription exists and its filter accepts the event.
    pub(in crate::event) fn wants(&self, envelope: &Envelope<P>) -> bool {
        admits(&self.handler.core, self.filter.as_ref(), envelope)
    }
}

/// How a worker calls a handler.
pub(crate) struct QueuedCall {
    caller: NewCaller,
    pub(in crate::event) is_batch: bool,
    /// Time limit of a call.
    pub(in crate::event) limit: Duration,
}

/// Makes a caller: one for each concurrent call.
type NewCaller = Box<dyn Fn(Callee) -> Pin<Box<dyn Caller>> + Send + Sync>;

impl QueuedCall {
    /// Describes a handler of one event at a time.
    pub(in crate::event) fn one(
        limit: Duration,
        caller: impl Fn(Callee) -> Pin<Box<dyn Caller>> + Send + Sync + 'static,
    ) -> Self {
        Self {
            caller: Box::new(caller),
            is_batch: false,
            limit,
        }
    }

    /// Makes a caller.
    pub(in crate::event) fn caller(&self, callee: Callee) -> Pin<Box<dyn Caller>> {
        (self.caller)(callee)
    }

    /// Describes a handler of batches.
    pub(in crate::event) fn batch(
        limit: Duration,
        caller: impl Fn(Callee) -> Pin<Box<dyn Caller>> + Send + Sync + 'static,
    ) -> Self {
        Self {
            is_batch: true,
            ..Self::one(limit, caller)
        }
    }
}

/// The part of a queued handler that publishers and the worker use.
pub(crate) struct QueuedHandler {
    pub(in crate::event) core: HandlerCore,
    pub(in crate::event) mailbox: Arc<Mailbox>,
    pub(in crate::event) call: QueuedCall,
    pub(in crate::event) interceptors: Intercepted,
    pub(in crate::event) acceptance: Acceptance,
    pub(in crate::event) breaker: Option<Arc<CircuitBreaker>>,
    rest: AtRest,
    events: Events,
}

/// The counters of the events with which a handler was called.
#[derive(Default)]
struct Events {
    count: Arc<Tally>,
    sampling: Sampling,
}

/// How the deliveries of a durable subscription end: stored events wait for the next start.
#[derive(Default)]
struct AtRest {
    /// Whether the first event that has to wait ends the deliveries.
    drains: AtomicBool,
    /// Ends the pump.
    pump: OnceLock<Box<dyn Fn() + Send + Sync>>,
}

impl QueuedHandler {
    pub(in crate::event) fn new(
        (core, mailbox): (HandlerCore, &Arc<Mailbox>),
        (call, interceptors): (QueuedCall, Intercepted),
        acceptance: Acceptance,
        breaker: Option<Arc<CircuitBreaker>>,
    ) -> Arc<Self> {
        let events = Events::default();
        // The events that its worker counts are events of this handler.
        core.opened(&events.count);
        Arc::new(Self {
            core,
            mailbox: Arc::clone(mailbox),
            call,
            interceptors,
            acceptance,
            breaker,
            rest: AtRest::default(),
            events,
        })
    }

    /// Sets the function that ends its pump.
    pub(in crate::event) fn is_pumped(&self, end: impl Fn() + Send + Sync + 'static) {
        // There is one pump, which begins once.
        let _first = self.rest.pump.set(Box::new(end)).is_ok();
    }

    /// From now on, neither a retry nor a target that is down is waited for.
    pub(in crate::event) fn drain(&self) {
        self.rest.drains.store(true, Relaxed);
        if self.is_shut() {
            self.come_to_rest();
        }
    }

    /// Whether it has a breaker that is not closed.
    pub(in crate::event) fn is_shut(&self) -> bool {
        self.breaker.as_ref().is_some_and(|one| !one.is_closed())
    }

    /// Whether it is draining, so that it waits for nothing.
    pub(in crate::event) fn drains(&self) -> bool {
        self.rest.drains.load(Relaxed)
    }

    /// Lets no call begin any more, and ends the deliveries.
    pub(in crate::event) fn come_to_rest(&self) {
        self.core.end();
        if let Some(end) = self.rest.pump.get() {
            end();
        }
    }

    /// Makes a caller for the mailbox's worker.
    pub(in crate::event) fn caller(&self) -> Pin<Box<dyn Caller>> {
        self.call.caller(Callee {
            owner: Arc::clone(&self.core.owner),
            worker: self.mailbox.uid(),
        })
    }

    /// Counts the events of a call that begins, and starts the clock if the call is to be timed.
    pub(in crate::event) fn begin(&self, events: u64) -> Option<Instant> {
        let Events { count, sampling } = &self.events;
        let before = count.add_here(events);
        let is_sample = sampling.is_any_timed(before, events);
        if is_sample {
            sampling.begin();
        }
        (is_sample || self.core.options.timeout.is_some()).then(Instant::now)
    }
}

impl Drop for QueuedHandler {
    fn drop(&mut self) {
        self.core.settled(&self.events.count);
    }
}
