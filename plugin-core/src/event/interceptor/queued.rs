//! The interceptors of queued handlers. They are read when the worker makes the call, not when the
//! event was published, so that interceptors that have stopped meanwhile are not called.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;

use super::chain::Chain;
use super::delivery::Delivery;
use crate::error::{Error, Result};
use crate::event::handler::HandlerCore;
use crate::event::payload::{AnyEvent, Payload};
use crate::options::Mode;
use crate::rcu::record::ThreadRecord;
use crate::rcu::shared::Shared;

/// The interceptors around the calls of a queued handler.
pub(in crate::event) struct Intercepted {
    /// The chain of all topics. The present one is read at each call.
    chain: Arc<Shared<Chain>>,
    /// Whether there has ever been an interceptor for a topic of the handler.
    engaged: AtomicBool,
}

/// A call of a queued handler: its events, and the number of the attempt.
pub(in crate::event) struct Calling<'a> {
    pub(in crate::event) core: &'a HandlerCore,
    pub(in crate::event) payloads: &'a [Arc<dyn Payload>],
    pub(in crate::event) attempt: u32,
}

impl Intercepted {
    pub(in crate::event) fn new(chain: &Arc<Shared<Chain>>) -> Self {
        Self {
            chain: Arc::clone(chain),
            engaged: AtomicBool::new(false),
        }
    }

    /// The state of a handler whose calls look for interceptors from the first one on.
    pub(in crate::event) fn engaged(chain: &Arc<Shared<Chain>>) -> Self {
        let intercepted = Self::new(chain);
        intercepted.engage();
        intercepted
    }

    /// From now on, calls look for interceptors.
    pub(in crate::event) fn engage(&self) {
        self.engaged.store(true, Relaxed);
    }

    /// Whether calls look for interceptors.
    #[inline]
    pub(in crate::event) fn is_engaged(&self) -> bool {
        self.engaged.load(Relaxed)
    }

    /// Asks the interceptors before a call. If they refuse one event of a batch, the whole batch is
    /// refused.
    pub(in crate::event) fn before(&self, calling: &Calling<'_>) -> Result<()> {
        self.with_chain(|chain| {
            (calling.deliveries()).try_for_each(|delivery| chain.before(&delivery))
        })
    }

    /// Passes the result of a call to the interceptors.
    pub(in crate::event) fn after(
        &self,
        calling: &Calling<'_>,
        result: &Result<()>,
        took: Duration,
    ) {
        self.with_chain(|chain| {
            for (at, delivery) in calling.deliveries().enumerate() {
                chain.after(&delivery, result_of(result, at), took);
            }
        });
    }

    /// Reads the present chain. While it is being read, the stop of a plugin with an interceptor in
    /// it waits.
    fn with_chain<T>(&self, read: impl FnOnce(&Chain) -> T) -> T {
        let record = ThreadRecord::current();
        let reading = record.readers.enter();
        read(self.chain.read(record, &reading))
    }
}

/// The result of a call for one of its events. A batch handler may have returned a result for each.
fn result_of(result: &Result<()>, at: usize) -> &Result<()> {
    let each = result.as_ref().err().and_then(Error::each);
    each.and_then(|each| each.get(at)).unwrap_or(result)
}

impl Calling<'_> {
    fn deliveries(&self) -> impl Iterator<Item = Delivery<'_>> {
        (self.payloads.iter()).map(|payload| {
            let event = AnyEvent::new(&**payload);
            Delivery::new(event, self.core, (Mode::Queued, self.attempt))
        })
    }
}
