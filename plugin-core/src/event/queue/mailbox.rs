//! The bounded queue between publishers and the worker of one instance.
//!
//! Invariants: the permits given out and the jobs that no handler was called with yet are never more
//! than `capacity`, wherever the jobs are; after `close` no job enters, and the worker takes those
//! that are in; a permit that is dropped unused gives its room back.
//!
//! Room is counted under the same lock, so that a publisher who finds room takes it once.
//!
//! A worker takes all that is there at once: the lock is then taken once for many jobs. Only where
//! the oldest may have to give way to the newest does it leave the others where they are.

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

/// Of so many events, it is measured how long one waits.
const WAITS_TIMED: usize = 256;

/// What gave way to a new job in a full mailbox.
pub(in crate::event) enum Displaced {
    /// The oldest of the same handler; the new one is in.
    Oldest(Job),
    /// Nothing: here is the new one back.
    Nothing(Job),
}

pub(crate) struct Mailbox {
    uid: usize,
    capacity: usize,
    queue: Mutex<Queue>,
    waiters: Waiters,
    bell: Bell,
    /// The jobs of its bus, of which its own are a part.
    backlog: Backlog,
    /// Whether a job that waits may have to give way to a new one.
    gives_way: AtomicBool,
    ended: EndedJobs,
}

/// How many jobs have come to an end.
struct EndedJobs {
    /// Jobs that entered and are in nobody's hands any more.
    all: AtomicUsize,
    /// Those of them that were dropped unhandled, and are in the dead letters.
    left_behind: AtomicUsize,
}

/// How often a stop looks whether the calls of an ended worker are gone.
const POLL: Duration = Duration::from_millis(1);

struct Queue {
    jobs: VecDeque<Job>,
    capacity: Capacity,
    /// Jobs that ever entered.
    entered: usize,
    /// Jobs that wait behind one that waits for its retry: all older than those in `jobs`.
    held: HashMap<OrderKey, VecDeque<Job>>,
    closed: bool,
}

/// Room for one job.
pub(crate) struct Permit<'a>(Permits<'a>);

/// Room for some jobs, at least one.
pub(in crate::event) struct Permits<'a> {
    mailbox: &'a Mailbox,
    count: usize,
}

impl Permit<'_> {
    /// Puts the job in; `false` when the mailbox was closed meanwhile.
    pub(crate) fn fill(self, job: Job) -> bool {
        self.0.fill(std::iter::once(job))
    }
}

impl Permits<'_> {
    pub(in crate::event) fn count(&self) -> usize {
        self.count
    }

    /// Puts so many jobs in, all at once; `false` when the mailbox was closed meanwhile, and then
    /// none is made.
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

    /// Jobs that entered and are not handled yet, waiting or in a handler.
    pub(crate) fn unfinished(&self) -> usize {
        let queue = self.lock();
        // What is handled has entered, and while this looks none enters.
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

    /// The jobs of its bus.
    pub(in crate::event) fn backlog(&self) -> &Backlog {
        &self.backlog
    }

    /// From here on, a job that waits may have to give way to a new one.
    pub(in crate::event) fn may_give_way(&self) {
        self.gives_way.store(true, Relaxed);
    }

    pub(in crate::event) fn capacity(&self) -> usize {
        self.capacity
    }

    /// The instance whose mailbox it is.
    pub(crate) fn uid(&self) -> usize {
        self.uid
    }

    /// Whether it takes jobs.
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
    /// A dropped future takes no room.
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

    /// Takes as much room as there is, at least for one job and at most for so many.
    pub(in crate::event) fn try_reserve_most(&self, jobs: usize) -> Result<Permits<'_>, NoPermit> {
        let count = self.lock().take_room(jobs)?;
        Ok(self.permits(count))
    }

    /// Puts a job in if there is room; else it comes back.
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

    /// Lets the worker know of what was added. It waits only for a mailbox that it saw empty.
    #[inline]
    fn added(&self, queue: MutexGuard<'_, Queue>, was_empty: bool) {
        drop(queue);
        if was_empty {
            self.bell.ring();
        }
    }

    /// Puts a job in the place of the oldest one of the same handler that waits.
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

    /// Takes jobs, in exchange for none: none if it is nudged; `false` if it is closed and empty.
    ///
    /// # Cancel safety
    ///
    /// A dropped future takes no job.
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

    /// Takes no new jobs; those that are in stay for the worker.
    pub(crate) fn close(&self) {
        self.lock().closed = true;
        self.waiters.close();
        self.bell.ring();
    }

    /// What its worker is told beside its jobs.
    pub(crate) fn bell(&self) -> &Bell {
        &self.bell
    }

    /// Lets the jobs of an order key wait behind one of them.
    pub(in crate::event) fn hold(&self, order_key: OrderKey) {
        self.lock().held.entry(order_key).or_default();
    }

    /// Puts a job behind those of its order key; it comes back if those are not held.
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

    /// The jobs of an order key that waited, and go on now.
    pub(in crate::event) fn release(&self, order_key: OrderKey) -> VecDeque<Job> {
        self.lock().held.remove(&order_key).unwrap_or_default()
    }

    /// Notes a job that went to the dead letters because nobody came to it.
    pub(in crate::event) fn left_behind(&self) {
        self.ended.left_behind.fetch_add(1, Relaxed);
    }

    /// Drops what no worker will handle any more: it goes to the dead letters.
    pub(crate) fn abandon(&self) {
        let mut queue = self.lock();
        let jobs = std::mem::take(&mut queue.jobs);
        let held = std::mem::take(&mut queue.held);
        drop(queue);
        drop((jobs, held));
    }

    /// Waits until no job is in anybody's hands: after [`Mailbox::abandon`] those that an ended
    /// worker still held.
    pub(crate) async fn is_left(&self) {
        while self.unfinished() > 0 {
            tokio::time::sleep(POLL).await;
        }
    }

    /// Jobs that went to the dead letters because nobody came to them.
    pub(crate) fn dead_lettered(&self) -> usize {
        self.ended.left_behind.load(Relaxed)
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Somebody who waits for room.
struct Waits<'a>(&'a Mailbox);

impl<'a> Waits<'a> {
    /// It has its permit.
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

    /// Takes room for so many jobs at most, and for one at least; says for how many.
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

    /// Adds a job that there is room for.
    #[inline]
    fn add(&mut self, mut job: Job) {
        job.enter();
        // To read the clock takes longer than to enter.
        if self.entered.is_multiple_of(WAITS_TIMED) {
            job.wait();
        }
        self.jobs.push_back(job);
        self.entered += 1;
    }

    /// Takes out the oldest job of the same handler.
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
