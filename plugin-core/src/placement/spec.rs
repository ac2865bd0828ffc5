//! The description of an instance that the host sends to its child.

use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::frame::PROTOCOL;
use crate::config::Resources;
use crate::permission::Permission;

/// The description of an instance that the host sends to its child.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct InstanceSpec {
    /// The version of the protocol that the host uses.
    pub(super) protocol: u32,
    /// The version of the plugin in the host.
    pub(super) version: String,
    /// Name of the plugin.
    pub(crate) plugin: String,
    /// Name of the instance.
    pub(crate) instance: String,
    /// The plugin's own section of config, which may contain secrets.
    pub(crate) config: Value,
    pub(crate) data_dir: PathBuf,
    /// What it may do; `None` means everything that its types ask for.
    pub(crate) permissions: Option<Vec<Permission>>,
    pub(crate) resources: Resources,
    /// How long the child may give no sign of life.
    pub(super) watchdog: Duration,
    pub(crate) timeout: Duration,
    pub(crate) max_event_depth: u16,
    /// The labels of the instances that provide services and answers to it, by the keys of these.
    pub(crate) bindings: Vec<(u64, String)>,
    /// The services that it takes from the host, by their keys, and the names of the instances that
    /// provide them.
    pub(super) services: Vec<(u64, String)>,
    /// The keys of the requests that have a responder.
    pub(crate) answered: Vec<u64>,
    /// The snapshot that its previous life left.
    pub(crate) snapshot: Option<Value>,
    /// The most detailed level that the host's log accepts, from 0, nothing, to 5, traces.
    pub(super) level: u8,
}

impl InstanceSpec {
    /// The memory limit as text, if the system enforces one.
    pub(super) fn memory(&self) -> Option<String> {
        let memory = self.resources.memory?;
        Some(format!("it may have {memory} MB (`resources.memory`)"))
    }

    pub(super) fn level(&self) -> u8 {
        self.level
    }

    /// The reason why a child of this build can't run it; `None` if it can.
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
