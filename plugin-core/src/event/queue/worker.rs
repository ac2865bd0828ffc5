//! The task of an instance that takes events from its mailbox and calls the handlers.
//!
//! Order: the events of one handler are handled in the order in which they were accepted. If its
//! `concurrency` is more than one, this is true only for events with the same key. The events of a
//! batch handler wait until the batch is full, its `linger` is over, or the mailbox is closed.
//! While an event waits for its retry, later events with its order key wait behind it in the
//! mailbox, and all others are handled.
//!
//! Most calls are complete at their first poll. They are made one after the other within one poll
//! of the task. Only calls that have to wait, or that do not succeed, need an `await`.

mod batch;
mod calls;
mod completions;
mod concurrent;
mod queues;
mod retries;
mod slot;
mod timer;
mod work;

use std::collections::VecDeque;
use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use tokio::time::Instant;

use super::job::Job;
use super::mailbox::Mailbox;
use super::order_key::OrderKey;
use crate::error::Result;
use batch::Batches;
use completions::{Completions, TURN};
use concurrent::ConcurrentCalls;
use retries::RetryQueue;
use slot::CallSlot;
use work::Work;

pub(crate) struct Worker {
    mailbox: Arc<Mailbox>,
    // The fields are dropped in this order, so that the events that a worker leaves become dead
    // letters in the order in which they arrived.
    slot: CallSlot,
    /// What is called before the jobs: work that has waited long enough.
    ready: VecDeque<Work>,
    /// Jobs from the mailbox, in its order.
    jobs: VecDeque<Job>,
    completions: Completions,
    /// Amount of work since the worker last yielded to other tasks.
    turn: usize,
    batches: Batches,
    /// Work that waits for its retry.
    retries: RetryQueue,
    concurrent: ConcurrentCalls,
}

/// The reason why the simple loop of calls ends.
enum WorkerStep {
    /// There is nothing to call.
    Idle,
    /// Other tasks get their turn.
    Pause,
    /// A call has ended, and there is more to do than to count it.
    Ended(Work, Result<()>),
    /// The call runs beside others, or needs a breaker or a store first.
    Special(Work),
    /// The subscription has ended meanwhile.
    Void(Work),
}

/// The next step.
enum NextStep {
    Nothing,
    /// A job was put where it waits.
    Waits,
    /// The call is in the call slot.
    Call,
}

impl Worker {
    pub(crate) fn new(mailbox: Arc<Mailbox>) -> Self {
        Self {
            batches: Batches::new(mailbox.capacity()),
            concurrent: ConcurrentCalls::new(),
            slot: CallSlot::new(),
            completions: Completions::new(&mailbox),
            turn: 0,
            mailbox,
            ready: VecDeque::new(),
            jobs: VecDeque::new(),
            retries: RetryQueue::new(),
        }
    }

    /// Handles events until the mailbox is closed and empty and nothing waits for a retry.
    pub(crate) async fn run(mut self) {
        let mut open = true;
        while open || self.has_work() {
            match poll_fn(|context| self.go_on(context)).await {
                WorkerStep::Ended(work, result) => self.conclude(work, result).await,
                WorkerStep::Special(work) => self.call_special(work).await,
                WorkerStep::Void(work) => self.discard(work),
                WorkerStep::Pause => tokio::task::yield_now().await,
                WorkerStep::Idle => open = self.find(open).await,
            }
            self.gather(!open);
        }
    }

    /// Looks for more work, and waits for it if there is none; `false` if the mailbox is closed and
    /// empty.
    async fn find(&mut self, open: bool) -> bool {
        self.gather(!open);
        if self.ready.is_empty() && (open || self.has_work()) {
            return self.wait(open).await;
        }
        open
    }

    fn has_work(&self) -> bool {
        !(self.ready.is_empty() && self.jobs.is_empty())
            || self.slot.is_busy()
            || self.has_waiting()
    }

    /// Whether there is work that waits for a time.
    fn has_waiting(&self) -> bool {
        !self.batches.is_empty() || !self.retries.is_empty() || !self.concurrent.is_empty()
    }

    async fn wait(&mut self, open: bool) -> bool {
        let due = [self.batches.due(), self.retries.due()];
        let due = due.into_iter().flatten().min();
        if open && due.is_none() && self.concurrent.is_empty() {
            return self.mailbox.take(&mut self.jobs).await;
        }
        tokio::select! {
            more = self.mailbox.take(&mut self.jobs), if open => return more,
            Some(failed) = self.concurrent.ended() => failed.into_iter().for_each(|work| self.park(work)),
            () = sleep_until(due) => {}
        }
        open
    }

    /// Collects the work that has waited long enough.
    fn gather(&mut self, is_last: bool) {
        if self.mailbox.bell().was_nudged() {
            self.gather_ended();
        }
        if !self.has_waiting() {
            return;
        }
        for work in self.concurrent.reap() {
            self.park(work);
        }
        while let Some(work) = self.retries.pop_due() {
            self.ready.push_back(work);
        }
        let over = |batch: &batch::OpenBatch, now: Instant| {
            is_last && self.jobs.is_empty() || batch.due <= now
        };
        self.ready.extend(self.batches.take(over));
    }

    /// Collects work that should not wait any longer: its subscription has ended or ends its
    /// deliveries, or the plugin stops before the time of the work.
    fn gather_ended(&mut self) {
        for work in self.retries.take_ended(self.mailbox.bell().ends()) {
            if !work.handler().drains() && !work.handler().core.has_ended() {
                self.leave_behind(work);
                continue;
            }
            work.handler().come_to_rest();
            self.ready.push_back(work);
        }
        let ended = |batch: &batch::OpenBatch, _: Instant| batch.has_ended();
        self.ready.extend(self.batches.take(ended));
    }

    /// Makes calls until one has to wait, or until there is something else to do.
    fn go_on(&mut self, context: &mut Context<'_>) -> Poll<WorkerStep> {
        let step = self.make_calls(context);
        self.completions.tell();
        step
    }

    fn make_calls(&mut self, context: &mut Context<'_>) -> Poll<WorkerStep> {
        if self.slot.is_busy() {
            let result = ready!(self.slot.poll(&mut self.completions, context));
            if let Some(step) = self.ended(result) {
                return Poll::Ready(step);
            }
        }
        while self.turn < TURN {
            self.turn += 1;
            match self.next() {
                NextStep::Nothing => return Poll::Ready(WorkerStep::Idle),
                NextStep::Waits => continue,
                NextStep::Call => {}
            }
            if let Some(step) = ready!(self.call(context)) {
                return Poll::Ready(step);
            }
        }
        self.turn = 0;
        Poll::Ready(WorkerStep::Pause)
    }

    /// Puts the next call into the call slot.
    #[inline(always)]
    fn next(&mut self) -> NextStep {
        if let Some(work) = self.ready.pop_front() {
            self.slot.put(work);
            return NextStep::Call;
        }
        let Some(job) = self.jobs.pop_front() else {
            return NextStep::Nothing;
        };
        if job.handler.call.is_batch || !self.retries.is_empty() {
            return self.assign(job);
        }
        self.slot.put(Work::of(job));
        NextStep::Call
    }

    /// Puts a job where it belongs, if it may have to wait.
    fn assign(&mut self, job: Job) -> NextStep {
        let Some(job) = self.hold_back(job) else {
            return NextStep::Waits;
        };
        let work = match job.handler.call.is_batch {
            true => self.batches.add(job),
            false => Some(Work::of(job)),
        };
        let Some(work) = work else {
            return NextStep::Waits;
        };
        self.slot.put(work);
        NextStep::Call
    }

    /// Lets a job wait if its order key waits for a retry.
    fn hold_back(&self, job: Job) -> Option<Job> {
        if self.retries.is_empty() {
            return Some(job);
        }
        self.mailbox.hold_back(job)
    }

    /// Makes a call, unless it is a special one. It is ready with `None` when the call has ended
    /// and nothing is left to do.
    #[inline(always)]
    fn call(&mut self, context: &mut Context<'_>) -> Poll<Option<WorkerStep>> {
        let Some(work) = self.slot.work() else {
            return Poll::Ready(None);
        };
        let core = &work.handler().core;
        if core.is_special {
            return Poll::Ready(self.slot.take().map(WorkerStep::Special));
        }
        if core.has_ended() {
            return Poll::Ready(self.slot.take().map(WorkerStep::Void));
        }
        self.completions.gave_room(work.begin());
        let result = ready!(self.slot.call(&mut self.completions, context));
        Poll::Ready(self.ended(result))
    }

    #[inline]
    fn ended(&mut self, result: Option<Result<()>>) -> Option<WorkerStep> {
        let result = result?;
        (self.slot.take()).map(|work| WorkerStep::Ended(work, result))
    }

    /// Makes a call that runs beside others, or whose handler has a breaker, or whose event is
    /// stored.
    async fn call_special(&mut self, work: Work) {
        // Work that waited for a retry was taken before, so no job waits for work that is gone.
        let Some(mut work) = work.take() else {
            return;
        };
        for failed in self.concurrent.reap() {
            self.park(failed);
        }
        if work.handler().core.options.concurrency > 1 {
            while self.concurrent.has_no_room_for(&work) {
                let Some(failed) = self.concurrent.ended().await else {
                    break;
                };
                failed.into_iter().for_each(|work| self.park(work));
            }
            let refused = self.concurrent.call(work);
            return refused.into_iter().for_each(|work| self.park(work));
        }
        if work.handler().core.has_ended() {
            return self.discard(work);
        }
        if !work.is_admitted() {
            return self.park(work);
        }
        self.call_alone(work).await;
    }

    /// Makes a call and waits for its end.
    async fn call_alone(&mut self, mut work: Work) {
        self.completions.gave_room(work.begin());
        self.slot.put(work);
        let (slot, completions) = (&mut self.slot, &mut self.completions);
        let ended = poll_fn(|context| {
            let polled = match slot.is_busy() {
                true => slot.poll(completions, context),
                false => slot.call(completions, context),
            };
            completions.tell();
            polled
        });
        if let Some(result) = ended.await
            && let Some(work) = self.slot.take()
        {
            self.conclude(work, result).await;
        }
    }

    fn discard(&mut self, work: Work) {
        let order_key = work.order_key_of_retry();
        work.discard();
        self.release(order_key);
    }

    async fn conclude(&mut self, work: Work, result: Result<()>) {
        let order_key = work.order_key_of_retry();
        match work.conclude(result).await {
            Some(failed) => self.park(failed),
            None => self.release(order_key),
        }
    }

    /// Lets failed work wait for its retry, together with the jobs behind it that have its order
    /// key. If the work is stored and nothing is waited for any more, or if it would wait in vain,
    /// it does not wait.
    fn park(&mut self, work: Work) {
        if work.handler().drains() {
            work.handler().come_to_rest();
            return self.discard(work);
        }
        let order_key = work.order_key();
        match self.retries.push(work, self.mailbox.bell().ends()) {
            Some(hopeless) => self.leave_behind(hopeless),
            None => order_key
                .into_iter()
                .for_each(|order_key| self.mailbox.hold(order_key)),
        }
    }

    /// Makes dead letters of work that can't wait because its plugin stops too early.
    fn leave_behind(&mut self, work: Work) {
        let order_key = work.order_key_of_retry();
        self.concurrent.skip(&work);
        drop(work);
        self.release(order_key);
    }

    /// A retry is complete: the jobs that waited behind it are next.
    fn release(&mut self, order_key: Option<OrderKey>) {
        let Some(order_key) = order_key else { return };
        for job in self.mailbox.release(order_key).into_iter().rev() {
            self.jobs.push_front(job);
        }
    }
}

async fn sleep_until(due: Option<Instant>) {
    match due {
        Some(due) => tokio::time::sleep_until(due).await,
        None => std::future::pending().await,
    }
}
