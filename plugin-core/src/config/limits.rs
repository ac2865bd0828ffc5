//! The limits that config sets, and how each of them is enforced. A limit that is only observed
//! says so.

use std::fmt;

use schemars::JsonSchema;
use serde::Serialize;

use super::isolation::Isolation;
use super::manager::ManagerConfig;
use super::plugin::Resources;
use super::policy::{MemoryBreach, ProcessBreach};
use crate::accounting::measures_cpu;
use crate::context::bills_memory;
use crate::process::ProcessUsage;

/// A limit that config sets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct Limit {
    /// Its key: `resources.memory`.
    pub key: &'static str,
    /// The configured limit, such as `64 MB`.
    pub asked: String,
    /// How the limit is enforced.
    pub means: LimitMeans,
    /// The effect of that, in words.
    pub how: String,
    /// Whether this process was found to have what the limit needs; `None` if the limit needs
    /// nothing besides the kernel's own counting.
    pub probed: Option<bool>,
}

/// How a limit is enforced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum LimitMeans {
    /// What exceeds the limit is refused.
    Refused,
    /// An instance that exceeds the limit has to wait.
    Delayed,
    /// The value is checked from time to time, and a policy decides what happens.
    Observed,
    /// The limit is not enforced: this build does not measure the value.
    NotMeasured,
}

impl LimitMeans {
    /// The word that JSON output uses.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::Delayed => "delayed",
            Self::Observed => "observed",
            Self::NotMeasured => "not measured",
        }
    }
}

impl fmt::Display for LimitMeans {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The reason why the memory of each plugin is not known.
pub(super) const NOT_MEASURED: &str =
    "not measured in this build: build with `--features accounting`";

impl Resources {
    /// The configured limits of an instance that runs in the given place.
    #[must_use]
    pub fn limits(&self, isolation: Isolation) -> Vec<Limit> {
        let tasks = self.tasks.map(|tasks| Limit {
            key: "resources.tasks",
            asked: tasks.to_string(),
            means: LimitMeans::Refused,
            how: "`Tasks::spawn` refuses one more".to_owned(),
            probed: None,
        });
        let files = self.file_handles.map(|files| Limit {
            key: "resources.file_handles",
            asked: files.to_string(),
            means: LimitMeans::Refused,
            how: "`Files` refuses one more; what is opened past it is not counted".to_owned(),
            probed: None,
        });
        let cpu = self.cpu.map(|cpu| delayed("resources.cpu", cpu));
        let memory = self.memory.map(|memory| match isolation {
            Isolation::InProcess => self.memory_limit(memory),
            Isolation::Process => memory_of_process(memory),
        });
        [tasks, memory, cpu, files].into_iter().flatten().collect()
    }

    fn memory_limit(&self, memory: u64) -> Limit {
        let then = match self.on_breach {
            MemoryBreach::Warn => "a warning",
            MemoryBreach::Restart => "it fails, and `restart` decides",
            MemoryBreach::Stop => "it fails, and is not started again",
        };
        let is_measured = bills_memory();
        Limit {
            key: "resources.memory",
            asked: format!("{memory} MB"),
            means: match is_measured {
                true => LimitMeans::Observed,
                false => LimitMeans::NotMeasured,
            },
            how: match is_measured {
                true => {
                    format!("looked at with its health: a warning at 80 %, at the limit {then}")
                }
                false => NOT_MEASURED.to_owned(),
            },
            probed: Some(is_measured),
        }
    }
}

impl ManagerConfig {
    /// The configured limits of the process.
    #[must_use]
    pub fn limits(&self) -> Vec<Limit> {
        let then = match self.on_breach {
            ProcessBreach::Warn => "another one",
            ProcessBreach::Stop => "the service stops",
        };
        let memory = self.max_memory.map(|memory| Limit {
            key: "max_memory",
            asked: format!("{memory} MB"),
            means: LimitMeans::Observed,
            how: format!(
                "looked at with the plugins' health: a warning at 80 %, at the limit {then}"
            ),
            probed: Some(ProcessUsage::now().memory.is_some()),
        });
        let cpu = self.max_cpu.map(|cpu| delayed("max_cpu", cpu));
        [memory, cpu].into_iter().flatten().collect()
    }
}

/// The memory limit of an instance in a process of its own.
fn memory_of_process(memory: u64) -> Limit {
    Limit {
        key: "resources.memory",
        asked: format!("{memory} MB"),
        means: LimitMeans::Refused,
        how:
            "the system gives its process no more (RLIMIT_DATA): an allocation that fails ends the \
              process"
                .to_owned(),
        probed: None,
    }
}

fn delayed(key: &'static str, cpu: f64) -> Limit {
    Limit {
        key,
        asked: format!("{cpu} of a processor"),
        means: LimitMeans::Delayed,
        how: "tasks, queued handlers and answers wait until it is their share again; a call that \
              does not wait can't be held up, nor can inline handlers and hooks"
            .to_owned(),
        probed: Some(measures_cpu()),
    }
}
