//! Calls that run beside others: those of handlers with `concurrency`.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Semaphore;
use tokio::task::{JoinError, JoinSet};

use super::desk::Desk;
use super::work::Work;
use crate::event::lane::address;
use crate::event::lanes::Lanes;

/// Calls that run beside others.
pub(super) struct Beside {
    worker: usize,
    running: JoinSet<Ended>,
    /// How many more calls each handler may have whose events have no keys.
    calls: HashMap<usize, Arc<Semaphore>>,
    /// The calls of each handler whose events have keys.
    lanes: HashMap<usize, Arc<Mutex<Lanes<Work>>>>,
}

/// What a task leaves to do.
#[derive(Default)]
struct Ended {
    /// What is to be tried again.
    failed: Option<Work>,
    /// What runs in its place.
    next: Option<(u64, Work)>,
}

impl Beside {
    pub(super) fn new(worker: usize) -> Self {
        Self {
            worker,
            running: JoinSet::new(),
            calls: HashMap::new(),
            lanes: HashMap::new(),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.running.is_empty()
    }

    /// Calls a handler: at once, when one of its calls has ended, or after the earlier ones of the
    /// same key. What waits keeps its place in the mailbox, so it is bounded.
    pub(super) async fn call(&mut self, work: Work) {
        if let Some(key) = work.key() {
            return self.call_keyed(key, work);
        }
        let site = work.site();
        let calls = (self.calls.entry(address(site)))
            .or_insert_with(|| Arc::new(Semaphore::new(site.site.options.concurrency)));
        let Ok(call) = Arc::clone(calls).acquire_owned().await else {
            return;
        };
        let mut desk = Desk::new(self.worker);
        self.running.spawn(async move {
            let failed = desk.serve(work).await;
            drop(call);
            Ended { failed, next: None }
        });
    }

    fn call_keyed(&mut self, key: u64, work: Work) {
        let lanes = self.lanes(&work);
        let is_retry = work.is_retry();
        let first = {
            let mut lanes = lock(&lanes);
            match is_retry {
                true => lanes.resume(key, work),
                false => lanes.add(key, work),
            }
        };
        if let Some(first) = first {
            self.spawn_keyed(lanes, (key, first));
        }
    }

    /// Calls handlers of keyed events one after the other, until one fails or none is left.
    fn spawn_keyed(&mut self, lanes: Arc<Mutex<Lanes<Work>>>, first: (u64, Work)) {
        let mut desk = Desk::new(self.worker);
        self.running.spawn(async move {
            let mut next = Some(first);
            while let Some((key, work)) = next {
                if let Some(failed) = desk.serve(work).await {
                    let next = lock(&lanes).suspend();
                    return Ended {
                        failed: Some(failed),
                        next,
                    };
                }
                next = lock(&lanes).next(key);
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
        if let Some((key, work)) = next {
            let lanes = self.lanes(&work);
            self.spawn_keyed(lanes, (key, work));
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
