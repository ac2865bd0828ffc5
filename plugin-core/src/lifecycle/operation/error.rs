//! Why an operation was not carried out.

use std::fmt;

use crate::error::Error;
use crate::instance_name::{InstanceName, is_of};
use crate::lifecycle::configure_error::ConfigureError;
use crate::lifecycle::state::State;
use crate::nearest::nearest;
use crate::schedule::ScheduleState;

/// Why an operation was not carried out.
#[derive(Debug)]
#[non_exhaustive]
pub enum OperationError {
    /// No plugin of that name is in the build, or it has no instance of that number.
    Unknown {
        /// The name.
        plugin: String,
        /// The plugins of the build.
        known: Vec<&'static str>,
    },
    /// The plugin is not under management: config turned it off, or it was unloaded.
    NotLoaded {
        /// Name of the plugin.
        plugin: &'static str,
    },
    /// The plugin is in a state that does not allow it.
    State {
        /// Name of the plugin.
        plugin: &'static str,
        /// Its state.
        state: State,
    },
    /// Plugins that run can't be without it.
    Needed {
        /// Name of the plugin.
        plugin: &'static str,
        /// Who needs it.
        by: Vec<&'static str>,
    },
    /// Plugins that are under management, whether or not they run, can't be without it.
    Required {
        /// Name of the plugin.
        plugin: &'static str,
        /// Who can't be without it.
        by: Vec<&'static str>,
    },
    /// It can't be without plugins that do not run.
    Needs {
        /// Name of the plugin.
        plugin: &'static str,
        /// What it needs.
        missing: Vec<&'static str>,
    },
    /// The plugin failed on the way.
    Failed {
        /// Name of the plugin.
        plugin: &'static str,
        /// What happened.
        error: Error,
    },
    /// A new life of the plugin failed on the way, and the one that runs goes on.
    NotReplaced {
        /// Name of the plugin.
        plugin: &'static str,
        /// What happened.
        error: Error,
    },
    /// The plugin has no schedule of that name.
    UnknownSchedule {
        /// Name of the plugin.
        plugin: &'static str,
        /// The name.
        schedule: String,
        /// Those that it has.
        known: Vec<String>,
    },
    /// The schedule is in a state that does not allow it.
    ScheduleState {
        /// Name of the plugin.
        plugin: &'static str,
        /// Name of the schedule.
        schedule: String,
        /// Its state.
        state: ScheduleState,
    },
    /// The schedule runs, and its runs do not overlap.
    ScheduleRuns {
        /// Name of the plugin.
        plugin: &'static str,
        /// Name of the schedule.
        schedule: String,
    },
    /// The plugin that asks does not run, or not yet: see [`Operator`](crate::lifecycle::Operator).
    AskerState {
        /// Name of the plugin.
        plugin: &'static str,
        /// Its state.
        state: State,
    },
    /// Config that was read again is wrong; what held before goes on.
    Config(ConfigureError),
    /// Config could not be read or written at all.
    Unreadable(String),
    /// A plugin failed with the new config, so what held before holds again.
    RolledBack {
        /// Name of the plugin.
        plugin: &'static str,
        /// What happened.
        error: Error,
        /// The plugins that failed to come up again with the config of before.
        failed: Vec<&'static str>,
    },
    /// The config of the plugin has changed since it was looked at.
    Outdated {
        /// Name of the plugin.
        plugin: &'static str,
    },
    /// A key can't be set.
    NotSettable {
        /// The key.
        key: String,
    },
    /// No config of that number is kept.
    NoGeneration {
        /// The number.
        number: u64,
        /// Those that are kept.
        known: Vec<u64>,
    },
    /// No dry run of this operation can be made.
    NoPlan(&'static str),
    /// The system is stopping or has stopped.
    Stopping,
}

impl OperationError {
    /// What to do about it, where that can be said.
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

    /// Whether config is why: it was looked at, and not applied.
    pub(crate) fn is_of_config(&self) -> bool {
        matches!(
            self,
            Self::Config(_) | Self::RolledBack { .. } | Self::Unreadable(_) | Self::Needs { .. }
        )
    }

    /// Why, on one line, without what holds now.
    pub(crate) fn reason(&self) -> String {
        match self {
            Self::Config(error) => error.lines().join("; "),
            Self::RolledBack { plugin, error, .. } => format!("`{plugin}` failed with it: {error}"),
            _ => self.to_string(),
        }
    }

    /// What is wrong.
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
            Self::NoPlan(operation) => write!(f, "`{operation}` has no dry run"),
            Self::Stopping => f.write_str("the system is stopping"),
        }
    }
}

impl fmt::Display for OperationError {
    /// What is wrong, and what to do.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.what(f)?;
        match self.remedy() {
            Some(remedy) => write!(f, ": {remedy}"),
            None => Ok(()),
        }
    }
}

/// The parts of a name that a plugin there is would have, with a label or a number.
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

/// The word for one of them, or for any other number.
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
