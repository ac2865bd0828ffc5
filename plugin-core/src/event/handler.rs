//! A handler in the table: whose it is, how it is called, and what it did.

use std::cmp::Reverse;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use serde::Serialize;

use super::any::{AnyEvent, Payload};
use super::envelope::Meta;
use super::mailbox::Mailbox;
use super::nested::Nested;
use super::outcome::HandlerOutcome;
use crate::descriptor::{BoxFuture, SubscribeOptions};
use crate::error::{Error, ErrorKind, Result};
use crate::guard;
use crate::instance::{Counters, Identity};

/// Of each handler so many events are timed at first, and one in so many after them: to read the
/// clock twice takes longer than a short handler.
const TIMED: u64 = 64;

/// A synchronous call that takes longer than this is warned of by name, if it was timed.
pub(crate) const LONG_INLINE_CALL: Duration = Duration::from_millis(100);

/// What inline and queued handlers have in common.
#[derive(Debug)]
pub(crate) struct Site {
    pub(super) owner: Arc<Identity>,
    pub(super) handler: &'static str,
    pub(super) topic: String,
    pub(super) options: SubscribeOptions,
    /// Tells one subscription from every other, so that it can be taken out again.
    pub(super) subscription: u64,
    pub(super) counters: Counters,
    timeouts: AtomicU64,
    /// Whether the subscription has ended: no call begins any more.
    ended: Arc<AtomicBool>,
}

impl Site {
    pub(super) fn new(
        owner: &Arc<Identity>,
        handler: &'static str,
        topic: &str,
        options: SubscribeOptions,
        (subscription, ended): (u64, Arc<AtomicBool>),
    ) -> Self {
        Self {
            owner: Arc::clone(owner),
            handler,
            topic: topic.to_owned(),
            options,
            subscription,
            counters: Counters::default(),
            timeouts: AtomicU64::new(0),
            ended,
        }
    }

    pub(super) fn has_ended(&self) -> bool {
        self.ended.load(Relaxed)
    }

    /// Handlers are called by priority, then in start order, then in order of subscribing.
    pub(super) fn rank(&self) -> (Reverse<i32>, usize, u64) {
        (
            Reverse(self.options.priority),
            self.owner.order(),
            self.subscription,
        )
    }

    pub(super) fn outcome(&self, result: Result<()>) -> HandlerOutcome {
        HandlerOutcome {
            plugin: self.owner.name(),
            handler: self.handler,
            result,
        }
    }

    /// Counts a call that begins, and starts the clock if it is one of those that are timed.
    pub(super) fn begin(&self, events: u64) -> Option<Instant> {
        self.owner.counters().receive(events);
        let before = self.counters.receive(events);
        let timed = before < TIMED || before % TIMED < events || self.options.timeout.is_some();
        timed.then(Instant::now)
    }

    /// Notes how a call ended, and says how long it took if it was timed.
    pub(super) fn end(
        &self,
        meta: Meta,
        events: u64,
        began: Option<Instant>,
        result: &Result<()>,
    ) -> Option<Duration> {
        let took = began.map(|began| began.elapsed());
        if let Some(took) = took {
            self.counters.took(events, took);
            self.owner.counters().took(events, took);
        }
        if let Err(error) = result {
            self.failed(meta, error);
        }
        took
    }

    /// Counts a failure and tells the operator.
    fn failed(&self, meta: Meta, error: &Error) {
        self.counters.fail();
        self.owner.counters().fail();
        if error.kind() == ErrorKind::Timeout {
            self.timeouts.fetch_add(1, Relaxed);
        }
        tracing::error!(
            plugin = self.owner.name(),
            handler = self.handler,
            topic = %self.topic,
            event = %meta.id,
            kind = error.kind().as_str(),
            "handler failed: {error}"
        );
    }

    pub(super) fn report(&self) -> HandlerReport {
        let counts = self.counters.snapshot();
        HandlerReport {
            plugin: self.owner.name(),
            handler: self.handler,
            topic: self.topic.clone(),
            received: counts.received,
            errors: counts.errors,
            timeouts: self.timeouts.load(Relaxed),
            mean_nanos: counts.mean_nanos,
            max_nanos: counts.max_nanos,
        }
    }
}

/// What one handler did so far.
///
/// Numbers of events are exact. Times are those of a sample: the first calls, then one in 64; of a
/// handler with a `timeout` every call.
#[derive(Debug, Clone, Serialize)]
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
    /// Calls that ran out of time.
    pub timeouts: u64,
    /// Mean time of an event, of those that were timed, in nanoseconds.
    pub mean_nanos: u64,
    /// Longest call, of those that were timed, in nanoseconds.
    pub max_nanos: u64,
}

/// Calls a handler on the publisher's task: guarded, counted, measured now and then.
pub(super) fn call_inline(
    site: &Site,
    meta: Meta,
    function: impl FnOnce() -> Result<()>,
) -> Result<()> {
    let began = site.begin(1);
    let result = guard::call(site.owner.handling(meta.id), || {
        let _nested = Nested::begin(&site.topic)?;
        function()
    });
    let limit = site.options.timeout.unwrap_or(LONG_INLINE_CALL);
    if let Some(took) = site.end(meta, 1, began, &result)
        && took > limit
    {
        tracing::warn!(
            plugin = site.owner.name(),
            handler = site.handler,
            topic = %site.topic,
            event = %meta.id,
            ?took,
            ?limit,
            "a synchronous handler held its publisher up; make it an `async fn`, or do less in it"
        );
    }
    result
}

/// Whether a handler wants an event: its subscription goes on, and its filter lets it through. A
/// filter is the plugin's code: when it panics, that is the handler's error.
pub(super) fn admits<P>(
    site: &Site,
    filter: Option<&Filter<P>>,
    envelope: &super::Envelope<P>,
) -> bool {
    if site.has_ended() {
        return false;
    }
    let Some(filter) = filter else { return true };
    let meta = envelope.meta();
    guard::call(site.owner.handling(meta.id), || Ok(filter(envelope))).unwrap_or_else(|error| {
        site.failed(meta, &error.context("its filter"));
        false
    })
}

type InlineCall<P> = Box<dyn Fn(&super::Envelope<P>) -> Result<()> + Send + Sync>;
type Filter<P> = Box<dyn Fn(&super::Envelope<P>) -> bool + Send + Sync>;

/// A handler that runs on the publisher's task.
pub(crate) struct Inline<P> {
    pub(super) site: Arc<Site>,
    pub(super) filter: Option<Filter<P>>,
    pub(super) call: InlineCall<P>,
}

/// A handler that runs on its plugin's worker.
pub(crate) struct Queued<P> {
    pub(super) site: Arc<QueuedSite>,
    pub(super) filter: Option<Filter<P>>,
}

/// How a worker calls a handler.
pub(crate) enum QueuedCall {
    One(Box<dyn Fn(Arc<dyn Payload>) -> BoxFuture<'static, Result<()>> + Send + Sync>),
    Batch(Box<dyn Fn(Vec<Arc<dyn Payload>>) -> BoxFuture<'static, Result<()>> + Send + Sync>),
}

/// What publisher and worker know of a queued handler.
pub(crate) struct QueuedSite {
    pub(super) site: Site,
    pub(super) mailbox: Arc<Mailbox>,
    pub(super) limit: Duration,
    pub(super) call: QueuedCall,
}

/// A handler of events of any type, before it is bound to the routes that its pattern matches.
#[derive(Clone)]
pub(crate) enum AnyHandler {
    Inline {
        site: Arc<Site>,
        filter: Option<AnyFilter>,
        call: Arc<dyn Fn(&AnyEvent<'_>) -> Result<()> + Send + Sync>,
    },
    Queued {
        site: Arc<QueuedSite>,
        filter: Option<AnyFilter>,
    },
}

pub(crate) type AnyFilter = Arc<dyn Fn(&AnyEvent<'_>) -> bool + Send + Sync>;

impl AnyHandler {
    /// The handler for one type of payload.
    pub(super) fn bind<P: super::any::Carried>(self) -> Bound<P> {
        match self {
            Self::Inline { site, filter, call } => Bound::Inline(Inline {
                site,
                filter: filter.map(typed_filter),
                call: Box::new(move |envelope| call(&AnyEvent::new(envelope))),
            }),
            Self::Queued { site, filter } => Bound::Queued(Queued {
                site,
                filter: filter.map(typed_filter),
            }),
        }
    }
}

fn typed_filter<P: super::any::Carried>(filter: AnyFilter) -> Filter<P> {
    Box::new(move |envelope| filter(&AnyEvent::new(envelope)))
}

/// A handler bound to one type of payload.
pub(crate) enum Bound<P> {
    Inline(Inline<P>),
    Queued(Queued<P>),
}
