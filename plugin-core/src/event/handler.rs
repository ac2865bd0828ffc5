//! A handler in the table: its core with owner and counters, how it is called (`caller`), which
//! calls are timed (`sampling`), and what happens after a failure (`failure`).

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

/// If a timed synchronous call takes longer than this, a warning with the handler's name is logged.
pub(crate) const LONG_INLINE_CALL: Duration = Duration::from_millis(100);

/// The clock of an inline call.
pub(super) enum CallClock {
    Timed(Instant),
    /// The call is timed and billed; it stands for this number of calls.
    Billed(CpuMeter, u64),
}

/// The part that all handlers share, whether inline, queued or responding: the owner, the name, the
/// options, and the counters.
#[derive(Debug)]
pub(crate) struct HandlerCore {
    pub(super) owner: Arc<Identity>,
    pub(super) name: &'static str,
    pub(super) topic: String,
    pub(super) options: SubscribeOptions,
    /// The subscription of the handler.
    pub(super) subscription: Subscribed,
    pub(super) counters: Counters,
    pub(super) timeouts: AtomicU64,
    /// Whether its calls can't simply be made one after the other.
    pub(super) is_special: bool,
    /// Whether its event keeps its room in the mailbox during a call, because it may have to wait
    /// for another call.
    pub(super) keeps_room: bool,
    /// The dead letters, for events that it finally fails to handle.
    pub(super) letters: DeadLetters,
}

/// A subscription while it exists.
#[derive(Debug, Clone)]
pub(super) struct Subscribed {
    /// A unique number, by which it is removed again.
    pub(super) number: u64,
    /// Whether it has ended, so that no call begins any more.
    ended: Arc<AtomicBool>,
    /// Whether it can end before its plugin stops.
    at_run_time: bool,
    /// Whether it only observes events and handles none.
    observes: bool,
}

impl Subscribed {
    /// The subscription of a plugin's method, which exists as long as the plugin runs.
    pub(super) fn declared(number: u64) -> Self {
        Self {
            number,
            ended: Arc::default(),
            at_run_time: false,
            observes: false,
        }
    }

    /// A subscription that ends when its handle is dropped.
    pub(super) fn at_run_time(number: u64) -> Self {
        Self {
            at_run_time: true,
            ..Self::declared(number)
        }
    }

    /// A subscription that only observes, and ends when its handle is dropped.
    pub(super) fn observing(number: u64) -> Self {
        Self {
            observes: true,
            ..Self::at_run_time(number)
        }
    }

    pub(super) fn has_ended(&self) -> bool {
        self.ended.load(Relaxed)
    }

    /// Ends it: no call begins any more.
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

    /// Whether it handles events, and does not only observe them.
    pub(super) fn handles(&self) -> bool {
        !self.subscription.observes
    }

    /// Ends it: no call begins any more.
    pub(super) fn end(&self) {
        self.subscription.end();
    }

    /// The order of calls: by priority, then in start order, then in order of subscription.
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

    /// Whether it exists as long as its plugin runs.
    pub(super) fn is_for_life(&self) -> bool {
        !self.subscription.at_run_time
    }

    /// Whether a call has to check or measure something first.
    pub(super) fn is_checked(&self) -> bool {
        self.subscription.at_run_time || self.options.timeout.is_some()
    }

    /// From now on, the counts of the tally are events of this handler.
    pub(super) fn opened(&self, tally: &Arc<Tally>) {
        self.counters.inline.open(tally);
        self.owner.counters().inline.open(tally);
    }

    /// The tally does not count any more.
    pub(super) fn settled(&self, tally: &Arc<Tally>) {
        self.counters.inline.settle(tally);
        self.owner.counters().inline.settle(tally);
    }

    /// Starts the clock of an inline call. The bill may count it as several calls. Every call of a
    /// handler with a time limit is billed.
    pub(super) fn start_clock(&self, billed: Option<u64>) -> CallClock {
        match self.options.timeout.map_or(billed, |_| Some(1)) {
            Some(weight) => CallClock::Billed(CpuMeter::sample(), weight),
            None => CallClock::Timed(Instant::now()),
        }
    }

    /// Stops the clock and returns how long the call took.
    pub(super) fn stop_clock(&self, clock: CallClock) -> Duration {
        match clock {
            CallClock::Timed(began) => began.elapsed(),
            CallClock::Billed(meter, weight) => meter.end(self.owner.account(), weight),
        }
    }

    /// Records how long an inline call took, and logs a warning if it took too long.
    pub(super) fn took_inline(&self, meta: Meta, took: Duration) {
        let call = TimedCall::of(took);
        self.counters.took(1, call);
        self.owner.counters().took(1, call);
        self.warn_if_long(meta, took);
    }

    /// Records how long consecutive inline calls took, and logs a warning if that was too long for
    /// each.
    pub(super) fn took_chunk(&self, first: Meta, (events, took): (usize, Duration)) {
        let each = took / u32::try_from(events).unwrap_or(u32::MAX);
        let mean = TimedCall::of(each);
        self.counters.took_each(events as u64, mean);
        self.owner.counters().took_each(events as u64, mean);
        self.warn_if_long(first, each);
    }

    /// Logs a warning about a synchronous call that took too long.
    #[inline]
    pub(super) fn warn_if_long(&self, meta: Meta, took: Duration) {
        // Most handlers have no limit of their own, so one comparison is enough.
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

    /// Counts a call that begins, and starts the clock if the call is to be timed.
    pub(super) fn begin(&self, events: u64) -> Option<Instant> {
        self.owner.counters().receive(events);
        let before = self.counters.receive(events);
        let timed = before < TIMED || before % TIMED < events || self.options.timeout.is_some();
        timed.then(Instant::now)
    }

    /// Records how long a call took, if it was timed, and returns it.
    pub(super) fn took(&self, events: u64, began: Option<Instant>) -> Option<Duration> {
        let took = began.map(|began| began.elapsed())?;
        let call = TimedCall::of(took);
        self.counters.took(events, call);
        self.owner.counters().took(events, call);
        Some(took)
    }

    /// The dead letter of an event that it finally failed to handle.
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

/// The counters of one handler so far.
///
/// Numbers of events are exact. Times are from a sample: the first calls, then one in 64; for a
/// handler with a `timeout`, every call.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct HandlerReport {
    /// Name of the plugin.
    pub plugin: &'static str,
    /// Name of the handler.
    pub handler: &'static str,
    /// The topic or pattern that it subscribes to.
    pub topic: String,
    /// Number of events with which it was called.
    pub received: u64,
    /// Number of calls that failed, panicked or timed out.
    pub errors: u64,
    /// Number of events with which it was called again after a failure.
    pub retries: u64,
    /// Number of events that became dead letters.
    pub dead_lettered: u64,
    /// Number of events that were neither handled nor kept as dead letters, by reason.
    pub dropped: DropCounts,
    /// Number of calls that timed out.
    pub timeouts: u64,
    /// Mean time of an event in timed calls, in nanoseconds.
    pub mean_nanos: u64,
    /// Longest timed call, in nanoseconds.
    pub max_nanos: u64,
    /// How long the timed calls took; each event of a batch counts.
    #[serde(skip)]
    pub latency: Distribution,
    /// Whether every call is timed.
    #[serde(skip)]
    pub times_every_call: bool,
}

/// Whether a handler wants an event: its subscription exists, and its filter accepts the event. A
/// filter is the plugin's code: if it panics, that is an error of the handler.
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
