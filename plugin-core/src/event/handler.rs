//! A handler in the table: its core (whose it is and what it did), how it is called
//! (`caller`), which calls are timed (`sampling`), and what its failures come to (`failure`).

pub(super) mod caller;
mod failure;
pub(super) mod sampling;

use std::cmp::Reverse;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use schemars::JsonSchema;
use serde::Serialize;

use crate::accounting::CpuMeter;
use crate::context::{Counters, DropCounts, Identity, InstanceId, Meta};
use crate::error::Result;
use crate::event::handler::sampling::TIMED;
use crate::event::outcome::HandlerOutcome;
use crate::event::outcome::dead_letters::{DeadLetter, DeadLetters, Failures};
use crate::event::payload::Payload;
use crate::guard;
use crate::histogram::{Distribution, TimedCall};
use crate::options::SubscribeOptions;
use crate::rcu::tally::Tally;

/// A synchronous call that takes longer than this is warned of by name, if it was timed.
pub(crate) const LONG_INLINE_CALL: Duration = Duration::from_millis(100);

/// The clock of an inline call.
pub(super) enum CallClock {
    Timed(Instant),
    /// The call is billed, for so many.
    Billed(CpuMeter, u64),
}

/// What all handlers have in common, inline, queued and responding ones: the owner, the name, the
/// options, and the counters.
#[derive(Debug)]
pub(crate) struct HandlerCore {
    pub(super) owner: Arc<Identity>,
    pub(super) name: &'static str,
    pub(super) topic: String,
    pub(super) options: SubscribeOptions,
    /// The subscription that it is of.
    pub(super) subscription: Subscribed,
    pub(super) counters: Counters,
    pub(super) timeouts: AtomicU64,
    /// Whether its calls are not just made one after the other.
    pub(super) is_special: bool,
    /// Whether an event that it is called with may have to wait for another call.
    pub(super) keeps_room: bool,
    /// Where events go that it fails with for good.
    pub(super) letters: DeadLetters,
}

/// A subscription, for as long as it lasts.
#[derive(Debug, Clone)]
pub(super) struct Subscribed {
    /// Tells it from every other one, so that it can be taken out again.
    pub(super) number: u64,
    /// Whether it has ended: no call begins any more.
    ended: Arc<AtomicBool>,
    /// Whether it can end before its plugin stops.
    at_run_time: bool,
    /// Whether it only looks on: it handles nothing.
    observes: bool,
}

impl Subscribed {
    /// Of a method of a plugin: it lasts as long as that runs.
    pub(super) fn declared(number: u64) -> Self {
        Self {
            number,
            ended: Arc::default(),
            at_run_time: false,
            observes: false,
        }
    }

    /// One that ends when it is told so.
    pub(super) fn at_run_time(number: u64) -> Self {
        Self {
            at_run_time: true,
            ..Self::declared(number)
        }
    }

    /// One that handles nothing, and ends when it is told so.
    pub(super) fn observing(number: u64) -> Self {
        Self {
            observes: true,
            ..Self::at_run_time(number)
        }
    }

    pub(super) fn has_ended(&self) -> bool {
        self.ended.load(Relaxed)
    }

    /// No call begins any more.
    pub(super) fn end(&self) {
        self.ended.store(true, Relaxed);
    }
}

impl HandlerCore {
    pub(super) fn new(
        owner: &Arc<Identity>,
        (name, topic): (&'static str, &str),
        options: SubscribeOptions,
        subscription: Subscribed,
        letters: DeadLetters,
    ) -> Self {
        Self {
            owner: Arc::clone(owner),
            name,
            topic: topic.to_owned(),
            options,
            subscription,
            counters: Counters::default(),
            timeouts: AtomicU64::new(0),
            is_special: options.concurrency > 1 || options.breaker.is_some() || options.durable,
            keeps_room: options.retry.is_some() || options.breaker.is_some(),
            letters,
        }
    }

    pub(super) fn is_named(&self, plugin: &str, handler: &str) -> bool {
        self.owner.name() == plugin && self.name == handler
    }

    pub(super) fn has_ended(&self) -> bool {
        self.subscription.has_ended()
    }

    /// Whether it handles events, and does not only look on.
    pub(super) fn handles(&self) -> bool {
        !self.subscription.observes
    }

    /// No call begins any more.
    pub(super) fn end(&self) {
        self.subscription.end();
    }

    /// Handlers are called by priority, then in start order, then in order of subscribing.
    pub(super) fn rank(&self) -> (Reverse<i32>, InstanceId, u64) {
        (
            Reverse(self.options.priority),
            self.owner.id(),
            self.subscription.number,
        )
    }

    pub(super) fn outcome(&self, result: Result<()>) -> HandlerOutcome {
        HandlerOutcome {
            plugin: self.owner.name(),
            handler: self.name,
            result,
        }
    }

    /// Whether it lives as long as its plugin runs.
    pub(super) fn is_for_life(&self) -> bool {
        !self.subscription.at_run_time
    }

    /// Whether a call has to ask or to measure something first.
    pub(super) fn is_checked(&self) -> bool {
        self.subscription.at_run_time || self.options.timeout.is_some()
    }

    /// From here on, what the tally counts are events of this handler.
    pub(super) fn opened(&self, tally: &Arc<Tally>) {
        self.counters.inline.open(tally);
        self.owner.counters().inline.open(tally);
    }

    /// The tally counts no more.
    pub(super) fn settled(&self, tally: &Arc<Tally>) {
        self.counters.inline.settle(tally);
        self.owner.counters().inline.settle(tally);
    }

    /// Starts the clock of an inline call, which may stand for so many on the bill; every call of a
    /// handler with a time limit is billed.
    pub(super) fn start_clock(&self, billed: Option<u64>) -> CallClock {
        match self.options.timeout.map_or(billed, |_| Some(1)) {
            Some(weight) => CallClock::Billed(CpuMeter::sample(), weight),
            None => CallClock::Timed(Instant::now()),
        }
    }

    /// Says how long the call took.
    pub(super) fn stop_clock(&self, clock: CallClock) -> Duration {
        match clock {
            CallClock::Timed(began) => began.elapsed(),
            CallClock::Billed(meter, weight) => meter.end(self.owner.account(), weight),
        }
    }

    /// Notes how long an inline call took, and warns if that was too long.
    pub(super) fn took_inline(&self, meta: Meta, took: Duration) {
        let call = TimedCall::of(took);
        self.counters.took(1, call);
        self.owner.counters().took(1, call);
        self.warn_if_long(meta, took);
    }

    /// Notes how long one inline call after the other took, and warns if that was too long for
    /// each.
    pub(super) fn took_chunk(&self, first: Meta, (events, took): (usize, Duration)) {
        let each = took / u32::try_from(events).unwrap_or(u32::MAX);
        let mean = TimedCall::of(each);
        self.counters.took_each(events as u64, mean);
        self.owner.counters().took_each(events as u64, mean);
        self.warn_if_long(first, each);
    }

    /// Warns of a synchronous call that took too long.
    #[inline]
    pub(super) fn warn_if_long(&self, meta: Meta, took: Duration) {
        // Most have no limit of their own, and one comparison is enough.
        let is_long = match self.options.timeout {
            None => took > LONG_INLINE_CALL,
            Some(limit) => took > limit,
        };
        if is_long {
            self.warn_of_length(meta, took);
        }
    }

    #[cold]
    fn warn_of_length(&self, meta: Meta, took: Duration) {
        let limit = self.options.timeout.unwrap_or(LONG_INLINE_CALL);
        tracing::warn!(
            plugin = self.owner.name(),
            handler = self.name,
            topic = %self.topic,
            event = %meta.id,
            ?took,
            ?limit,
            "a synchronous handler held its caller up; make it an `async fn`, or do less in it"
        );
    }

    /// Counts a call that begins, and starts the clock if it is one of those that are timed.
    pub(super) fn begin(&self, events: u64) -> Option<Instant> {
        self.owner.counters().receive(events);
        let before = self.counters.receive(events);
        let timed = before < TIMED || before % TIMED < events || self.options.timeout.is_some();
        timed.then(Instant::now)
    }

    /// Notes how long a call took, if it was timed, and says so.
    pub(super) fn took(&self, events: u64, began: Option<Instant>) -> Option<Duration> {
        let took = began.map(|began| began.elapsed())?;
        let call = TimedCall::of(took);
        self.counters.took(events, call);
        self.owner.counters().took(events, call);
        Some(took)
    }

    /// The letter of an event that it failed with for good.
    pub(super) fn letter(&self, payload: &dyn Payload, failures: &Failures) -> DeadLetter {
        DeadLetter::of((&self.owner, self.name), payload, failures)
    }

    pub(super) fn report(&self) -> HandlerReport {
        let counts = self.counters.snapshot();
        HandlerReport {
            plugin: self.owner.name(),
            handler: self.name,
            topic: self.topic.clone(),
            received: counts.received,
            errors: counts.errors,
            retries: counts.retries,
            dead_lettered: counts.dead_lettered,
            dropped: counts.dropped,
            timeouts: self.timeouts.load(Relaxed),
            mean_nanos: counts.mean_nanos,
            max_nanos: counts.max_nanos,
            latency: self.counters.latency(),
            times_every_call: self.options.timeout.is_some(),
        }
    }
}

/// What one handler did so far.
///
/// Numbers of events are exact. Times are those of a sample: the first calls, then one in 64; of a
/// handler with a `timeout` every call.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct HandlerReport {
    /// Name of the plugin.
    pub plugin: &'static str,
    /// Name of the handler.
    pub handler: &'static str,
    /// Topic or pattern that it listens to.
    pub topic: String,
    /// Events that it was called with.
    pub received: u64,
    /// Calls that failed, panicked or ran out of time.
    pub errors: u64,
    /// Events that it was called with again after it had failed with them.
    pub retries: u64,
    /// Events that went to the dead letters.
    pub dead_lettered: u64,
    /// Events that were neither handled nor kept as dead letters, by reason.
    pub dropped: DropCounts,
    /// Calls that ran out of time.
    pub timeouts: u64,
    /// Mean time of an event, of those that were timed, in nanoseconds.
    pub mean_nanos: u64,
    /// Longest call, of those that were timed, in nanoseconds.
    pub max_nanos: u64,
    /// How long the calls took that were timed; of a batch, each event counts.
    #[serde(skip)]
    pub latency: Distribution,
    /// Whether every call is timed.
    #[serde(skip)]
    pub times_every_call: bool,
}

/// Whether a handler wants an event: its subscription goes on, and its filter lets it through. A
/// filter is the plugin's code: when it panics, that is the handler's error.
#[inline]
pub(super) fn admits<P>(
    core: &HandlerCore,
    filter: Option<&Filter<P>>,
    envelope: &crate::event::payload::Envelope<P>,
) -> bool {
    if core.has_ended() {
        return false;
    }
    let Some(filter) = filter else { return true };
    let meta = envelope.meta();
    guard::call(core.owner.handling(envelope.meta_ref()), || {
        Ok(filter(envelope))
    })
    .unwrap_or_else(|error| {
        core.failed_to_choose(meta, &error.context("its filter"));
        false
    })
}

pub(super) type Filter<P> = Box<dyn Fn(&crate::event::payload::Envelope<P>) -> bool + Send + Sync>;
