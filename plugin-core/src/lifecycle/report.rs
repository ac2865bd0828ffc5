//! What the caller is told of a start and of a stop.

use std::fmt;
use std::time::Duration;

use serde::Serialize;

use crate::error::{Error, ErrorKind};
use crate::printable;

/// How one plugin started.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct PluginStart {
    /// Name of the plugin.
    pub name: &'static str,
    /// How long `init` took, retries included.
    #[serde(rename = "init_us", serialize_with = "micros")]
    pub init: Duration,
    /// How long `start` took, retries included.
    #[serde(rename = "start_us", serialize_with = "micros")]
    pub start: Duration,
    /// Why it does not run, although the system does: its start policy is `ignore`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
}

/// How a system started.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct StartReport {
    /// The plugins in start order.
    pub plugins: Vec<PluginStart>,
    /// How long all took.
    #[serde(rename = "took_us", serialize_with = "micros")]
    pub took: Duration,
}

/// A plugin that kept the system from starting.
#[derive(Debug)]
#[non_exhaustive]
pub struct StartFailure {
    /// Name of the plugin.
    pub plugin: &'static str,
    /// `init` or `start`.
    pub stage: &'static str,
    /// What happened.
    pub error: Error,
}

/// A system that did not start. What had started is stopped again.
#[derive(Debug)]
#[non_exhaustive]
pub struct StartError {
    /// The plugins that failed; empty when the start was interrupted.
    pub failures: Vec<StartFailure>,
    /// How the plugins stopped that had been built or started.
    pub rollback: StopReport,
}

impl StartError {
    /// Whether the operator can mend it by changing config.
    #[must_use]
    pub fn is_config(&self) -> bool {
        !self.failures.is_empty()
            && (self.failures.iter()).all(|failure| {
                matches!(failure.error.kind(), ErrorKind::Config | ErrorKind::Denied)
            })
    }
}

/// In the place of a plugin's name, where the start failed before any plugin was touched.
pub(super) const MANAGER: &str = "manager";

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.failures.is_empty() {
            f.write_str("the start was interrupted; what had started is stopped again")?;
        }
        for (at, failure) in self.failures.iter().enumerate() {
            let line = if at == 0 { "" } else { "\n" };
            let error = failure.error.to_string();
            let error = printable::line(&error);
            match failure.plugin {
                MANAGER => write!(f, "{line}can't start: {error}")?,
                plugin => write!(
                    f,
                    "{line}plugin `{plugin}` failed in `{}`: {error}",
                    failure.stage
                )?,
            }
        }
        Ok(())
    }
}

impl std::error::Error for StartError {
    /// What the first plugin that failed said.
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(self.failures.first()?.error.as_dyn())
    }
}

/// How one plugin stopped.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct PluginStop {
    /// Name of the plugin.
    pub name: &'static str,
    /// How long it took.
    #[serde(rename = "took_us", serialize_with = "micros")]
    pub took: Duration,
    /// What was not done in time: `unsubscribe`, `drain`, `stop`, `tasks`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub late: Vec<&'static str>,
    /// Accepted events that it did not come to, or that waited for a retry: they are in the dead
    /// letters.
    pub dead_lettered: usize,
    /// Accepted events that are neither handled nor in the dead letters: a handler blocks its
    /// thread and keeps them. Also requests that were taken and not answered.
    pub lost: usize,
    /// What `stop` returned.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

impl PluginStop {
    /// Whether it stopped in time, without an error, and came to all its events.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.late.is_empty() && self.lost == 0 && self.dead_lettered == 0 && self.error.is_none()
    }
}

/// How a system stopped.
#[derive(Debug, Clone, Default, Serialize)]
#[non_exhaustive]
pub struct StopReport {
    /// The plugins in the order in which they stopped.
    pub plugins: Vec<PluginStop>,
    /// How long all took.
    #[serde(rename = "took_us", serialize_with = "micros")]
    pub took: Duration,
    /// The plugin whose failure stopped the system, and what it said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub escalated: Option<String>,
    /// Dead letters that were kept in memory only, and end with the process: no plugin provides
    /// [`DeadLetterStore`](crate::event::DeadLetterStore), or it failed to take them.
    pub dead_letters: usize,
    /// Events that were accepted for durable subscriptions and could not be stored: they are lost.
    #[serde(skip_serializing_if = "is_zero")]
    pub unstored: usize,
}

impl StopReport {
    /// Whether every plugin stopped in time, without an error, came to all its events, and stopped
    /// because it was asked to.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.escalated.is_none()
            && self.unstored == 0
            && self.plugins.iter().all(PluginStop::is_clean)
    }

    /// Names of the plugins that were late.
    pub fn late(&self) -> impl Iterator<Item = &'static str> {
        (self.plugins.iter())
            .filter(|plugin| !plugin.late.is_empty())
            .map(|plugin| plugin.name)
    }
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde calls it with a reference"
)]
fn is_zero(count: &usize) -> bool {
    *count == 0
}

pub(super) fn micros<S: serde::Serializer>(
    duration: &Duration,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.serialize_u64(u64::try_from(duration.as_micros()).unwrap_or(u64::MAX))
}
