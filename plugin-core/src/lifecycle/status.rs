//! The status for observers: the state of each instance and of the whole system.

use std::pin::pin;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use schemars::JsonSchema;
use serde::Serialize;
use tokio::sync::Notify;
use tokio::time::Instant;

use super::config_status::ConfigStatus;
use super::state::State;
use crate::audit::AuditStatus;
use crate::config::{Isolation, Limit};
use crate::context::EventCounts;
use crate::descriptor::Kind;
use crate::event::BreakerStatus;
use crate::health::Health;
use crate::histogram::Distribution;
use crate::process::ProcessUsage;

/// The status of one instance.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct PluginStatus {
    /// Name of the instance.
    pub name: &'static str,
    /// Version of the plugin.
    pub version: String,
    /// The kind of the plugin.
    pub kind: Kind,
    /// A number that identifies this life of the instance; no two lives in this process have the
    /// same. Counters of one life do not continue in the next. 0 if it has not had a life yet.
    #[serde(skip)]
    pub life: u64,
    /// Where it runs.
    pub isolation: Isolation,
    /// Why it runs there.
    pub isolation_because: String,
    /// The id of its own process, while it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub process_id: Option<u32>,
    /// Its state.
    pub state: State,
    /// How long it has been in this state.
    #[serde(rename = "in_state_ms", serialize_with = "millis")]
    #[schemars(with = "u64")]
    pub in_state: Duration,
    /// Whether it serves: it is running, and its health is good.
    pub ready: bool,
    /// The health that it reported last.
    #[serde(flatten)]
    pub health: Health,
    /// How often it was restarted.
    pub restarts: u32,
    /// The text of its last failure.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_error: Option<String>,
    /// The restart that is planned, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_attempt: Option<NextAttempt>,
    /// Processor time that it has used since its name was first used in this process. It is
    /// measured at each poll of its tasks, hooks and queued handlers, and estimated from a sample
    /// for inline handlers.
    #[serde(rename = "cpu_ms", serialize_with = "millis")]
    #[schemars(with = "u64")]
    pub cpu: Duration,
    /// Number of processors that it kept busy between the last two health checks.
    pub cpu_share: f64,
    /// How long its tasks had to wait because it had used up its share `resources.cpu`.
    #[serde(rename = "throttled_ms", serialize_with = "millis")]
    #[schemars(with = "u64")]
    pub throttled: Duration,
    /// Bytes that its code has allocated and that are not freed yet; `None` if no allocator counts
    /// them.
    pub memory: Option<u64>,
    /// Files that it has open through its `Files`.
    pub open_files: usize,
    /// The limits on its resources, and how they are enforced.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub limits: Vec<Limit>,
    /// Number of its running tasks.
    pub tasks: usize,
    /// Events that wait in its mailbox.
    pub queued: usize,
    /// How long events waited in the mailbox until their handler was called, measured for one event
    /// in 256.
    #[serde(skip)]
    pub waits: Distribution,
    /// Most events that can wait in its mailbox.
    pub queue_capacity: usize,
    /// Events for its durable handlers that are accepted but not stored yet: they wait in memory
    /// for a commit or for room in the store.
    pub unstored: usize,
    /// The counters of its events.
    pub events: EventCounts,
    /// How long its handlers took, for the timed calls of this life.
    #[serde(skip)]
    pub latency: Distribution,
    /// The circuit breakers of its handlers, in order of declaration.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub breakers: Vec<BreakerStatus>,
}

/// A start that the manager has planned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct NextAttempt {
    /// The time until then.
    #[serde(rename = "in_ms", serialize_with = "millis")]
    pub within: Duration,
    /// The number of the attempt, counted from 1.
    pub attempt: u32,
    /// The number of attempts that are allowed.
    pub of: u32,
}

/// The status of the whole system.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct SystemStatus {
    /// The state of the whole system: starting, running, stopping or stopped. A single plugin that
    /// has failed or was stopped does not change this state; it only is not ready.
    pub state: State,
    /// Whether every plugin serves.
    pub ready: bool,
    /// Events that are accepted and not handled yet.
    pub backlog: usize,
    /// The resources that the process uses, according to the operating system.
    pub process: ProcessStatus,
    /// The running config, and the last attempt to apply a config.
    pub config: ConfigStatus,
    /// The state of the audit log.
    pub audit: AuditStatus,
    /// The plugins in start order, without those that config disables.
    pub plugins: Vec<PluginStatus>,
}

/// The resources that the process uses, according to the operating system. They include the
/// plugins, the kernel, and the libraries and threads that belong to no plugin. A value that the
/// system does not report is `None`.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct ProcessStatus {
    /// Processor time so far.
    #[serde(rename = "cpu_ms", serialize_with = "maybe_millis")]
    #[schemars(with = "Option<u64>")]
    pub cpu: Option<Duration>,
    /// Number of processors that it kept busy between the last two health checks.
    pub cpu_share: f64,
    /// Resident memory in bytes: code, stacks, and what the allocator holds.
    pub memory: Option<u64>,
    /// Open files, sockets and the like.
    pub open_files: Option<u64>,
    /// The limits on its resources, and how they are enforced.
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
        audit: AuditStatus,
    ) -> Self {
        Self {
            state,
            ready: plugins.iter().all(|plugin| plugin.ready),
            backlog,
            process,
            config,
            audit,
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

/// A planned start.
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

/// The part of a status that changes. The supervisor and observers share it.
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
    /// The planned start.
    pub(super) again: Option<Again>,
    /// What a stop waits for, and until when.
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

    /// Waits until the status satisfies `shows`.
    pub(super) async fn until(&self, shows: impl Fn(&StatusEntry) -> bool) {
        loop {
            let mut changed = pin!(self.changed.notified());
            // From here on, no change is missed.
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
