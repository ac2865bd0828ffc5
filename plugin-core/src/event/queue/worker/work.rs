//! The input of one call of a handler, and what happens to it after the call.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::error::{Error, LONGEST_ASKED, Result};
use crate::event::handler::HandlerCore;
use crate::event::handler::caller::EventBatch;
use crate::event::outcome::breaker::{Admission, Verdict};
use crate::event::outcome::jitter::Jitter;
use crate::event::payload::Payload;
use crate::event::queue::handler::QueuedHandler;
use crate::event::queue::job::Job;
use crate::event::queue::order_key::OrderKey;
use crate::event::queue::probe::ProbeState;

/// How often one event may show that a target is down before that counts as a failure of the event.
/// This limits how long an event that fails at every attempt delays the events behind it.
const MOST_PROBES: u32 = 100;

/// One event, or a batch, which is retried as a whole.
pub(super) struct Work {
    first: Job,
    /// The rest of a batch.
    rest: Vec<Job>,
}

impl Work {
    pub(super) fn of(job: Job) -> Self {
        Self {
            first: job,
            rest: Vec::new(),
        }
    }

    /// The first event of a batch, with room for `most` events.
    pub(super) fn first_of(job: Job, most: usize) -> Self {
        Self {
            first: job,
            rest: Vec::with_capacity(most.saturating_sub(1)),
        }
    }

    pub(super) fn handler(&self) -> &Arc<QueuedHandler> {
        &self.first.handler
    }

    pub(super) fn order_key(&self) -> Option<OrderKey> {
        self.first.order_key()
    }

    /// The order key whose jobs wait for it, if it was tried before.
    pub(super) fn order_key_of_retry(&self) -> Option<OrderKey> {
        self.is_retry().then(|| self.order_key())?
    }

    /// The key of its event, if the event has one.
    pub(super) fn key(&self) -> Option<u64> {
        self.first.key()
    }

    /// Whether it has waited for a retry or for the target of its handler.
    pub(super) fn is_retry(&self) -> bool {
        self.attempts() > 0 || self.first.gate() != ProbeState::Never
    }

    /// Asks the breaker of its handler for a call. If the breaker refuses, the work has to wait.
    pub(super) fn is_admitted(&mut self) -> bool {
        let Some(breaker) = &self.handler().breaker else {
            return true;
        };
        let gate = match breaker.admit() {
            Admission::Refused => ProbeState::Shut,
            Admission::Probe => ProbeState::Probe,
            Admission::Call if self.first.gate() == ProbeState::Never => return true,
            Admission::Call => ProbeState::Passed,
        };
        self.first.stands(gate);
        gate != ProbeState::Shut
    }

    /// Whether the breaker of its handler would refuse a call now; this is recorded in the work.
    pub(super) fn is_shut_out(&mut self) -> bool {
        let handler = self.handler();
        let refused = !handler.core.has_ended()
            && (handler.breaker.as_ref()).is_some_and(|one| one.refused_until().is_some());
        if refused {
            self.first.stands(ProbeState::Shut);
        }
        refused
    }

    /// Whether it is the probe that shows if the target of its handler works again.
    pub(super) fn is_probe(&self) -> bool {
        self.first.gate() == ProbeState::Probe
    }

    /// The time when it asks the breaker of its handler again, if it waits for that.
    pub(super) fn shut_until(&self) -> Option<Instant> {
        let breaker = self.handler().breaker.as_ref()?;
        let until = || breaker.refused_until().unwrap_or_else(Instant::now);
        (self.first.gate() == ProbeState::Shut).then(until)
    }

    /// Whether it would wait in vain while its plugin stops, because its next call is due after the
    /// end of the stop, or because its target is down.
    pub(super) fn is_hopeless(&self, due: Instant, ends: Instant) -> bool {
        let breaker = self.handler().breaker.as_ref();
        due > ends || breaker.is_some_and(|breaker| breaker.is_open())
    }

    /// Number of failed calls so far.
    pub(super) fn attempts(&self) -> u32 {
        self.first.attempts()
    }

    pub(super) fn len(&self) -> usize {
        1 + self.rest.len()
    }

    /// Adds a job of the same handler, and returns the number of jobs.
    pub(super) fn add(&mut self, job: Job) -> usize {
        self.rest.push(job);
        self.len()
    }

    /// The event, or the first event of a batch.
    pub(super) fn payload(&self) -> &Arc<dyn Payload> {
        &self.first.payload
    }

    pub(super) fn payloads(&self) -> Vec<Arc<dyn Payload>> {
        let jobs = std::iter::once(&self.first).chain(&self.rest);
        jobs.map(|job| Arc::clone(&job.payload)).collect()
    }

    /// Takes the events for a call that no store has dropped meanwhile.
    pub(super) fn take(self) -> Option<Self> {
        let mut jobs = self.into_jobs().filter_map(Job::take);
        let first = jobs.next()?;
        let rest = jobs.collect();
        Some(Self { first, rest })
    }

    /// The pause before the next call: the pause of the handler, partly random, and not shorter
    /// than an error asked for.
    pub(super) fn pause(&self, jitter: &mut Jitter) -> Duration {
        let retry = self.handler().core.options.retry;
        let pause = retry.map_or(Duration::ZERO, |retry| retry.backoff.pause(self.attempts()));
        let jobs = std::iter::once(&self.first).chain(&self.rest);
        let asked = jobs.filter_map(Job::asked_pause).max();
        (jitter.spread(pause)).max(asked.unwrap_or_default().min(LONGEST_ASKED))
    }

    /// Logs that there will be another call.
    pub(super) fn tell(&self, pause: Duration) {
        let core = &self.handler().core;
        tracing::warn!(
            plugin = core.owner.name(),
            handler = core.name,
            topic = %core.topic,
            event = %self.first.payload.meta().id,
            retry = self.attempts(),
            of = core.options.retry.map_or(0, |retry| retry.retries),
            ?pause,
            "handler failed, will be called again: {}",
            self.first.last_error()
        );
    }

    /// Its handler is called now; returns how many places in the mailbox become free.
    #[inline]
    pub(super) fn begin(&mut self) -> usize {
        let rest: usize = (self.rest.iter_mut())
            .map(|job| usize::from(job.begin()))
            .sum();
        rest + usize::from(self.first.begin())
    }

    /// Whether successful work only has to be counted.
    pub(super) fn is_plain(&self) -> bool {
        self.first.is_plain() && self.rest.iter().all(Job::is_plain)
    }

    /// Other code counts its events as handled; returns their number.
    #[inline]
    pub(super) fn counts_elsewhere(&mut self) -> usize {
        self.first.counts_elsewhere();
        self.rest.iter_mut().for_each(Job::counts_elsewhere);
        self.len()
    }

    /// Ends it without a call, because its subscription has ended.
    pub(super) fn discard(self) {
        self.into_jobs().for_each(Job::discard);
    }

    /// Acknowledges it after a call; returns work that is retried.
    pub(super) async fn conclude(mut self, result: Result<()>) -> Option<Self> {
        let is_down = self.is_probe() && Verdict::of(&result) == Verdict::Down;
        let Err(error) = result else {
            self.succeed().await;
            return None;
        };
        self.handler().core.count_failure(&error);
        if is_down && self.first.probes() < MOST_PROBES {
            self.probed(&error);
            return Some(self);
        }
        let error = match error.into_each() {
            Ok(each) => return self.conclude_each(each).await,
            Err(error) => error,
        };
        self.jobs_mut().for_each(|job| job.failed(&error));
        if self.first.may_retry(&error) {
            return Some(self);
        }
        self.bury(&error).await;
        None
    }

    /// Records that the target of its handler is down; its events wait for the target.
    fn probed(&mut self, error: &Error) {
        let each = error.each().unwrap_or_default();
        for (at, job) in self.jobs_mut().enumerate() {
            let own = each.get(at).and_then(|result| result.as_ref().err());
            job.probed(own.unwrap_or(error));
        }
        self.first.stands(ProbeState::Shut);
    }

    /// Acknowledges each event of a batch with its own result; returns work that is retried.
    async fn conclude_each(self, each: Vec<Result<()>>) -> Option<Self> {
        let handler = Arc::clone(self.handler());
        let (mut handled, mut dead, mut again) = (Vec::new(), Vec::new(), Vec::new());
        // This is done for all events before anything waits, so that no successful event is left.
        for (mut job, result) in self.into_jobs().zip(each) {
            match result {
                Ok(()) => {
                    job.leave();
                    handled.push(job);
                }
                Err(error) => {
                    job.failed(&error);
                    match job.may_retry(&error) {
                        true => again.push(job),
                        false => dead.push((job, error)),
                    }
                }
            }
        }
        for job in handled {
            job.succeed().await;
        }
        tell_of(&handler.core, &dead);
        for (job, error) in dead {
            job.bury(&error).await;
        }
        let mut again = again.into_iter();
        Some(Self {
            first: again.next()?,
            rest: again.collect(),
        })
    }

    async fn succeed(mut self) {
        self.jobs_mut().for_each(Job::leave);
        for job in self.into_jobs() {
            job.succeed().await;
        }
    }

    async fn bury(self, error: &Error) {
        let others = self.rest.len();
        (self.handler().core).tell_of(self.first.payload.meta(), error, others);
        for job in self.into_jobs() {
            job.bury(error).await;
        }
    }

    fn jobs_mut(&mut self) -> impl Iterator<Item = &mut Job> {
        std::iter::once(&mut self.first).chain(&mut self.rest)
    }

    fn into_jobs(self) -> impl Iterator<Item = Job> {
        std::iter::once(self.first).chain(self.rest)
    }
}

impl EventBatch for Work {
    fn all(&self) -> Vec<Arc<dyn Payload>> {
        self.payloads()
    }
}

/// Logs the events that failed in a call: once for each cause.
fn tell_of(core: &HandlerCore, dead: &[(Job, Error)]) {
    let mut causes: Vec<(String, &Job, &Error, usize)> = Vec::new();
    for (job, error) in dead {
        let text = error.to_string();
        match causes.iter_mut().find(|(known, ..)| *known == text) {
            Some((.., others)) => *others += 1,
            None => causes.push((text, job, error, 0)),
        }
    }
    for (_, job, error, others) in causes {
        core.tell_of(job.payload.meta(), error, others);
    }
}
