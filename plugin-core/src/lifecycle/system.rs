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

/// A view of the whole system: what runs and how it does. It does not keep the system alive.
#[derive(Clone)]
pub struct System(Weak<Kernel>);

impl System {
    pub(super) fn new(kernel: &Arc<Kernel>) -> Self {
        Self(Arc::downgrade(kernel))
    }

    /// The state of each plugin and of the whole.
    #[must_use]
    pub fn status(&self) -> SystemStatus {
        self.kernel().map_or_else(
            || SystemStatus::of(State::Stopped, Vec::new(), Default::default()),
            |kernel| kernel.status(),
        )
    }

    /// Whether the manager works: it has checked for work lately, or the system is starting or
    /// stopping.
    #[must_use]
    pub fn is_alive(&self) -> bool {
        self.kernel().is_none_or(|kernel| kernel.is_alive())
    }

    /// What the system has done so far; `None` when it is gone.
    #[must_use]
    pub fn metrics(&self) -> Option<MetricsSnapshot> {
        self.kernel().map(|kernel| kernel.metrics())
    }

    /// The events that are stored for durable handlers; an empty list if there is no store.
    ///
    /// # Errors
    ///
    /// When the store can't be read.
    ///
    /// # Cancel safety
    ///
    /// It changes nothing, so it can be dropped at any time.
    pub async fn stock(&self) -> Result<Vec<Stock>> {
        match self.kernel() {
            Some(kernel) => kernel.bus.durables().stock().await,
            None => Ok(Vec::new()),
        }
    }

    /// What every handler did so far.
    #[must_use]
    pub fn handlers(&self) -> Vec<HandlerReport> {
        self.kernel()
            .map_or_else(Vec::new, |kernel| kernel.bus.handlers())
    }

    /// What each interceptor of a running instance did so far.
    #[must_use]
    pub fn interceptors(&self) -> Vec<InterceptorReport> {
        self.kernel()
            .map_or_else(Vec::new, |kernel| kernel.bus.interceptors())
    }

    /// Events that handlers failed with for good, to look at; `None` when the system is gone.
    #[must_use]
    pub fn dead_letters(&self) -> Option<DeadLetters> {
        (self.kernel()).map(|kernel| kernel.bus.letters().clone())
    }

    /// Lines of the audit log, the newest first; none when the system is gone.
    ///
    /// # Errors
    ///
    /// When the log can't be read.
    ///
    /// # Cancel safety
    ///
    /// It changes nothing, so it can be dropped at any time.
    pub async fn audit(&self, query: AuditQuery) -> Result<AuditPage> {
        let Some(kernel) = self.kernel() else {
            return Ok(AuditPage::default());
        };
        let data_dir = kernel.data_dir.clone();
        drop(kernel);
        let read = tokio::task::spawn_blocking(move || audit::read(&data_dir, &query));
        // It fails when the runtime ends.
        let read = read
            .await
            .map_err(std::io::Error::other)
            .and_then(|read| read);
        read.context("can't read the audit log")
    }

    /// Every schedule and how it does, in start order of the plugins.
    #[must_use]
    pub fn schedules(&self) -> Vec<ScheduleStatus> {
        self.kernel()
            .map_or_else(Vec::new, |kernel| kernel.schedules())
    }

    /// Calls `tell` with the composed set and the config that is applied now, and returns its result;
    /// `None` when the system is gone.
    pub fn configured<T>(&self, tell: impl FnOnce(&Composition, &Settings) -> T) -> Option<T> {
        let configured = self.kernel()?.configured();
        Some(tell(&configured.composition, &configured.settings))
    }

    /// What is different between two configs. Secrets are masked.
    ///
    /// # Errors
    ///
    /// When one of them is not there, can't be read, or is wrong.
    ///
    /// # Cancel safety
    ///
    /// It changes nothing, so it can be dropped at any time.
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

    /// The config files of the config that is applied now, as they were when it was read; `None` when
    /// the system is gone.
    #[must_use]
    pub fn config_files(&self) -> Option<ConfigFiles> {
        let configured = self.kernel()?.configured();
        Some(configured.settings.files().clone())
    }

    /// The config files as they are now, in the folder that config names now; `None` when the system
    /// is gone. This reads the files.
    #[must_use]
    pub fn config_files_now(&self) -> Option<ConfigFiles> {
        let configured = self.kernel()?.configured();
        Some(config::files(&configured.sources, &configured.composition))
    }

    /// Reports each config that is applied from now on; `None` when the system is gone.
    #[must_use]
    pub fn reloads(&self) -> Option<Reloads> {
        self.kernel()
            .map(|kernel| Reloads(kernel.configured.subscribe()))
    }

    /// How long to wait after a change of the config files before they are applied; `None` when they
    /// are not applied by themselves, because `enable_hot_reload` is off.
    #[must_use]
    pub fn hot_reload(&self) -> Option<Duration> {
        let configured = self.kernel()?.configured();
        let manager = &configured.settings.manager;
        (manager.enable_hot_reload).then(|| manager.watch_interval.get())
    }

    /// The port on which metrics are served; `None` when config names none.
    #[must_use]
    pub fn metrics_port(&self) -> Option<u16> {
        let configured = self.kernel()?.configured();
        configured.settings.manager.served_metrics_port()
    }

    /// The plugins in start order, without those that config turned off.
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

    /// The one that belongs to a context.
    pub(super) fn of(context: &InitContext<'_>) -> Result<Self> {
        let system: &dyn Any = context.system;
        let system = system.downcast_ref::<Self>().cloned();
        system.ok_or_else(|| Error::bug("this `init` is not run by a manager"))
    }

    /// What is seen.
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
