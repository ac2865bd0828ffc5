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
    /// Whether every event goes to the mailbox as it is.
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

    /// Whether its subscription goes on and its filter lets the event through.
    pub(in crate::event) fn wants(&self, envelope: &Envelope<P>) -> bool {
        admits(&self.handler.core, self.filter.as_ref(), envelope)
    }
}

/// How a worker calls a handler.
pub(crate) struct QueuedCall {
    caller: NewCaller,
    pub(in crate::event) is_batch: bool,
    /// How long a call may take.
    pub(in crate::event) limit: Duration,
}

/// Makes a caller: one for each call that runs beside others.
type NewCaller = Box<dyn Fn(Callee) -> Pin<Box<dyn Caller>> + Send + Sync>;

impl QueuedCall {
    /// A handler of one event at a time.
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

    /// A handler of batches.
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

/// What publisher and worker know of a queued handler.
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

/// The events that a handler was called with.
#[derive(Default)]
struct Events {
    count: Arc<Tally>,
    sampling: Sampling,
}

/// How the deliveries of a durable subscription come to rest: what is stored waits for the next
/// start.
#[derive(Default)]
struct AtRest {
    /// Whether the first event that has to wait is a reason to.
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
        // What its worker counts are events of this handler.
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

    /// Is told how its pump is ended.
    pub(in crate::event) fn is_pumped(&self, end: impl Fn() + Send + Sync + 'static) {
        // There is one pump, which begins once.
        let _first = self.rest.pump.set(Box::new(end)).is_ok();
    }

    /// From here on, nothing is waited for: neither a retry nor a target that is down.
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

    /// Whether nothing is waited for.
    pub(in crate::event) fn drains(&self) -> bool {
        self.rest.drains.load(Relaxed)
    }

    /// No call begins any more, and nothing more is delivered.
    pub(in crate::event) fn come_to_rest(&self) {
        self.core.end();
        if let Some(end) = self.rest.pump.get() {
            end();
        }
    }

    /// Makes a caller, for the mailbox's worker.
    pub(in crate::event) fn caller(&self) -> Pin<Box<dyn Caller>> {
        self.call.caller(Callee {
            owner: Arc::clone(&self.core.owner),
            worker: self.mailbox.uid(),
        })
    }

    /// Counts the events of a call that begins, and starts the clock if it is one of those that
    /// are timed.
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
