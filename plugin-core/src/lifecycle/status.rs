//! What an observer sees: the state of each instance and of the whole.

use std::pin::pin;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use schemars::JsonSchema;
use serde::Serialize;
use tokio::sync::Notify;
use tokio::time::Instant;

use super::config_status::ConfigStatus;
use super::state::State;
use crate::config::{Isolation, Limit};
use crate::context::EventCounts;
use crate::descriptor::Kind;
use crate::event::BreakerStatus;
use crate::health::Health;
use crate::histogram::Distribution;
use crate::process::ProcessUsage;

/// The state of one instance.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct PluginStatus {
    /// Name of the instance.
    pub name: &'static str,
    /// Version of the plugin.
    pub version: String,
    /// What kind of plugin it is.
    pub kind: Kind,
    /// Tells this life of it from every other life of an instance in this process: what is counted of
    /// one life does not go on with that of another. 0 if it has not had any.
    #[serde(skip)]
    pub life: u64,
    /// Where it runs.
    pub isolation: Isolation,
    /// Why it runs there.
    pub isolation_because: String,
    /// Number of its own process, while it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub process_id: Option<u32>,
    /// Where it is in its life.
    pub state: State,
    /// How long it has been there.
    #[serde(rename = "in_state_ms", serialize_with = "millis")]
    #[schemars(with = "u64")]
    pub in_state: Duration,
    /// Whether it serves: it is running, and says that it is well.
    pub ready: bool,
    /// What it last said of itself.
    #[serde(flatten)]
    pub health: Health,
    /// How often it was restarted.
    pub restarts: u32,
    /// Text of its last failure.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_error: Option<String>,
    /// When it will be started again, if it will be by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_attempt: Option<NextAttempt>,
    /// Processor time that it took since its name came up in this process: measured at each poll of
    /// its tasks, its hooks and its queued handlers, estimated from a sample for inline ones.
    #[serde(rename = "cpu_ms", serialize_with = "millis")]
    #[schemars(with = "u64")]
    pub cpu: Duration,
    /// Processors that it kept busy between the last two looks at the health of all.
    pub cpu_share: f64,
    /// How long its tasks had to wait because it had taken its share, `resources.cpu`.
    #[serde(rename = "throttled_ms", serialize_with = "millis")]
    #[schemars(with = "u64")]
    pub throttled: Duration,
    /// Bytes that its code allocated and nobody has freed; `None` where no allocator counts them.
    pub memory: Option<u64>,
    /// Files that it has open through its `Files`.
    pub open_files: usize,
    /// The limits of what it may take, and by what they hold.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub limits: Vec<Limit>,
    /// Tasks of its own that run.
    pub tasks: usize,
    /// Events that wait in its mailbox.
    pub queued: usize,
    /// How long events waited there until their handler was called, of one in 256.
    #[serde(skip)]
    pub waits: Distribution,
    /// Most events that may wait there.
    pub queue_capacity: usize,
    /// Events of its durable handlers that are accepted and not in the store: they wait in memory,
    /// for a commit or for room.
    pub unstored: usize,
    /// What it did with events.
    pub events: EventCounts,
    /// How long its handlers took, of the calls that were timed in this life.
    #[serde(skip)]
    pub latency: Distribution,
    /// The circuit breakers of its handlers, in order of declaration.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub breakers: Vec<BreakerStatus>,
}

/// A start that the manager will make by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct NextAttempt {
    /// How long it is until then.
    #[serde(rename = "in_ms", serialize_with = "millis")]
    pub within: Duration,
    /// Which one it is, counted from 1.
    pub attempt: u32,
    /// How many there may be.
    pub of: u32,
}

/// The state of the whole.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct SystemStatus {
    /// Where the whole is in its life: starting, running, stopping or stopped. A plugin that was
    /// stopped, or has failed, by itself does not change that: it is not ready.
    pub state: State,
    /// Whether every plugin serves.
    pub ready: bool,
    /// Events that are accepted and not handled yet.
    pub backlog: usize,
    /// What the process takes, as the operating system says.
    pub process: ProcessStatus,
    /// The config that runs, and the last that somebody tried to have applied.
    pub config: ConfigStatus,
    /// The plugins in start order; those that config turned off are not among them.
    pub plugins: Vec<PluginStatus>,
}

/// What the process takes, as the operating system says: the plugins, the kernel, and the libraries
/// and threads that are nobody's. A figure that it does not give is none.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct ProcessStatus {
    /// Processor time so far.
    #[serde(rename = "cpu_ms", serialize_with = "maybe_millis")]
    #[schemars(with = "Option<u64>")]
    pub cpu: Option<Duration>,
    /// Processors that it kept busy between the last two looks at the health of all.
    pub cpu_share: f64,
    /// Bytes of it that are in memory: code, stacks, and what the allocator holds.
    pub memory: Option<u64>,
    /// Files, sockets and the like that it has open.
    pub open_files: Option<u64>,
    /// The limits of what it may take, and by what they hold.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub limits: Vec<Limit>,
}

impl ProcessStatus {
    pub(super) fn now(cpu_share: f64, limits: Vec<Limit>) -> Self {
        let usage = ProcessUsage::now();
        Self {
            limits,
            cpu: usage.cpu,
            cpu_share,
            memory: usage.memory,
            open_files: usage.open_files,
        }
    }
}

impl SystemStatus {
    pub(super) fn of(
        state: State,
        plugins: Vec<PluginStatus>,
        (backlog, process, config): (usize, ProcessStatus, ConfigStatus),
    ) -> Self {
        Self {
            state,
            ready: plugins.iter().all(|plugin| plugin.ready),
            backlog,
            process,
            config,
            plugins,
        }
    }

    /// Names of the plugins that do not serve.
    pub fn not_ready(&self) -> impl Iterator<Item = &'static str> {
        (self.plugins.iter())
            .filter(|plugin| !plugin.ready)
            .map(|plugin| plugin.name)
    }
}

fn millis<S: serde::Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u64(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX))
}

#[expect(clippy::ref_option, reason = "serde gives a reference")]
fn maybe_millis<S: serde::Serializer>(
    duration: &Option<Duration>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match duration {
        Some(duration) => millis(duration, serializer),
        None => serializer.serialize_none(),
    }
}

/// A start that is planned.
#[derive(Debug, Clone, Copy)]
pub(super) struct Again {
    pub(super) due: Instant,
    pub(super) attempt: u32,
    pub(super) of: u32,
}

impl Again {
    pub(super) fn told(self) -> NextAttempt {
        let Self { due, attempt, of } = self;
        NextAttempt {
            within: due.saturating_duration_since(Instant::now()),
            attempt,
            of,
        }
    }
}

/// The part of a status that changes, shared between the supervisor and observers.
#[derive(Debug)]
pub(super) struct Board {
    entry: Mutex<StatusEntry>,
    changed: Notify,
}

#[derive(Debug, Clone)]
pub(super) struct StatusEntry {
    pub(super) state: State,
    pub(super) since: Instant,
    pub(super) health: Health,
    pub(super) restarts: u32,
    pub(super) last_error: Option<String>,
    /// When it is to be started again.
    pub(super) again: Option<Again>,
    /// What a stop is waiting for, and until when.
    pub(super) waiting: Option<(&'static str, Instant)>,
}

impl Board {
    pub(super) fn new() -> Self {
        let entry = StatusEntry {
            state: State::Registered,
            since: Instant::now(),
            health: Health::Healthy,
            restarts: 0,
            last_error: None,
            again: None,
            waiting: None,
        };
        Self {
            entry: Mutex::new(entry),
            changed: Notify::new(),
        }
    }

    pub(super) fn read(&self) -> StatusEntry {
        self.lock().clone()
    }

    pub(super) fn change(&self, change: impl FnOnce(&mut StatusEntry)) {
        change(&mut self.lock());
        self.changed.notify_waiters();
    }

    /// Waits until it shows something.
    pub(super) async fn until(&self, shows: impl Fn(&StatusEntry) -> bool) {
        loop {
            let mut changed = pin!(self.changed.notified());
            // From here on no change goes unheard.
            changed.as_mut().enable();
            if shows(&self.lock()) {
                return;
            }
            changed.await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, StatusEntry> {
        self.entry.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
