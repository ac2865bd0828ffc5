//! The bounded queue between publishers and the worker of one instance.
//!
//! Invariants: the slots given out and the jobs that no handler was called with yet are never more
//! than `capacity`, wherever the jobs are; after `close` no job enters, and the worker takes those
//! that are in; a slot that is dropped unfilled gives its room back.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, oneshot};

use super::any::Payload;
use super::backlog::Pending;
use super::group::Pin;
use super::handler::QueuedSite;
use super::outcome::HandlerOutcome;
use crate::descriptor::Overflow;
use crate::error::{Error, Result};

/// One event for one handler.
pub(crate) struct Job {
    pub(super) site: Arc<QueuedSite>,
    pub(super) payload: Arc<dyn Payload>,
    acknowledge: Option<oneshot::Sender<HandlerOutcome>>,
    /// Its place in the mailbox, until a handler takes it.
    room: Option<OwnedSemaphorePermit>,
    pub(super) turn: Option<Turn>,
    /// Counts as handled when it is dropped, wherever that happens.
    _pending: Pending,
}

impl Job {
    pub(super) fn new(
        site: &Arc<QueuedSite>,
        payload: Arc<dyn Payload>,
        acknowledge: Option<oneshot::Sender<HandlerOutcome>>,
        pending: Pending,
    ) -> Self {
        Self {
            site: Arc::clone(site),
            payload,
            acknowledge,
            room: None,
            turn: None,
            _pending: pending,
        }
    }

    /// Gives its place in the mailbox to another: its handler is called now.
    pub(super) fn begin(&mut self) {
        self.room = None;
    }

    /// Tells the publisher, if it waits for that.
    pub(super) fn acknowledge(mut self, result: Result<()>) {
        if let Some(acknowledge) = self.acknowledge.take() {
            // The publisher may have stopped waiting.
            drop(acknowledge.send(self.site.site.outcome(result)));
        }
    }

    /// Ends it without a call: the overflow policy chose it.
    pub(super) fn give_up(self) {
        let site = &self.site.site;
        site.owner.counters().dropped.fetch_add(1, Relaxed);
        tracing::debug!(
            plugin = site.owner.name(),
            handler = site.handler,
            event = %self.payload.meta().id,
            "an event was dropped by the overflow policy"
        );
        self.acknowledge(Err(Error::retriable(
            "the overflow policy dropped the event",
        )));
    }
}

/// The place of a job among those of its key.
#[derive(Debug)]
pub(super) struct Turn {
    pub(super) key: u64,
    /// Holds the later ones of the group back, until the job is dropped, wherever that happens.
    pub(super) _pin: Option<Pin>,
}

/// What gave way to a new job in a full mailbox.
pub(super) enum Displaced {
    /// The oldest of the same handler; the new one is in.
    Oldest(Job),
    /// Nothing: here is the new one back.
    Nothing(Job),
}

pub(crate) struct Mailbox {
    uid: usize,
    capacity: usize,
    room: Arc<Semaphore>,
    queue: Mutex<Queue>,
    filled: Notify,
    /// Jobs that entered and are not handled yet, waiting or in a handler.
    unfinished: AtomicUsize,
}

#[derive(Default)]
struct Queue {
    jobs: VecDeque<Job>,
    closed: bool,
}

/// Why there is no slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NoSlot {
    Full,
    Closed,
}

/// Room for one job.
pub(crate) struct Slot<'a> {
    mailbox: &'a Mailbox,
    room: OwnedSemaphorePermit,
}

impl Slot<'_> {
    /// Puts the job in; `false` when the mailbox was closed meanwhile.
    pub(crate) fn fill(self, mut job: Job) -> bool {
        job.room = Some(self.room);
        let mut queue = self.mailbox.lock();
        if queue.closed {
            return false;
        }
        let was_empty = queue.jobs.is_empty();
        queue.jobs.push_back(job);
        self.mailbox.unfinished.fetch_add(1, Relaxed);
        drop(queue);
        // A worker waits only for a mailbox that it saw empty.
        if was_empty {
            self.mailbox.filled.notify_one();
        }
        true
    }
}

impl Mailbox {
    pub(crate) fn new(uid: usize, capacity: usize) -> Self {
        Self {
            uid,
            capacity,
            room: Arc::new(Semaphore::new(capacity)),
            queue: Mutex::default(),
            filled: Notify::new(),
            unfinished: AtomicUsize::new(0),
        }
    }

    /// Jobs that entered and are not handled yet, waiting or in a handler.
    pub(crate) fn unfinished(&self) -> usize {
        self.unfinished.load(Relaxed)
    }

    /// Counts jobs as handled.
    pub(super) fn handled(&self, jobs: usize) {
        self.unfinished.fetch_sub(jobs, Relaxed);
    }

    pub(super) fn capacity(&self) -> usize {
        self.capacity
    }

    /// The instance whose mailbox it is.
    pub(crate) fn uid(&self) -> usize {
        self.uid
    }

    /// Whether it takes jobs.
    pub(super) fn is_open(&self) -> bool {
        !self.room.is_closed()
    }

    /// Whether there is room now.
    pub(super) fn has_room(&self) -> bool {
        self.room.available_permits() > 0
    }

    fn len(&self) -> usize {
        self.lock().jobs.len()
    }

    /// Waits for room.
    ///
    /// # Cancel safety
    ///
    /// A dropped future takes no room.
    pub(crate) async fn reserve(&self) -> Result<Slot<'_>, NoSlot> {
        let room = Arc::clone(&self.room)
            .acquire_owned()
            .await
            .map_err(|_| NoSlot::Closed)?;
        Ok(Slot {
            mailbox: self,
            room,
        })
    }

    /// Takes room if there is any.
    pub(crate) fn try_reserve(&self) -> Result<Slot<'_>, NoSlot> {
        let room = Arc::clone(&self.room)
            .try_acquire_owned()
            .map_err(|error| match error {
                tokio::sync::TryAcquireError::NoPermits => NoSlot::Full,
                tokio::sync::TryAcquireError::Closed => NoSlot::Closed,
            })?;
        Ok(Slot {
            mailbox: self,
            room,
        })
    }

    /// Puts a job in the place of the oldest one of the same handler that waits.
    pub(super) fn displace(&self, mut job: Job) -> Displaced {
        let mut queue = self.lock();
        if queue.closed {
            return Displaced::Nothing(job);
        }
        let oldest = (queue.jobs.iter()).position(|waiting| Arc::ptr_eq(&waiting.site, &job.site));
        let Some(mut oldest) = oldest.and_then(|at| queue.jobs.remove(at)) else {
            return Displaced::Nothing(job);
        };
        job.room = oldest.room.take();
        queue.jobs.push_back(job);
        Displaced::Oldest(oldest)
    }

    /// Moves jobs into `taken`, as many as it has room for; `false` when the mailbox is closed and
    /// empty.
    ///
    /// # Cancel safety
    ///
    /// A dropped future takes no job.
    pub(crate) async fn take(&self, taken: &mut Vec<Job>) -> bool {
        loop {
            let filled = self.filled.notified();
            {
                let mut queue = self.lock();
                if !queue.jobs.is_empty() {
                    let count = queue.jobs.len().min(taken.capacity() - taken.len());
                    taken.extend(queue.jobs.drain(..count));
                    return true;
                }
                if queue.closed {
                    return false;
                }
            }
            filled.await;
        }
    }

    /// Takes no new jobs; those that are in stay for the worker.
    pub(crate) fn close(&self) {
        self.lock().closed = true;
        self.room.close();
        self.filled.notify_one();
    }

    /// Drops what no worker will handle any more, and says how much was lost.
    pub(crate) fn abandon(&self) -> usize {
        let jobs = std::mem::take(&mut self.lock().jobs);
        drop(jobs);
        self.unfinished()
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Mailbox {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Mailbox")
            .field("capacity", &self.capacity)
            .field("len", &self.len())
            .finish_non_exhaustive()
    }
}

impl Overflow {
    /// Whether a publisher may wait for room.
    pub(super) const fn waits(self) -> bool {
        matches!(self, Self::Wait)
    }
}
