//! A view of the whole system, for plugins that report on it.

use std::any::Any;
use std::fmt;
use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::sync::watch;

use super::checked::Checked;
use super::choice::ConfigChoice;
use super::kernel::Kernel;
use super::metrics::MetricsSnapshot;
use super::operation::OperationError;
use super::state::State;
use super::status::SystemStatus;
use crate::audit::{self, AuditPage, AuditQuery};
use crate::compose::Composition;
use crate::config::{self, ConfigFiles, Difference, Settings};
use crate::descriptor::Descriptor;
use crate::error::{Error, ErrorExt, Result};
use crate::event::store::Stock;
use crate::event::{DeadLetters, EventDescriptor, HandlerReport, InterceptorReport};
use crate::init::{InitContext, InitParam, Need, SystemView};
use crate::schedule::ScheduleStatus;

/// A view of the whole system: the state of its parts. It does not keep the system alive.
#[derive(Clone)]
pub struct System(Weak<Kernel>);

impl System {
    pub(super) fn new(kernel: &Arc<Kernel>) -> Self {
        Self(Arc::downgrade(kernel))
    }

    /// The state of each plugin and of the whole system.
    #[must_use]
    pub fn status(&self) -> SystemStatus {
        self.kernel().map_or_else(
            || {
                SystemStatus::of(
                    State::Stopped,
                    Vec::new(),
                    Default::default(),
                    Default::default(),
                )
            },
            |kernel| kernel.status(),
        )
    }

    /// Whether the manager works: it has checked for work lately, or the system is starting or
    /// stopping.
    #[must_use]
    pub fn is_alive(&self) -> bool {
        self.kernel().is_none_or(|kernel| kernel.is_alive())
    }

    /// The counters of the system so far; `None` if the system has ended.
    #[must_use]
    pub fn metrics(&self) -> Option<MetricsSnapshot> {
        self.kernel().map(|kernel| kernel.metrics())
    }

    /// The events that are stored for durable handlers; an empty list if there is no store.
    ///
    /// # Errors
    ///
    /// Returns an error if the store can't be read.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: it changes nothing.
    pub async fn stock(&self) -> Result<Vec<Stock>> {
        match self.kernel() {
            Some(kernel) => kernel.bus.durables().stock().await,
            None => Ok(Vec::new()),
        }
    }

    /// The counters of every handler so far.
    #[must_use]
    pub fn handlers(&self) -> Vec<HandlerReport> {
        self.kernel()
            .map_or_else(Vec::new, |kernel| kernel.bus.handlers())
    }

    /// The counters of each interceptor of a running instance so far.
    #[must_use]
    pub fn interceptors(&self) -> Vec<InterceptorReport> {
        self.kernel()
            .map_or_else(Vec::new, |kernel| kernel.bus.interceptors())
    }

    /// Reads dead letters: events that a handler has finally failed to handle; `None` if the system
    /// has ended.
    #[must_use]
    pub fn dead_letters(&self) -> Option<DeadLetters> {
        (self.kernel()).map(|kernel| kernel.bus.letters().clone())
    }

    /// Lines of the audit log, newest first; none if the system has ended.
    ///
    /// # Errors
    ///
    /// Returns an error if the log can't be read.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: it changes nothing.
    pub async fn audit(&self, query: AuditQuery) -> Result<AuditPage> {
        let Some(kernel) = self.kernel() else {
            return Ok(AuditPage::default());
        };
        let data_dir = kernel.data_dir.clone();
        drop(kernel);
        let read = tokio::task::spawn_blocking(move || audit::read(&data_dir, &query));
        // It fails if the runtime ends.
        let read = read
            .await
            .map_err(std::io::Error::other)
            .and_then(|read| read);
        read.context("can't read the audit log")
    }

    /// The status of every schedule, in start order of the plugins.
    #[must_use]
    pub fn schedules(&self) -> Vec<ScheduleStatus> {
        self.kernel()
            .map_or_else(Vec::new, |kernel| kernel.schedules())
    }

    /// Calls `tell` with the composed set and the applied config, and returns its result; `None` if
    /// the system has ended.
    pub fn configured<T>(&self, tell: impl FnOnce(&Composition, &Settings) -> T) -> Option<T> {
        let configured = self.kernel()?.configured();
        Some(tell(&configured.composition, &configured.settings))
    }

    /// The difference between two configs. Secrets are masked.
    ///
    /// # Errors
    ///
    /// Returns an error if one of them does not exist, can't be read, or is wrong.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: it changes nothing.
    pub async fn config_difference(
        &self,
        old: ConfigChoice,
        new: ConfigChoice,
    ) -> Result<Difference, OperationError> {
        let kernel = self.kernel().ok_or(OperationError::Stopping)?;
        let configured = kernel.configured();
        drop(kernel);
        let read = tokio::task::spawn_blocking(move || {
            let [old, new] = [configured.chosen(old)?, configured.chosen(new)?];
            Ok(old.settings.difference(&new.settings))
        });
        let read = read.await;
        read.map_err(|error| OperationError::Unreadable(error.to_string()))?
    }

    /// The config files of the applied config, as they were when it was read; `None` if the system
    /// has ended.
    #[must_use]
    pub fn config_files(&self) -> Option<ConfigFiles> {
        let configured = self.kernel()?.configured();
        Some(configured.settings.files().clone())
    }

    /// The config files as they are now, in the folder that config names now; `None` if the system
    /// has ended. This reads the files.
    #[must_use]
    pub fn config_files_now(&self) -> Option<ConfigFiles> {
        let configured = self.kernel()?.configured();
        Some(config::files(&configured.sources, &configured.composition))
    }

    /// Reports each config that is applied from now on; `None` if the system has ended.
    #[must_use]
    pub fn reloads(&self) -> Option<Reloads> {
        self.kernel()
            .map(|kernel| Reloads(kernel.configured.subscribe()))
    }

    /// How long to wait after a change of the config files before they are applied; `None` if they
    /// are not applied automatically, because `enable_hot_reload` is off.
    #[must_use]
    pub fn hot_reload(&self) -> Option<Duration> {
        let configured = self.kernel()?.configured();
        let manager = &configured.settings.manager;
        (manager.enable_hot_reload).then(|| manager.watch_interval.get())
    }

    /// The port on which metrics are served; `None` if config names none.
    #[must_use]
    pub fn metrics_port(&self) -> Option<u16> {
        let configured = self.kernel()?.configured();
        configured.settings.manager.served_metrics_port()
    }

    /// The plugins in start order, without those that config disables.
    #[must_use]
    pub fn plugins(&self) -> Vec<&'static Descriptor> {
        self.kernel()
            .map_or_else(Vec::new, |kernel| kernel.plugins())
    }

    /// The events that are linked into the binary.
    #[must_use]
    pub fn events(&self) -> Vec<&'static EventDescriptor> {
        crate::registry::events()
    }

    /// The view for the instance of this context.
    pub(super) fn of(context: &InitContext<'_>) -> Result<Self> {
        let system: &dyn Any = context.system;
        let system = system.downcast_ref::<Self>().cloned();
        system.ok_or_else(|| Error::bug("this `init` is not run by a manager"))
    }

    /// A weak reference to the system.
    pub(super) fn weak(&self) -> &Weak<Kernel> {
        &self.0
    }

    fn kernel(&self) -> Option<Arc<Kernel>> {
        self.0.upgrade()
    }
}

/// Reports each config that is applied. It does not keep the system alive.
#[derive(Debug)]
pub struct Reloads(watch::Receiver<Arc<Checked>>);

impl Reloads {
    /// Waits until a config is applied that earlier calls have not reported. Returns `false` when the
    /// system is gone, so that no config will be applied any more.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: a config that this call has not reported is reported by the next one.
    pub async fn next(&mut self) -> bool {
        self.0.changed().await.is_ok()
    }
}

impl fmt::Debug for System {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("System")
    }
}

impl SystemView for System {
    fn answers(&self, request: &EventDescriptor, label: &str) -> bool {
        self.kernel().is_some_and(|kernel| {
            let instances = kernel.instances();
            let mut instances = instances.iter().filter(|one| one.id.label == label);
            instances.any(|instance| instance.descriptor.answers(request))
        })
    }
}

impl InitParam for System {
    const NEED: Need = Need::System;

    fn extract(context: &mut InitContext<'_>) -> Result<Self> {
        context.grants().view_system()?;
        Self::of(context)
    }
}
