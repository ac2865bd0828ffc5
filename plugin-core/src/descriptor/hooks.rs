//! The functions that call the lifecycle methods of a plugin: one for each hook.

use std::fmt;

use crate::boxed::{BoxFuture, PluginRef};
use crate::error::Result;
use crate::health::Health;
use crate::init::InitContext;
use crate::tasks::Tasks;

/// The functions that call the lifecycle methods of a plugin. All except `init` are optional.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct Hooks {
    /// Takes the parameters from the context, and returns the future that creates the plugin.
    pub init: InitHook,
    /// Called after the plugin is initialized; it may spawn tasks.
    pub start: Option<StartHook>,
    /// Called after the accepted events are handled, before the tasks are cancelled.
    pub stop: Option<StopHook>,
    /// Applies a new config in place.
    pub reload: Option<ReloadHook>,
    /// Returns the health of the plugin.
    pub health: Option<HealthHook>,
    /// Returns data for the next life of the instance.
    pub snapshot: Option<SnapshotHook>,
}

/// See [`Hooks::init`].
pub type InitHook = fn(&mut InitContext<'_>) -> Result<BoxFuture<'static, Result<PluginRef>>>;
/// See [`Hooks::start`].
pub type StartHook = fn(PluginRef, Tasks) -> BoxFuture<'static, Result<()>>;
/// See [`Hooks::stop`].
pub type StopHook = fn(PluginRef) -> BoxFuture<'static, Result<()>>;
/// See [`Hooks::reload`].
pub type ReloadHook = fn(PluginRef, &mut InitContext<'_>) -> Result<BoxFuture<'static, Result<()>>>;
/// See [`Hooks::health`].
pub type HealthHook = fn(PluginRef) -> BoxFuture<'static, Health>;
/// See [`Hooks::snapshot`].
pub type SnapshotHook = fn(PluginRef) -> BoxFuture<'static, Result<serde_json::Value>>;

impl Hooks {
    /// Hooks with only `init`.
    #[must_use]
    pub const fn new(init: InitHook) -> Self {
        Self {
            init,
            start: None,
            stop: None,
            reload: None,
            health: None,
            snapshot: None,
        }
    }

    /// Adds `start`.
    #[must_use]
    pub const fn start(mut self, hook: StartHook) -> Self {
        self.start = Some(hook);
        self
    }

    /// Adds `stop`.
    #[must_use]
    pub const fn stop(mut self, hook: StopHook) -> Self {
        self.stop = Some(hook);
        self
    }

    /// Adds `reload`.
    #[must_use]
    pub const fn reload(mut self, hook: ReloadHook) -> Self {
        self.reload = Some(hook);
        self
    }

    /// Adds `health`.
    #[must_use]
    pub const fn health(mut self, hook: HealthHook) -> Self {
        self.health = Some(hook);
        self
    }

    /// Adds `snapshot`.
    #[must_use]
    pub const fn snapshot(mut self, hook: SnapshotHook) -> Self {
        self.snapshot = Some(hook);
        self
    }
}

impl fmt::Debug for Hooks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hooks")
            .field("start", &self.start.is_some())
            .field("stop", &self.stop.is_some())
            .field("reload", &self.reload.is_some())
            .field("health", &self.health.is_some())
            .field("snapshot", &self.snapshot.is_some())
            .finish_non_exhaustive()
    }
}
