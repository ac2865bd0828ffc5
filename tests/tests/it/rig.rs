//! A set of plugins, what config says of them, and a directory of their own.

use std::ops::Deref;
use std::path::PathBuf;
use std::sync::Arc;

use plugin_core::config::Sources;
use plugin_core::lifecycle::{
    ConfigureError, Configured, Manager, PluginStatus, Running, StopReport,
};
use plugin_core::{Composition, Descriptor};
use serde_json::Value;
use tempfile::TempDir;

/// A set of plugins that is ready to be configured, again and again.
pub(crate) struct Rig {
    composition: Composition,
    sources: Sources,
    data: Arc<TempDir>,
}

/// A running system, whose directory stays as long as it runs.
pub(crate) struct Started {
    running: Running,
    _data: Arc<TempDir>,
}

impl Rig {
    pub(crate) fn new(plugins: &[&'static Descriptor]) -> Self {
        Self::from_sources(plugins, Sources::new())
    }

    /// With files, variables or texts, over which the test's own settings go.
    pub(crate) fn from_sources(plugins: &[&'static Descriptor], sources: Sources) -> Self {
        let data = tempfile::tempdir().unwrap();
        Self {
            composition: Composition::assemble(plugins).unwrap(),
            sources: sources.data_dir(data.path()),
            data: Arc::new(data),
        }
    }

    /// Other plugins in the same directory.
    pub(crate) fn with_plugins(&self, plugins: &[&'static Descriptor]) -> Self {
        Self {
            composition: Composition::assemble(plugins).unwrap(),
            sources: Sources::new().data_dir(self.data.path()),
            data: Arc::clone(&self.data),
        }
    }

    /// Sets the `config` of a plugin.
    pub(crate) fn config(mut self, plugin: &str, config: Value) -> Self {
        self.sources = self.sources.plugin_config(plugin, config);
        self
    }

    /// Sets a key of the kernel's in a plugin's section, or in the manager's.
    pub(crate) fn set(mut self, section: &str, key: &str, value: impl Into<Value>) -> Self {
        self.sources = self.sources.set([section, key], value);
        self
    }

    pub(crate) fn composition(&self) -> &Composition {
        &self.composition
    }

    pub(crate) fn configure(&self) -> Result<Configured, ConfigureError> {
        Manager::builder(&self.composition)
            .sources(self.sources.clone())
            .configure()
    }

    pub(crate) async fn start(&self) -> Started {
        Started {
            running: self.configure().unwrap().start().await.unwrap(),
            _data: Arc::clone(&self.data),
        }
    }

    /// A path below the data directory.
    pub(crate) fn path(&self, below: &str) -> PathBuf {
        self.data.path().join(below)
    }

    /// The lines of the audit log; all of them once the system has stopped.
    pub(crate) fn audit(&self) -> Vec<Value> {
        let text = std::fs::read_to_string(self.path("audit.ndjson")).unwrap();
        text.lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }
}

impl Started {
    pub(crate) async fn stop(self) -> StopReport {
        self.running.stop().await
    }
}

impl Deref for Started {
    type Target = Running;

    fn deref(&self) -> &Running {
        &self.running
    }
}

/// How one plugin does.
pub(crate) fn status(running: &Running, plugin: &str) -> PluginStatus {
    let mut plugins = running.status().plugins.into_iter();
    plugins.find(|status| status.name == plugin).unwrap()
}
