//! Calls that run beside others: those of handlers with `concurrency`.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::task::coop::consume_budget;
use tokio::task::{JoinError, JoinSet};

use super::desk::Desk;
use super::lanes::Lanes;
use super::work::Work;
use crate::event::queue::lane::address;
use crate::options::Overflow;

/// Calls that run beside others.
pub(super) struct Beside {
    running: JoinSet<Ended>,
    /// The calls of each handler.
    lanes: HashMap<usize, Arc<Mutex<Lanes<Work>>>>,
    /// How many events without a key there were: each has a lane of its own.
    keyless: u64,
}

/// What a task leaves to do.
#[derive(Default)]
struct Ended {
    /// What is to be tried again, or waits for its target.
    failed: Option<Work>,
    /// What runs in its place.
    next: Option<(u64, Work)>,
}

impl Beside {
    pub(super) fn new() -> Self {
        Self {
            running: JoinSet::new(),
            lanes: HashMap::new(),
            keyless: 0,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.running.is_empty()
    }

    /// Whether a call has to wait in the mailbox: what may have to give way to a new event does not
    /// wait here.
    pub(super) fn has_no_room_for(&self, work: &Work) -> bool {
        let site = work.site();
        site.site.options.overflow == Overflow::DropOldest
            && (self.lanes.get(&address(site))).is_some_and(|lanes| lock(lanes).is_full())
    }

    /// Calls a handler: at once, when one of its calls has ended, or after the earlier ones of the
    /// same key. What waits keeps its place in the mailbox, so it is bounded. What has to wait for
    /// the handler's target comes back.
    pub(super) fn call(&mut self, mut work: Work) -> Option<Work> {
        let key = work.key();
        let is_resumed = key.is_some() && work.is_retry();
        // A new event takes its place behind those of its key first.
        if (key.is_none() || is_resumed) && work.is_shut_out() {
            return Some(work);
        }
        let key = key.unwrap_or_else(|| {
            self.keyless += 1;
            self.keyless
        });
        let lanes = self.lanes(&work);
        let first = {
            let mut lanes = lock(&lanes);
            match is_resumed {
                true => lanes.resume(key, work),
                false => lanes.add(key, work),
            }
        };
        if let Some(first) = first {
            self.spawn(lanes, (key, first));
        }
        None
    }

    /// There is no more call with an event that failed or waited: those behind it come next.
    pub(super) fn skip(&mut self, work: &Work) {
        let is_suspended = work.is_retry() && work.site().site.options.concurrency > 1;
        let Some(key) = work.key().filter(|_| is_suspended) else {
            return;
        };
        let lanes = self.lanes(work);
        let next = lock(&lanes).skip(key);
        if let Some(next) = next {
            self.spawn(lanes, next);
        }
    }

    /// Calls a handler with one event after the other, until one fails or none is left.
    fn spawn(&mut self, lanes: Arc<Mutex<Lanes<Work>>>, first: (u64, Work)) {
        let mut desk = Desk::new();
        self.running.spawn(async move {
            let mut next = Some(first);
            while let Some((key, work)) = next {
                let is_keyed = work.key().is_some();
                // Calls that never wait leave others their turn.
                consume_budget().await;
                let failed = desk.serve(work).await;
                let mut lanes = lock(&lanes);
                next = match failed.is_some() && is_keyed {
                    true => lanes.suspend(),
                    false => lanes.next(key),
                };
                if failed.is_some() {
                    return Ended { failed, next };
                }
            }
            Ended::default()
        });
    }

    /// Waits for the end of a task; returns what is to be tried again.
    ///
    /// # Cancel safety
    ///
    /// A dropped future takes no task's end.
    pub(super) async fn ended(&mut self) -> Option<Option<Work>> {
        let ended = self.running.join_next().await?;
        Some(self.take(ended))
    }

    /// What is to be tried again of the tasks that have ended.
    pub(super) fn reap(&mut self) -> Vec<Work> {
        let mut failed = Vec::new();
        while let Some(ended) = self.running.try_join_next() {
            failed.extend(self.take(ended));
        }
        failed
    }

    fn take(&mut self, ended: Result<Ended, JoinError>) -> Option<Work> {
        // Handlers are guarded, and nobody aborts a call: it has ended.
        let Ended { failed, next } = ended.unwrap_or_default();
        if let Some(next) = next {
            let lanes = self.lanes(&next.1);
            self.spawn(lanes, next);
        }
        failed
    }

    fn lanes(&mut self, work: &Work) -> Arc<Mutex<Lanes<Work>>> {
        let site = work.site();
        let lanes = (self.lanes.entry(address(site)))
            .or_insert_with(|| Arc::new(Mutex::new(Lanes::new(site.site.options.concurrency))));
        Arc::clone(lanes)
    }
}

fn lock(lanes: &Mutex<Lanes<Work>>) -> MutexGuard<'_, Lanes<Work>> {
    lanes.lock().unwrap_or_else(PoisonError::into_inner)
}
