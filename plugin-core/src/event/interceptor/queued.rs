//! The interceptors of queued handlers: asked when the worker calls, not when the event was
//! published, so that what stopped meanwhile is not called.

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

/// What a queued handler knows of the interceptors around its calls.
pub(in crate::event) struct Intercepted {
    /// That of all topics: the one of now is read at each call.
    chain: Arc<Shared<Chain>>,
    /// Whether there ever was one for a topic of the handler.
    engaged: AtomicBool,
}

/// A call of a queued handler: its events, and which attempt it is.
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

    /// One whose calls look for interceptors from the first one on.
    pub(in crate::event) fn engaged(chain: &Arc<Shared<Chain>>) -> Self {
        let intercepted = Self::new(chain);
        intercepted.engage();
        intercepted
    }

    /// From here on, calls look for interceptors.
    pub(in crate::event) fn engage(&self) {
        self.engaged.store(true, Relaxed);
    }

    /// Whether calls look for interceptors.
    #[inline]
    pub(in crate::event) fn is_engaged(&self) -> bool {
        self.engaged.load(Relaxed)
    }

    /// Asks the interceptors before a call. A batch is refused as a whole when one of its events is.
    pub(in crate::event) fn before(&self, calling: &Calling<'_>) -> Result<()> {
        self.with_chain(|chain| {
            (calling.deliveries()).try_for_each(|delivery| chain.before(&delivery))
        })
    }

    /// Tells the interceptors what came of a call.
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

    /// Reads the chain of now. While it is read, the stop of a plugin whose interceptor is in it
    /// waits.
    fn with_chain<T>(&self, read: impl FnOnce(&Chain) -> T) -> T {
        let record = ThreadRecord::current();
        let reading = record.readers.enter();
        read(self.chain.read(record, &reading))
    }
}

/// What a call came to for one of its events: a batch handler may have told of each.
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
