//! The reports on a start and on a stop for the caller.

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
    /// How long `init` took, including retries.
    #[serde(rename = "init_us", serialize_with = "micros")]
    pub init: Duration,
    /// How long `start` took, including retries.
    #[serde(rename = "start_us", serialize_with = "micros")]
    pub start: Duration,
    /// The reason why the plugin does not run although the system does: its start policy is
    /// `ignore`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
}

/// How a system started.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct StartReport {
    /// The plugins in start order.
    pub plugins: Vec<PluginStart>,
    /// How long the whole start took.
    #[serde(rename = "took_us", serialize_with = "micros")]
    pub took: Duration,
}

/// A failure of a plugin that prevented the start of the system.
#[derive(Debug)]
#[non_exhaustive]
pub struct StartFailure {
    /// Name of the plugin.
    pub plugin: &'static str,
    /// `init` or `start`.
    pub stage: &'static str,
    /// The error.
    pub error: Error,
}

/// The error of a system that did not start. Everything that had started was stopped again.
#[derive(Debug)]
#[non_exhaustive]
pub struct StartError {
    /// The failures of the plugins; empty if the start was interrupted.
    pub failures: Vec<StartFailure>,
    /// How the plugins stopped that had been initialized or started.
    pub rollback: StopReport,
}

impl StartError {
    /// Whether the operator can solve the problem by changing config.
    #[must_use]
    pub fn is_config(&self) -> bool {
        !self.failures.is_empty()
            && (self.failures.iter()).all(|failure| {
                matches!(failure.error.kind(), ErrorKind::Config | ErrorKind::Denied)
            })
    }
}

/// Used in place of a plugin's name if the start failed before any plugin was touched.
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
    /// The error of the first plugin that failed.
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
    /// The parts of the stop that exceeded their time: `unsubscribe`, `drain`, `stop`, `tasks`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub late: Vec<&'static str>,
    /// Accepted events that the plugin did not handle, or that waited for a retry: they are dead
    /// letters now.
    pub dead_lettered: usize,
    /// Accepted events that are neither handled nor dead letters, because a handler blocks its
    /// thread and holds them. Requests that were accepted and not answered are included.
    pub lost: usize,
    /// The error that `stop` returned.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

impl PluginStop {
    /// Whether it stopped in time, without an error, and handled all its events.
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
    /// How long the whole stop took.
    #[serde(rename = "took_us", serialize_with = "micros")]
    pub took: Duration,
    /// The plugin whose failure stopped the system, and its error.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub escalated: Option<String>,
    /// Dead letters that are only in memory and end with the process, because no plugin provides
    /// [`DeadLetterStore`](crate::event::DeadLetterStore), or because the store failed.
    pub dead_letters: usize,
    /// Events that were accepted for durable subscriptions and could not be stored: they are lost.
    #[serde(skip_serializing_if = "is_zero")]
    pub unstored: usize,
}

impl StopReport {
    /// Whether the stop was requested, and every plugin stopped in time, without an error, and
    /// handled all its events.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.escalated.is_none()
            && self.unstored == 0
            && self.plugins.iter().all(PluginStop::is_clean)
    }

    /// Names of the plugins that exceeded their time.
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
