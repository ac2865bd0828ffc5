//! Makes a checked configuration of a composed set and the sources of its config.

use super::checked::Checked;
use super::configure_error::ConfigureError;
use super::configured::Configured;
use crate::clock::Clock;
use crate::compose::Composition;
use crate::config::Sources;

/// The entry point: a service begins with [`Manager::builder`].
#[derive(Debug, Clone, Copy)]
pub struct Manager(());

impl Manager {
    /// Prepares a composed set: the `COMPOSITION` that `compose!` defines, or a set that is
    /// assembled by hand.
    ///
    /// # Example
    ///
    /// ```
    /// # tokio::runtime::Runtime::new().unwrap().block_on(async {
    /// use plugin_core::{Composition, config::Sources, lifecycle::Manager};
    ///
    /// let data = tempfile::tempdir().unwrap();
    /// let composition = Composition::assemble(&[]).unwrap();
    /// let running = Manager::builder(&composition)
    ///     .sources(Sources::new().data_dir(data.path()))
    ///     .configure()
    ///     .unwrap()
    ///     .start()
    ///     .await
    ///     .unwrap();
    /// assert!(running.stop().await.is_clean());
    /// # });
    /// ```
    pub fn builder(composition: &Composition) -> ManagerBuilder {
        ManagerBuilder {
            composition: composition.clone(),
            sources: Sources::new(),
            clock: Clock::system(),
        }
    }
}

/// A composed set whose config has not been read yet.
#[derive(Debug)]
#[must_use = "nothing is read before `configure`"]
pub struct ManagerBuilder {
    composition: Composition,
    sources: Sources,
    clock: Clock,
}

impl ManagerBuilder {
    /// Sets where config comes from. Replaces sources that were set before.
    pub fn sources(mut self, sources: Sources) -> Self {
        self.sources = sources;
        self
    }

    /// Sets the `config` of a plugin from the program. It overrides the config in files.
    pub fn plugin_config(mut self, plugin: &str, config: serde_json::Value) -> Self {
        self.sources = self.sources.plugin_config(plugin, config);
        self
    }

    /// Sets the directory below which plugins keep their data.
    pub fn data_dir(mut self, path: impl Into<std::path::PathBuf>) -> Self {
        self.sources = self.sources.data_dir(path);
        self
    }

    /// Sets the clock of the plugins and schedules. By default, it is the clock of the machine.
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// Reads and checks all config and the rights that it grants. Nothing is started or written.
    ///
    /// # Errors
    ///
    /// Returns all mistakes at once: in the set, in the files and variables, and in the
    /// permissions.
    pub fn configure(self) -> Result<Configured, ConfigureError> {
        self.composition
            .link_check()
            .map_err(ConfigureError::Link)?;
        let checked = Checked::read(self.composition, self.sources, self.clock)?;
        Ok(Configured(checked))
    }
}
