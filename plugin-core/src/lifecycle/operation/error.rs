//! Why an operation was not carried out.

use std::fmt;

use crate::error::Error;
use crate::instance_name::{InstanceName, is_of};
use crate::lifecycle::configure_error::ConfigureError;
use crate::lifecycle::state::State;
use crate::nearest::nearest;
use crate::schedule::ScheduleState;

/// The reason why an operation was not carried out.
#[derive(Debug)]
#[non_exhaustive]
pub enum OperationError {
    /// The build has no plugin with this name, or the plugin has no instance with this number.
    Unknown {
        /// The name.
        plugin: String,
        /// The plugins of the build.
        known: Vec<&'static str>,
    },
    /// The plugin is not under management: config disables it, or it was unloaded.
    NotLoaded {
        /// Name of the plugin.
        plugin: &'static str,
    },
    /// The plugin is in a state that does not allow the operation.
    State {
        /// Name of the plugin.
        plugin: &'static str,
        /// Its state.
        state: State,
    },
    /// Running plugins need this plugin.
    Needed {
        /// Name of the plugin.
        plugin: &'static str,
        /// The plugins that need it.
        by: Vec<&'static str>,
    },
    /// Plugins under management need this plugin, whether or not they run.
    Required {
        /// Name of the plugin.
        plugin: &'static str,
        /// The plugins that need it.
        by: Vec<&'static str>,
    },
    /// The plugin needs plugins that do not run.
    Needs {
        /// Name of the plugin.
        plugin: &'static str,
        /// The plugins that it needs.
        missing: Vec<&'static str>,
    },
    /// The plugin failed during the operation.
    Failed {
        /// Name of the plugin.
        plugin: &'static str,
        /// The error of the plugin.
        error: Error,
    },
    /// The new life of the plugin failed during its start; the running one continues.
    NotReplaced {
        /// Name of the plugin.
        plugin: &'static str,
        /// The error of the plugin.
        error: Error,
    },
    /// The plugin has no schedule with this name.
    UnknownSchedule {
        /// Name of the plugin.
        plugin: &'static str,
        /// The name.
        schedule: String,
        /// The schedules of the plugin.
        known: Vec<String>,
    },
    /// The schedule is in a state that does not allow the operation.
    ScheduleState {
        /// Name of the plugin.
        plugin: &'static str,
        /// Name of the schedule.
        schedule: String,
        /// Its state.
        state: ScheduleState,
    },
    /// A run of the schedule is in progress, and its runs may not overlap.
    ScheduleRuns {
        /// Name of the plugin.
        plugin: &'static str,
        /// Name of the schedule.
        schedule: String,
    },
    /// The plugin that requests the operation does not run, or does not run yet: see
    /// [`Operator`](crate::lifecycle::Operator).
    AskerState {
        /// Name of the plugin.
        plugin: &'static str,
        /// Its state.
        state: State,
    },
    /// The config that was read again is wrong; the old config still applies.
    Config(ConfigureError),
    /// The config could not be read or written.
    Unreadable(String),
    /// A plugin failed with the new config, so the old config was restored.
    RolledBack {
        /// Name of the plugin.
        plugin: &'static str,
        /// The error of the plugin.
        error: Error,
        /// The plugins that failed to start again with the old config.
        failed: Vec<&'static str>,
    },
    /// The config of the plugin has changed since the caller read it.
    Outdated {
        /// Name of the plugin.
        plugin: &'static str,
    },
    /// A key can't be set.
    NotSettable {
        /// The key.
        key: String,
    },
    /// There is no kept config with this number.
    NoGeneration {
        /// The number.
        number: u64,
        /// The numbers of the kept configs.
        known: Vec<u64>,
    },
    /// The audit log can't be written, so operators can't change anything. This is the reason.
    NotRecorded(String),
    /// The operation does not support a dry run.
    NoPlan(&'static str),
    /// The system is stopping or has stopped.
    Stopping,
}

impl OperationError {
    /// How to solve the problem, if that is known.
    #[must_use]
    pub fn remedy(&self) -> Option<String> {
        Some(match self {
            Self::Unknown { plugin, known } => match instance_of(plugin, known) {
                None => {
                    let meant = nearest(plugin, known.iter().copied())?;
                    format!("did you mean `{meant}`?")
                }
                Some(name) => {
                    let others = known.iter().filter(|other| is_of(other, name.plugin));
                    let others = others.copied().filter(|other| *other != name.plugin);
                    match (name.number, nearest(name.section, others)) {
                        (Some(_), _) if known.contains(&name.section) => {
                            format!("`replicas` of `{}` says how many there are", name.section)
                        }
                        (_, Some(meant)) => format!("did you mean `{meant}`?"),
                        _ => format!("a section `{}` of a config file makes it", name.section),
                    }
                }
            },
            Self::NotLoaded { .. } => {
                "`load` brings it in until the next start of the process, `enable` for good"
                    .to_owned()
            }
            Self::Needed { by, .. } => {
                let them = one_or(by, "it", "them");
                format!("stop {them} first, or all of them with `cascade`")
            }
            Self::Required { by, .. } => {
                format!("with `cascade` {} too", one_or(by, "it goes", "they go"))
            }
            Self::Needs { missing, .. } => {
                let them = one_or(missing, "it", "them");
                format!("`start` {them} first, or `load` what is not loaded")
            }
            Self::NotRecorded(_) => {
                "make room on the disk; commands that change nothing work meanwhile".to_owned()
            }
            Self::ScheduleRuns { .. } => "wait for its end".to_owned(),
            Self::Outdated { .. } => "look at it again, and then change it".to_owned(),
            Self::NotSettable { key } if key.starts_with("enabled") => {
                "`enable` and `disable` say whether a plugin is on".to_owned()
            }
            Self::NoGeneration { known, .. } => {
                let known: Vec<_> = known.iter().map(u64::to_string).collect();
                match known.is_empty() {
                    true => "none was applied from files yet".to_owned(),
                    false => format!("those that are kept are {}", known.join(", ")),
                }
            }
            _ => return None,
        })
    }

    /// Whether the operation read config and did not apply it.
    pub(crate) fn is_of_config(&self) -> bool {
        matches!(
            self,
            Self::Config(_) | Self::RolledBack { .. } | Self::Unreadable(_) | Self::Needs { .. }
        )
    }

    /// The reason on one line, without what is in force now.
    pub(crate) fn reason(&self) -> String {
        match self {
            Self::Config(error) => error.lines().join("; "),
            Self::RolledBack { plugin, error, .. } => format!("`{plugin}` failed with it: {error}"),
            _ => self.to_string(),
        }
    }

    /// Writes what is wrong.
    fn what(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown { plugin, known } => {
                let noun = instance_of(plugin, known).map_or("plugin", |_| "instance");
                write!(f, "there is no {noun} `{plugin}`")
            }
            Self::NotLoaded { plugin } => write!(f, "`{plugin}` is not loaded"),
            Self::State { plugin, state } => write!(f, "`{plugin}` is {state}"),
            Self::Needed { plugin, by } => {
                let run = one_or(by, "runs", "run");
                write!(f, "`{plugin}` is needed by {}, which {run}", quoted(by))
            }
            Self::Required { plugin, by } => {
                let stay = one_or(by, "stays, which", "stay, which");
                let by = quoted(by);
                write!(
                    f,
                    "`{plugin}` can't go while {by} {stay} can't be without it"
                )
            }
            Self::Needs { plugin, missing } => {
                let run = one_or(missing, "does not run", "do not run");
                write!(f, "`{plugin}` needs {}, which {run}", quoted(missing))
            }
            Self::Failed { plugin, error } => write!(f, "`{plugin}` failed: {error}"),
            Self::NotReplaced { plugin, error } => write!(
                f,
                "`{plugin}` goes on as it was, because a new life of it failed: {error}"
            ),
            Self::UnknownSchedule {
                plugin,
                schedule,
                known,
            } if known.is_empty() => {
                write!(f, "`{plugin}` has no schedule `{schedule}`, and no other")
            }
            Self::UnknownSchedule {
                plugin,
                schedule,
                known,
            } => write!(
                f,
                "`{plugin}` has no schedule `{schedule}`: it has {}",
                quoted(known)
            ),
            Self::ScheduleState {
                plugin,
                schedule,
                state,
            } => write!(f, "schedule `{schedule}` of `{plugin}` is {state}"),
            Self::ScheduleRuns { plugin, schedule } => write!(
                f,
                "schedule `{schedule}` of `{plugin}` runs, and its runs do not overlap"
            ),
            Self::AskerState { plugin, state } => write!(
                f,
                "`{plugin}` is {state}: it can operate the system only while it runs"
            ),
            Self::Config(error) => {
                write!(
                    f,
                    "the config is not taken over, what held before goes on:\n{error}"
                )
            }
            Self::Unreadable(what) => f.write_str(what),
            Self::RolledBack {
                plugin,
                error,
                failed,
            } => {
                write!(
                    f,
                    "the config is not taken over, what held before holds again: `{plugin}` failed with the new one: {error}"
                )?;
                match &**failed {
                    [] => Ok(()),
                    failed => write!(
                        f,
                        "; of the plugins that were changed back, {} failed to come up again",
                        quoted(failed)
                    ),
                }
            }
            Self::Outdated { plugin } => {
                write!(f, "the config of `{plugin}` has changed meanwhile")
            }
            Self::NotSettable { key } => write!(f, "`{key}` can't be set"),
            Self::NoGeneration { number, .. } => write!(f, "there is no config {number}"),
            Self::NotRecorded(reason) => write!(
                f,
                "nothing is done, because it could not be recorded in the audit log: {reason}"
            ),
            Self::NoPlan(operation) => write!(f, "`{operation}` has no dry run"),
            Self::Stopping => f.write_str("the system is stopping"),
        }
    }
}

impl fmt::Display for OperationError {
    /// Writes what is wrong and how to solve it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.what(f)?;
        match self.remedy() {
            Some(remedy) => write!(f, ": {remedy}"),
            None => Ok(()),
        }
    }
}

/// The parts of a name that has a label or a number, if its plugin exists.
fn instance_of<'n>(name: &'n str, known: &[&str]) -> Option<InstanceName<'n>> {
    let parts = InstanceName::of(name);
    let is_one = parts.plugin != name && known.contains(&parts.plugin);
    is_one.then_some(parts)
}

fn quoted<T: AsRef<str>>(names: &[T]) -> String {
    let names: Vec<_> = names
        .iter()
        .map(|name| format!("`{}`", name.as_ref()))
        .collect();
    names.join(", ")
}

/// The first word for one name, the second for any other number of names.
fn one_or<T>(names: &[T], one: &'static str, more: &'static str) -> &'static str {
    match names {
        [_] => one,
        _ => more,
    }
}

impl std::error::Error for OperationError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Failed { error, .. } | Self::RolledBack { error, .. } => Some(error.as_dyn()),
            Self::Config(error) => Some(error),
            _ => None,
        }
    }
}
