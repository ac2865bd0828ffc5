//! Concurrent calls: the calls of handlers with `concurrency`.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::task::coop::consume_budget;
use tokio::task::{JoinError, JoinSet};

use super::queues::KeyedQueues;
use super::slot::CallSlot;
use super::work::Work;
use crate::accounting::{Metered, Throttled};
use crate::event::queue::order_key::address;
use crate::options::Overflow;

/// Calls that run beside others.
pub(super) struct ConcurrentCalls {
    running: JoinSet<TaskEnd>,
    /// The calls of each handler.
    queues: HashMap<usize, Arc<Mutex<KeyedQueues<Work>>>>,
    /// Number of events without a key so far: each has its own queue.
    keyless: u64,
}

/// The result of a task.
#[derive(Default)]
struct TaskEnd {
    /// Work that is retried, or that waits for its target.
    failed: Option<Work>,
    /// Work that runs in its place.
    next: Option<(u64, Work)>,
}

impl ConcurrentCalls {
    pub(super) fn new() -> Self {
        Self {
            running: JoinSet::new(),
            queues: HashMap::new(),
            keyless: 0,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.running.is_empty()
    }

    /// Whether a call has to wait in the mailbox. Work that may have to be dropped for a new event
    /// does not wait here.
    pub(super) fn has_no_room_for(&self, work: &Work) -> bool {
        let handler = work.handler();
        handler.core.options.overflow == Overflow::DropOldest
            && (self.queues.get(&address(handler))).is_some_and(|queues| lock(queues).is_full())
    }

    /// Calls a handler: at once, when one of its calls has ended, or after the earlier calls with
    /// the same key. Waiting work keeps its place in the mailbox, so its amount is limited. Work
    /// that has to wait for the handler's target is returned.
    pub(super) fn call(&mut self, mut work: Work) -> Option<Work> {
        let key = work.key();
        let is_resumed = key.is_some() && work.is_retry();
        // A new event first takes its place behind the events with its key.
        if (key.is_none() || is_resumed) && work.is_shut_out() {
            return Some(work);
        }
        let key = key.unwrap_or_else(|| {
            self.keyless += 1;
            self.keyless
        });
        let queues = self.queues(&work);
        let first = {
            let mut queues = lock(&queues);
            match is_resumed {
                true => queues.resume(key, work),
                false => queues.add(key, work),
            }
        };
        if let Some(first) = first {
            self.spawn(queues, (key, first));
        }
        None
    }

    /// An event that failed or waited will not be called again, so the events behind it are next.
    pub(super) fn skip(&mut self, work: &Work) {
        let is_suspended = work.is_retry() && work.handler().core.options.concurrency > 1;
        let Some(key) = work.key().filter(|_| is_suspended) else {
            return;
        };
        let queues = self.queues(work);
        let next = lock(&queues).skip(key);
        if let Some(next) = next {
            self.spawn(queues, next);
        }
    }

    /// Calls a handler with one event after the other, until one fails or none is left.
    fn spawn(&mut self, queues: Arc<Mutex<KeyedQueues<Work>>>, first: (u64, Work)) {
        let mut slot = CallSlot::new();
        let account = first.1.handler().core.owner.account();
        let calls = Metered::new(account, async move {
            let mut next = Some(first);
            while let Some((key, work)) = next {
                let is_keyed = work.key().is_some();
                // Calls that never wait have to yield to other tasks.
                consume_budget().await;
                let failed = slot.serve(work).await;
                let mut queues = lock(&queues);
                next = match failed.is_some() && is_keyed {
                    true => queues.suspend(),
                    false => queues.next(key),
                };
                if failed.is_some() {
                    return TaskEnd { failed, next };
                }
            }
            TaskEnd::default()
        });
        self.running.spawn(Throttled::new(account, calls));
    }

    /// Waits for the end of a task; returns work that is retried.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: a dropped future takes the end of no task.
    pub(super) async fn ended(&mut self) -> Option<Option<Work>> {
        let ended = self.running.join_next().await?;
        Some(self.take(ended))
    }

    /// The work that is retried from the tasks that have ended.
    pub(super) fn reap(&mut self) -> Vec<Work> {
        let mut failed = Vec::new();
        while let Some(ended) = self.running.try_join_next() {
            failed.extend(self.take(ended));
        }
        failed
    }

    fn take(&mut self, ended: Result<TaskEnd, JoinError>) -> Option<Work> {
        // Handlers are guarded and calls are never aborted, so the task has completed.
        let TaskEnd { failed, next } = ended.unwrap_or_default();
        if let Some(next) = next {
            let queues = self.queues(&next.1);
            self.spawn(queues, next);
        }
        failed
    }

    fn queues(&mut self, work: &Work) -> Arc<Mutex<KeyedQueues<Work>>> {
        let handler = work.handler();
        let queues = (self.queues.entry(address(handler))).or_insert_with(|| {
            Arc::new(Mutex::new(KeyedQueues::new(
                handler.core.options.concurrency,
            )))
        });
        Arc::clone(queues)
    }
}

fn lock(queues: &Mutex<KeyedQueues<Work>>) -> MutexGuard<'_, KeyedQueues<Work>> {
    queues.lock().unwrap_or_else(PoisonError::into_inner)
}
