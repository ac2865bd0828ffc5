//! The bounded queue between publishers and the worker of one instance.
//!
//! Invariants: the permits and the jobs that no handler was called with yet are together never more
//! than `capacity`, wherever the jobs are; after `close` no job enters, and the worker takes those
//! that are in the queue; a permit that is dropped unused gives its room back.
//!
//! Room is counted under the same lock as the queue, so that a publisher that finds room locks only
//! once.
//!
//! A worker takes all waiting jobs at once, so that it locks only once for many jobs. Only if the
//! oldest job may have to be dropped for the newest does the worker leave the others in the queue.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use super::bell::Bell;
use super::capacity::{Capacity, NoPermit, Waiters};
use super::job::Job;
use super::order_key::OrderKey;
use crate::event::outcome::backlog::Backlog;
use crate::sync::atomic::{
    AtomicBool, AtomicUsize, Ordering::Acquire, Ordering::Relaxed, Ordering::Release,
};
use crate::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The waiting time is measured for one event in this number.
const WAITS_TIMED: usize = 256;

/// What was dropped for a new job in a full mailbox.
pub(in crate::event) enum Displaced {
    /// The oldest job of the same handler; the new one has entered.
    Oldest(Job),
    /// Nothing was dropped; this is the new job.
    Nothing(Job),
}

pub(crate) struct Mailbox {
    uid: usize,
    capacity: usize,
    queue: Mutex<Queue>,
    waiters: Waiters,
    bell: Bell,
    /// The backlog of its bus, which includes its own jobs.
    backlog: Backlog,
    /// Whether a waiting job may have to be dropped for a new one.
    gives_way: AtomicBool,
    ended: EndedJobs,
}

/// The number of jobs that have ended.
struct EndedJobs {
    /// Jobs that have entered and do not exist any more.
    all: AtomicUsize,
    /// Those of them that were dropped unhandled and became dead letters.
    left_behind: AtomicUsize,
}

/// Interval of the check whether the calls of an aborted worker have ended.
const POLL: Duration = Duration::from_millis(1);

struct Queue {
    jobs: VecDeque<Job>,
    capacity: Capacity,
    /// Number of jobs that have ever entered.
    entered: usize,
    /// Jobs that wait behind a job that waits for its retry. All of them are older than those in
    /// `jobs`.
    held: HashMap<OrderKey, VecDeque<Job>>,
    closed: bool,
}

/// Room for one job.
pub(crate) struct Permit<'a>(Permits<'a>);

/// Room for several jobs, at least one.
pub(in crate::event) struct Permits<'a> {
    mailbox: &'a Mailbox,
    count: usize,
}

impl Permit<'_> {
    /// Puts the job in; `false` if the mailbox was closed meanwhile.
    pub(crate) fn fill(self, job: Job) -> bool {
        self.0.fill(std::iter::once(job))
    }
}

impl Permits<'_> {
    pub(in crate::event) fn count(&self) -> usize {
        self.count
    }

    /// Puts the jobs in, all at once; `false` if the mailbox was closed meanwhile, and then no job
    /// is made.
    pub(in crate::event) fn fill(mut self, jobs: impl Iterator<Item = Job>) -> bool {
        let mut queue = self.mailbox.lock();
        if queue.closed {
            drop(queue);
            return false;
        }
        self.count = 0;
        let was_empty = queue.jobs.is_empty();
        jobs.for_each(|job| queue.add(job));
        self.mailbox.added(queue, was_empty);
        true
    }
}

impl Drop for Permits<'_> {
    fn drop(&mut self) {
        if self.count > 0 {
            self.mailbox.give_back(self.count);
        }
    }
}

impl Mailbox {
    pub(crate) fn new(uid: usize, capacity: usize, backlog: &Backlog) -> Self {
        Self {
            uid,
            capacity,
            queue: Mutex::new(Queue::new(capacity)),
            waiters: Waiters::new(),
            bell: Bell::new(),
            backlog: backlog.clone(),
            gives_way: AtomicBool::new(false),
            ended: EndedJobs {
                all: AtomicUsize::new(0),
                left_behind: AtomicUsize::new(0),
            },
        }
    }

    /// Number of jobs that have entered and are not handled yet, waiting or in a handler.
    pub(crate) fn unfinished(&self) -> usize {
        let queue = self.lock();
        // Handled jobs have entered, and no job enters while this holds the lock.
        queue.entered - self.ended.all.load(Acquire)
    }

    /// Counts jobs as handled.
    pub(in crate::event) fn handled(&self, jobs: usize) {
        self.ended.all.fetch_add(jobs, Release);
    }

    /// Gives the room of jobs back.
    pub(in crate::event) fn give_back(&self, jobs: usize) {
        self.lock().capacity.give(jobs, &self.waiters);
    }

    /// The backlog of its bus.
    pub(in crate::event) fn backlog(&self) -> &Backlog {
        &self.backlog
    }

    /// From now on, a waiting job may have to be dropped for a new one.
    pub(in crate::event) fn may_give_way(&self) {
        self.gives_way.store(true, Relaxed);
    }

    pub(in crate::event) fn capacity(&self) -> usize {
        self.capacity
    }

    /// The instance that owns the mailbox.
    pub(crate) fn uid(&self) -> usize {
        self.uid
    }

    /// Whether it accepts jobs.
    pub(in crate::event) fn is_open(&self) -> bool {
        !self.lock().closed
    }

    /// Whether there is room now.
    pub(in crate::event) fn has_room(&self) -> bool {
        self.lock().capacity.is_there()
    }

    /// Waits for room.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: a dropped future takes no room.
    pub(crate) async fn reserve(&self) -> Result<Permit<'_>, NoPermit> {
        let waits = {
            let mut queue = self.lock();
            match queue.take_room(1) {
                Ok(_) => return Ok(Permit(self.permits(1))),
                Err(NoPermit::Closed) => return Err(NoPermit::Closed),
                Err(NoPermit::Full) => queue.capacity.wait(),
            }
            Waits(self)
        };
        if !self.waiters.next().await {
            return Err(NoPermit::Closed);
        }
        Ok(waits.over())
    }

    /// Takes room if there is any.
    pub(crate) fn try_reserve(&self) -> Result<Permit<'_>, NoPermit> {
        self.try_reserve_most(1).map(Permit)
    }

    /// Takes the free room: for at least one job, and at most for `jobs`.
    pub(in crate::event) fn try_reserve_most(&self, jobs: usize) -> Result<Permits<'_>, NoPermit> {
        let count = self.lock().take_room(jobs)?;
        Ok(self.permits(count))
    }

    /// Puts a job in if there is room; otherwise returns it.
    #[inline]
    pub(in crate::event) fn push(&self, job: Job) -> Result<(), (NoPermit, Job)> {
        let mut queue = self.lock();
        if let Err(none) = queue.take_room(1) {
            return Err((none, job));
        }
        let was_empty = queue.jobs.is_empty();
        queue.add(job);
        self.added(queue, was_empty);
        Ok(())
    }

    fn permits(&self, count: usize) -> Permits<'_> {
        Permits {
            mailbox: self,
            count,
        }
    }

    /// Notifies the worker of new jobs. The worker waits only if it has seen the mailbox empty.
    #[inline]
    fn added(&self, queue: MutexGuard<'_, Queue>, was_empty: bool) {
        drop(queue);
        if was_empty {
            self.bell.ring();
        }
    }

    /// Replaces the oldest waiting job of the same handler by a new job.
    pub(in crate::event) fn displace(&self, mut job: Job) -> Displaced {
        let mut queue = self.lock();
        if queue.closed {
            return Displaced::Nothing(job);
        }
        let Some(mut oldest) = queue.remove_oldest_like(&job) else {
            return Displaced::Nothing(job);
        };
        oldest.yield_place(&mut job);
        queue.jobs.push_back(job);
        Displaced::Oldest(oldest)
    }

    /// Moves jobs into the empty queue `taken`. It moves none if the worker is nudged; it returns
    /// `false` if the mailbox is closed and empty.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: a dropped future takes no job.
    pub(crate) async fn take(&self, taken: &mut VecDeque<Job>) -> bool {
        loop {
            let filled = self.bell.rings();
            {
                let mut queue = self.lock();
                if self.gives_way.load(Relaxed) {
                    taken.extend(queue.jobs.pop_front());
                } else {
                    std::mem::swap(&mut queue.jobs, taken);
                }
                if !taken.is_empty() {
                    return true;
                }
                if queue.closed {
                    return false;
                }
                if self.bell.is_nudged() {
                    return true;
                }
            }
            filled.await;
        }
    }

    /// Accepts no new jobs; the worker still handles those in the queue.
    pub(crate) fn close(&self) {
        self.lock().closed = true;
        self.waiters.close();
        self.bell.ring();
    }

    /// The bell of its worker.
    pub(crate) fn bell(&self) -> &Bell {
        &self.bell
    }

    /// Lets the jobs of an order key wait behind one of them.
    pub(in crate::event) fn hold(&self, order_key: OrderKey) {
        self.lock().held.entry(order_key).or_default();
    }

    /// Puts a job behind those of its order key; returns it if that order key is not held.
    pub(in crate::event) fn hold_back(&self, job: Job) -> Option<Job> {
        let mut queue = self.lock();
        match job
            .order_key()
            .and_then(|order_key| queue.held.get_mut(&order_key))
        {
            Some(held) => held.push_back(job),
            None => return Some(job),
        }
        None
    }

    /// The jobs of an order key that waited and may continue now.
    pub(in crate::event) fn release(&self, order_key: OrderKey) -> VecDeque<Job> {
        self.lock().held.remove(&order_key).unwrap_or_default()
    }

    /// Counts a job that became a dead letter because no handler was called.
    pub(in crate::event) fn left_behind(&self) {
        self.ended.left_behind.fetch_add(1, Relaxed);
    }

    /// Drops the jobs that no worker will handle any more; they become dead letters.
    pub(crate) fn abandon(&self) {
        let mut queue = self.lock();
        let jobs = std::mem::take(&mut queue.jobs);
        let held = std::mem::take(&mut queue.held);
        drop(queue);
        drop((jobs, held));
    }

    /// After [`Mailbox::abandon`], waits until the jobs that an aborted worker still held have
    /// ended.
    pub(crate) async fn is_left(&self) {
        while self.unfinished() > 0 {
            tokio::time::sleep(POLL).await;
        }
    }

    /// Number of jobs that became dead letters because no handler was called.
    pub(crate) fn dead_lettered(&self) -> usize {
        self.ended.left_behind.load(Relaxed)
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A waiter for room.
struct Waits<'a>(&'a Mailbox);

impl<'a> Waits<'a> {
    /// Turns the waiter into its permit.
    fn over(self) -> Permit<'a> {
        let permits = self.0.permits(1);
        std::mem::forget(self);
        Permit(permits)
    }
}

impl Drop for Waits<'_> {
    fn drop(&mut self) {
        let mut queue = self.0.lock();
        if !queue.closed {
            queue.capacity.give_up(&self.0.waiters);
        }
    }
}

impl Queue {
    fn new(capacity: usize) -> Self {
        Self {
            jobs: VecDeque::new(),
            capacity: Capacity::new(capacity),
            entered: 0,
            held: HashMap::new(),
            closed: false,
        }
    }

    /// Takes room for at most `jobs` jobs and at least one; returns for how many.
    #[inline]
    fn take_room(&mut self, jobs: usize) -> Result<usize, NoPermit> {
        if self.closed {
            return Err(NoPermit::Closed);
        }
        match self.capacity.take(jobs) {
            0 => Err(NoPermit::Full),
            count => Ok(count),
        }
    }

    /// Adds a job for which there is room.
    #[inline]
    fn add(&mut self, mut job: Job) {
        job.enter();
        // Reading the clock takes longer than entering, so only a sample is timed.
        if self.entered.is_multiple_of(WAITS_TIMED) {
            job.wait();
        }
        self.jobs.push_back(job);
        self.entered += 1;
    }

    /// Removes the oldest job of the same handler.
    fn remove_oldest_like(&mut self, job: &Job) -> Option<Job> {
        let is_like = |waiting: &Job| Arc::ptr_eq(&waiting.handler, &job.handler);
        let mut held = self.held.values_mut();
        if let Some(jobs) = held.find(|jobs| jobs.front().is_some_and(is_like)) {
            return jobs.pop_front();
        }
        let at = self.jobs.iter().position(is_like)?;
        self.jobs.remove(at)
    }
}

impl std::fmt::Debug for Mailbox {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Mailbox({} of {})", self.unfinished(), self.capacity)
    }
}
