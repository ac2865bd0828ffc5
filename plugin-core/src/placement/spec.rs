//! What a child is told of the instance that it runs.

use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::frame::PROTOCOL;
use crate::config::Resources;
use crate::permission::Permission;

/// What a child is told of the instance that it runs.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct InstanceSpec {
    /// The version of the protocol that the host speaks.
    pub(super) protocol: u32,
    /// The version of the plugin that the host has.
    pub(super) version: String,
    /// Name of the plugin.
    pub(crate) plugin: String,
    /// Name of the instance.
    pub(crate) instance: String,
    /// Its own section of config; it may hold secrets.
    pub(crate) config: Value,
    pub(crate) data_dir: PathBuf,
    /// What it may do; without, all that its types grant.
    pub(crate) permissions: Option<Vec<Permission>>,
    pub(crate) resources: Resources,
    /// How long the child may give no sign of life.
    pub(super) watchdog: Duration,
    pub(crate) timeout: Duration,
    pub(crate) max_event_depth: u16,
    /// The label of the instance that it takes services and answers from, by their keys.
    pub(crate) bindings: Vec<(u64, String)>,
    /// The services that it takes from the host, by their keys, and the names of the instances that
    /// provide them.
    pub(super) services: Vec<(u64, String)>,
    /// The keys of the requests that somebody answers.
    pub(crate) answered: Vec<u64>,
    /// What its life before left.
    pub(crate) snapshot: Option<Value>,
    /// The most that the log of the host takes, from 0, nothing, to 5, traces.
    pub(super) level: u8,
}

impl InstanceSpec {
    /// The most memory that it may have, for people; if the system gives it no more.
    pub(super) fn memory(&self) -> Option<String> {
        let memory = self.resources.memory?;
        Some(format!("it may have {memory} MB (`resources.memory`)"))
    }

    pub(super) fn level(&self) -> u8 {
        self.level
    }

    /// Why a child of this build can't run it, if it can't.
    pub(super) fn misfit(&self, version: &str) -> Option<String> {
        if self.protocol != PROTOCOL {
            return Some(format!(
                "the host speaks version {} of the protocol, and this binary version {PROTOCOL}: \
                 start both from one build",
                self.protocol
            ));
        }
        (self.version != version).then(|| {
            format!(
                "the host has version {} of `{}`, and this binary version {version}: start both \
                 from one build",
                self.version, self.plugin
            )
        })
    }
}

impl std::fmt::Debug for InstanceSpec {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("InstanceSpec")
            .field("instance", &self.instance)
            .finish_non_exhaustive()
    }
}
