//! A handler that runs on its plugin's worker.

use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use tokio::sync::{AcquireError, OwnedSemaphorePermit, Semaphore, TryAcquireError};

use super::group::{KeyOf, Membership};
use super::mailbox::{Mailbox, NoSlot};
use crate::event::durable::Durable;
use crate::event::handler::caller::Caller;
use crate::event::handler::sampling::Sampling;
use crate::event::handler::{Filter, Site};
use crate::event::middleware::Intercepted;
use crate::event::outcome::breaker::Breaker;
use crate::options::Overflow;
use crate::rcu::tally::Tally;

impl Overflow {
    /// Whether a publisher may wait for room.
    pub(in crate::event) const fn waits(self) -> bool {
        matches!(self, Self::Wait)
    }
}

/// A handler that runs on its plugin's worker, for one type of payload.
pub(crate) struct Queued<P> {
    pub(in crate::event) site: Arc<QueuedSite>,
    pub(in crate::event) filter: Option<Filter<P>>,
}

/// How a worker calls a handler.
pub(crate) struct QueuedCall {
    caller: NewCaller,
    is_batch: bool,
}

/// Makes a caller: one for each call that runs beside others.
type NewCaller = Box<dyn Fn() -> Pin<Box<dyn Caller>> + Send + Sync>;

impl QueuedCall {
    /// A handler of one event at a time.
    pub(in crate::event) fn one(
        caller: impl Fn() -> Pin<Box<dyn Caller>> + Send + Sync + 'static,
    ) -> Self {
        Self {
            caller: Box::new(caller),
            is_batch: false,
        }
    }

    /// A handler of batches.
    pub(in crate::event) fn batch(
        caller: impl Fn() -> Pin<Box<dyn Caller>> + Send + Sync + 'static,
    ) -> Self {
        Self {
            is_batch: true,
            ..Self::one(caller)
        }
    }

    pub(in crate::event) fn caller(&self) -> Pin<Box<dyn Caller>> {
        (self.caller)()
    }

    pub(in crate::event) fn is_batch(&self) -> bool {
        self.is_batch
    }
}

/// What publisher and worker know of a queued handler.
pub(crate) struct QueuedSite {
    pub(in crate::event) site: Site,
    pub(in crate::event) mailbox: Arc<Mailbox>,
    pub(in crate::event) limit: Duration,
    pub(in crate::event) middleware: Intercepted,
    pub(in crate::event) call: QueuedCall,
    pub(in crate::event) key: Option<KeyOf>,
    pub(in crate::event) group: Option<Membership>,
    /// The durable subscription whose intake it is.
    pub(in crate::event) durable: Option<Arc<Durable>>,
    pub(in crate::event) breaker: Option<Arc<Breaker>>,
    /// How many more of its events may wait, where that is bounded for it alone.
    pub(in crate::event) quota: Option<Arc<Semaphore>>,
    pub(in crate::event) rest: AtRest,
    pub(in crate::event) events: Events,
}

/// What an event takes of its handler's quota while it waits; nothing where there is none.
pub(in crate::event) type Share = Option<OwnedSemaphorePermit>;

/// The events that a handler was called with.
#[derive(Default)]
pub(in crate::event) struct Events {
    count: Arc<Tally>,
    sampling: Sampling,
}

/// How the deliveries of a durable subscription come to rest: what is stored waits for the next
/// start.
#[derive(Default)]
pub(in crate::event) struct AtRest {
    /// Whether the first event that has to wait is a reason to.
    drains: AtomicBool,
    /// Ends the pump.
    pump: OnceLock<Box<dyn Fn() + Send + Sync>>,
}

impl QueuedSite {
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

    /// Takes a share of the quota, if that needs no waiting.
    #[inline]
    pub(in crate::event) fn try_share(&self) -> Result<Share, NoSlot> {
        let Some(quota) = &self.quota else {
            return Ok(None);
        };
        match Arc::clone(quota).try_acquire_owned() {
            Ok(share) => Ok(Some(share)),
            Err(TryAcquireError::NoPermits) => Err(NoSlot::Full),
            Err(TryAcquireError::Closed) => Err(NoSlot::Closed),
        }
    }

    /// Waits for a share of the quota; an error once the plugin stops.
    pub(in crate::event) async fn share(&self) -> Result<Share, AcquireError> {
        match &self.quota {
            Some(quota) => Arc::clone(quota).acquire_owned().await.map(Some),
            None => Ok(None),
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
        self.site.end();
        if let Some(end) = self.rest.pump.get() {
            end();
        }
    }

    /// What its worker counts are events of this handler.
    pub(in crate::event) fn open(self) -> Arc<Self> {
        self.site.opened(&self.events.count);
        Arc::new(self)
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
        (is_sample || self.site.options.timeout.is_some()).then(Instant::now)
    }
}

impl Drop for QueuedSite {
    fn drop(&mut self) {
        self.site.settled(&self.events.count);
    }
}
