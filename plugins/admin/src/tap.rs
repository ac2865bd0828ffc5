//! Taps: they show events to a reader, and report how many were left out.
//!
//! On the publisher's task, a tapped event is serialized as JSON, once for all taps of a pattern,
//! and put into a queue if there is room; otherwise it is counted as lost. The publisher never
//! waits, and the number of readers makes no difference to it. A task of the plugin does the rest:
//! it hides secrets, applies the filters, and chooses within the limits which events are shown. The
//! events that wait for a reader are limited; further events are lost for this reader only.
//!
//! Invariants: no more than [`MOST_BYTES`] of events wait for the task, and no more than
//! [`TAP_BYTES`] for a reader; a pattern without taps is not observed any more.

pub(crate) mod filter;
pub(crate) mod sample;

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicI64, AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use plugin_core::Timestamp;
use plugin_core::config::mask_value;
use plugin_core::event::{AnyEvent, SubscriptionHandle};
use plugin_core::prelude::*;
use serde::Serialize;
use serde_json::Value;
use tokio::sync::{Notify, mpsc};
use tokio::time::{Instant, MissedTickBehavior};

use filter::TapFilter;
use sample::Sampler;

/// Events that may wait for the task.
const MOST: usize = 4096;

/// Bytes of events that may wait for the task.
const MOST_BYTES: usize = 8 << 20;

/// Bytes that may wait for one reader.
const TAP_BYTES: usize = 1 << 20;

/// Largest data that is shown, in bytes of JSON.
const LONGEST: usize = 64 << 10;

/// Interval at which the chosen events are passed to the readers.
const STEP: Duration = Duration::from_millis(100);

/// Number of events of a pattern that are processed in each interval. Further events are lost, so
/// that tapping a busy topic uses only a part of one processor.
const LOOKED_AT: i64 = 2000;

/// All taps of the service.
#[derive(Debug, Clone)]
pub(crate) struct Taps(Arc<Hub>);

#[derive(Debug)]
struct Hub {
    /// `None` if the plugin may not observe events.
    observer: Option<Observer>,
    queue: mpsc::Sender<Observed>,
    /// The task takes it.
    observed: Mutex<Option<mpsc::Receiver<Observed>>>,
    waiting: Arc<AtomicUsize>,
    groups: Mutex<Groups>,
    /// Notified when there is a tap after there was none.
    begun: Notify,
}

/// The tapped patterns, each with the subscription that ends when the pattern has no taps any more.
type Groups = HashMap<String, (Arc<Group>, SubscriptionHandle)>;

/// The taps of one pattern.
#[derive(Debug)]
struct Group {
    pattern: String,
    seen: AtomicU64,
    lost: AtomicU64,
    /// Number of events that may still be processed in this interval.
    budget: AtomicI64,
    taps: Mutex<Vec<Arc<Tap>>>,
}

/// An observed event.
struct Observed {
    group: Arc<Group>,
    topic: String,
    id: String,
    at: Timestamp,
    publisher: &'static str,
    trace: String,
    json: String,
}

/// The limits that a reader asks for.
#[derive(Debug, Clone)]
pub(crate) struct Wish {
    pub(crate) filter: Option<TapFilter>,
    /// Of this number of events, one is shown.
    pub(crate) sample: u32,
    /// Most events that are shown in a second.
    pub(crate) limit: u32,
}

/// The tap of one reader.
#[derive(Debug)]
struct Tap {
    filter: Option<TapFilter>,
    /// The counts of the group before the tap began.
    before: (u64, u64),
    state: Mutex<TapState>,
    ready: Arc<Notify>,
}

#[derive(Debug)]
struct TapState {
    sampler: Sampler<Arc<str>>,
    queue: VecDeque<Arc<str>>,
    bytes: usize,
    matched: u64,
    shown: u64,
    lost: u64,
}

/// A tap, which exists as long as this handle.
#[derive(Debug)]
pub(crate) struct TapHandle {
    hub: Arc<Hub>,
    group: Arc<Group>,
    tap: Arc<Tap>,
    /// The number of events that were left out, and lost, at the last report.
    told: (u64, u64),
}

/// The counts of a tap since it began.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, JsonSchema)]
pub(crate) struct TapCounts {
    /// Events that the pattern matches.
    pub(crate) seen: u64,
    /// Processed events that the filter accepted.
    pub(crate) matched: u64,
    /// Events that were shown.
    pub(crate) shown: u64,
    /// Events that were not processed because too many arrived at once, or that the reader was too
    /// slow to receive.
    pub(crate) lost: u64,
}

/// An event that a tap shows.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Tapped<'a> {
    /// Its topic.
    topic: &'a str,
    /// Its id, as the log shows it.
    id: &'a str,
    /// When it was observed.
    at: Timestamp,
    /// The publishing plugin.
    publisher: &'static str,
    /// Its trace.
    trace: &'a str,
    /// Its data without secrets; `null` if it is longer than 64 kB.
    payload: Value,
    /// The size of the data if it is not shown, in bytes of JSON.
    #[serde(skip_serializing_if = "Option::is_none")]
    left_out_bytes: Option<usize>,
}

impl Taps {
    pub(crate) fn new(observer: Option<Observer>) -> Self {
        let (queue, observed) = mpsc::channel(MOST);
        Self(Arc::new(Hub {
            observer,
            queue,
            observed: Mutex::new(Some(observed)),
            waiting: Arc::default(),
            groups: Mutex::default(),
            begun: Notify::new(),
        }))
    }

    /// Begins to show events of a pattern. `ready` is notified when there are events.
    pub(crate) fn open(
        &self,
        pattern: &str,
        wish: &Wish,
        ready: &Arc<Notify>,
    ) -> Result<TapHandle> {
        // The lock is held until the tap belongs to its pattern, because a pattern without taps is
        // removed.
        let mut groups = self.0.groups();
        let group = self.0.group(&mut groups, pattern)?;
        let tap = Arc::new(Tap {
            filter: wish.filter.clone(),
            before: (group.seen.load(Relaxed), group.lost.load(Relaxed)),
            state: Mutex::new(TapState {
                sampler: Sampler::new(wish.sample, wish.limit),
                queue: VecDeque::new(),
                bytes: 0,
                matched: 0,
                shown: 0,
                lost: 0,
            }),
            ready: Arc::clone(ready),
        });
        group.taps().push(Arc::clone(&tap));
        drop(groups);
        self.0.begun.notify_one();
        Ok(TapHandle {
            hub: Arc::clone(&self.0),
            group,
            tap,
            told: (0, 0),
        })
    }

    /// Processes observed events, and never returns.
    pub(crate) async fn run(&self) {
        let observed = self
            .0
            .observed
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        let Some(mut observed) = observed else { return };
        let mut last = Instant::now();
        let mut steps = tokio::time::interval(STEP);
        steps.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            if self.0.groups().is_empty() {
                self.0.begun.notified().await;
                steps.reset();
                last = Instant::now();
            }
            tokio::select! {
                biased;
                _ = steps.tick() => {
                    self.0.step(last.elapsed());
                    last = Instant::now();
                }
                Some(one) = observed.recv() => {
                    self.0.waiting.fetch_sub(one.json.len(), Relaxed);
                    one.show();
                }
            }
        }
    }
}

impl Hub {
    /// The taps of a pattern, which is observed from now on.
    fn group(&self, groups: &mut Groups, pattern: &str) -> Result<Arc<Group>> {
        if let Some((group, _)) = groups.get(pattern) {
            return Ok(Arc::clone(group));
        }
        let observer = (self.observer.as_ref()).ok_or_else(|| {
            Error::external(
                "`admin-plugin` may not look on at events: grant it `event_bus` with action \
                 `subscribe` in its `permissions`",
            )
        })?;
        let group = Arc::new(Group {
            pattern: pattern.to_owned(),
            seen: AtomicU64::new(0),
            lost: AtomicU64::new(0),
            budget: AtomicI64::new(LOOKED_AT),
            taps: Mutex::default(),
        });
        let (of_look, queue) = (Arc::clone(&group), self.queue.clone());
        let waiting = Arc::clone(&self.waiting);
        let look = move |event: &AnyEvent<'_>| look(&of_look, &queue, &waiting, event);
        let handle = observer.observe(pattern, look)?;
        groups.insert(pattern.to_owned(), (Arc::clone(&group), handle));
        Ok(group)
    }

    /// Passes the events that were chosen since the last interval to the readers.
    fn step(&self, passed: Duration) {
        let groups: Vec<_> = self
            .groups()
            .values()
            .map(|(group, _)| Arc::clone(group))
            .collect();
        for group in groups {
            group.budget.store(LOOKED_AT, Relaxed);
            group.taps().iter().for_each(|tap| tap.hand_out(passed));
        }
    }

    fn groups(&self) -> MutexGuard<'_, Groups> {
        self.groups.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The part on the publisher's task, which never waits.
fn look(
    group: &Arc<Group>,
    queue: &mpsc::Sender<Observed>,
    waiting: &AtomicUsize,
    event: &AnyEvent<'_>,
) {
    group.seen.fetch_add(1, Relaxed);
    let is_too_much = group.budget.fetch_sub(1, Relaxed) <= 0 || waiting.load(Relaxed) > MOST_BYTES;
    let (Ok(place), false) = (queue.try_reserve(), is_too_much) else {
        group.lost.fetch_add(1, Relaxed);
        return;
    };
    let Ok(json) = event.to_json_text() else {
        group.lost.fetch_add(1, Relaxed);
        return;
    };
    waiting.fetch_add(json.len(), Relaxed);
    place.send(Observed {
        group: Arc::clone(group),
        topic: event.topic().to_owned(),
        id: event.id().to_string(),
        at: Timestamp::now(),
        publisher: event.source(),
        trace: event.trace().to_string(),
        json,
    });
}

impl Group {
    fn taps(&self) -> MutexGuard<'_, Vec<Arc<Tap>>> {
        self.taps.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Observed {
    /// Offers the event to all taps of its pattern. Filters get it without secrets too, so that
    /// nobody can find out secrets with filters.
    fn show(&self) {
        let mut payload = serde_json::from_str(&self.json).unwrap_or_default();
        mask_value(&mut payload);
        let taps = self.group.taps().clone();
        let mut wanted = taps.iter().filter(|tap| tap.wants(&payload)).peekable();
        if wanted.peek().is_none() {
            return;
        }
        let wanted: Vec<_> = wanted.collect();
        let is_long = self.json.len() > LONGEST;
        let tapped = Tapped {
            topic: &self.topic,
            id: &self.id,
            at: self.at,
            publisher: self.publisher,
            trace: &self.trace,
            payload: if is_long { Value::Null } else { payload },
            left_out_bytes: is_long.then_some(self.json.len()),
        };
        let Ok(text) = serde_json::to_string(&tapped) else {
            return;
        };
        let text: Arc<str> = text.into();
        for tap in wanted {
            tap.take(Arc::clone(&text));
        }
    }
}

impl Tap {
    fn wants(&self, payload: &Value) -> bool {
        (self.filter.as_ref()).is_none_or(|filter| filter.admits(payload))
    }

    /// Counts an event that the filter accepts, and chooses whether to show it. Both happen under
    /// one lock, so that an event that waits to be shown is never reported as left out.
    fn take(&self, text: Arc<str>) {
        let mut state = self.state();
        state.matched += 1;
        state.sampler.offer(text);
    }

    /// Passes the chosen events to the reader, as far as there is room.
    fn hand_out(&self, passed: Duration) {
        let state = &mut *self.state();
        let chosen = state.sampler.hand_out(passed);
        if chosen.is_empty() {
            return;
        }
        for text in chosen {
            if state.bytes + text.len() > TAP_BYTES {
                state.lost += 1;
                continue;
            }
            state.bytes += text.len();
            state.queue.push_back(text);
        }
        self.ready.notify_one();
    }

    fn state(&self) -> MutexGuard<'_, TapState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl TapHandle {
    /// The pattern.
    pub(crate) fn pattern(&self) -> &str {
        &self.group.pattern
    }

    /// The next event, as JSON.
    pub(crate) fn next(&self) -> Option<Arc<str>> {
        let mut state = self.tap.state();
        let text = state.queue.pop_front()?;
        state.bytes -= text.len();
        state.shown += 1;
        Some(text)
    }

    /// The counts, if more events were left out since the last report.
    pub(crate) fn left_out(&mut self) -> Option<TapCounts> {
        let counts = self.counts();
        let waiting = {
            let state = self.tap.state();
            state.queue.len() + state.sampler.waiting()
        };
        let left = counts.matched.saturating_sub(counts.shown + waiting as u64);
        if left <= self.told.0 && counts.lost <= self.told.1 {
            return None;
        }
        self.told = (left, counts.lost);
        Some(counts)
    }

    /// The counts so far.
    pub(crate) fn counts(&self) -> TapCounts {
        let state = self.tap.state();
        let (seen, lost) = self.tap.before;
        TapCounts {
            seen: self.group.seen.load(Relaxed) - seen,
            matched: state.matched,
            shown: state.shown,
            lost: self.group.lost.load(Relaxed) - lost + state.lost,
        }
    }
}

impl Drop for TapHandle {
    fn drop(&mut self) {
        let mut groups = self.hub.groups();
        let mut taps = self.group.taps();
        taps.retain(|tap| !Arc::ptr_eq(tap, &self.tap));
        if taps.is_empty() {
            let ended = groups.remove(&self.group.pattern);
            drop((taps, groups));
            // This is done without the locks, because it changes the dispatch table.
            drop(ended);
        }
    }
}
