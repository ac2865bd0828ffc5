//! Where an instance runs: in this process, or in a process of its own.

use std::any::Any;
use std::sync::Arc;

use super::instance::Instance;
use crate::boxed::PluginRef;
use crate::config::{PluginSettings, Settings};
use crate::descriptor::{Descriptor, Hooks};
#[cfg(feature = "placement")]
pub(super) use crate::placement::ServiceRoute as InstanceRoute;
#[cfg(feature = "placement")]
use crate::placement::{self, ProcessSetup, ProcessStart, Remote};
use crate::service::ServiceLink;
use ports::{end_process, give_up, is_down, lead, process_id};

/// Where an instance runs.
#[derive(Debug, Clone)]
pub(super) enum InstancePlace {
    /// In this process.
    Here,
    /// In a process of its own.
    #[cfg(feature = "placement")]
    Process(Arc<ProcessSetup>),
}

/// The way to the services of an instance in a process of its own.
#[cfg(not(feature = "placement"))]
#[derive(Debug, Default)]
pub(super) struct InstanceRoute;

/// The input of `init` for an instance in a process of its own, as an erased type.
pub(super) type StartOfProcess = Box<dyn Any + Send + Sync>;

#[cfg(feature = "placement")]
impl InstancePlace {
    /// The place that config gives to the instances of a section.
    pub(super) fn of(
        settings: &Settings,
        plugin: &'static Descriptor,
        section: &PluginSettings,
    ) -> Self {
        let Some(command) = settings.process_of(section) else {
            return Self::Here;
        };
        Self::Process(Arc::new(ProcessSetup {
            command: command.clone(),
            plugin,
            permissions: settings.permissions_of(section),
            resources: section.config.resources.clone(),
            watchdog: section.config.watchdog.get(),
            max_event_depth: settings.manager.max_event_depth,
        }))
    }

    /// The hooks of an instance in this place.
    pub(super) fn hooks(&self, plugin: &Descriptor) -> Hooks {
        match self {
            Self::Here => plugin.hooks,
            Self::Process(_) => placement::hooks(plugin),
        }
    }

    pub(super) fn is_here(&self) -> bool {
        matches!(self, Self::Here)
    }

    /// The input of its `init`. `before` is the instance whose process has ended.
    pub(super) fn start(&self, before: Option<PluginRef>) -> Option<StartOfProcess> {
        match self {
            Self::Here => None,
            Self::Process(setup) => Some(Box::new(ProcessStart {
                setup: Arc::clone(setup),
                before,
            })),
        }
    }
}

#[cfg(not(feature = "placement"))]
#[expect(clippy::unused_self, reason = "there is one place")]
impl InstancePlace {
    pub(super) fn of(_: &Settings, _: &'static Descriptor, _: &PluginSettings) -> Self {
        Self::Here
    }

    pub(super) fn hooks(&self, plugin: &Descriptor) -> Hooks {
        plugin.hooks
    }

    pub(super) fn is_here(&self) -> bool {
        true
    }

    pub(super) fn start(&self, _: Option<PluginRef>) -> Option<StartOfProcess> {
        None
    }
}

impl Instance {
    /// Whether its process has ended and its mailbox waits for the next process. Then it has
    /// failed, and its parts are not torn down until it is given up.
    pub(super) fn is_held(&self) -> bool {
        self.held().is_some()
    }

    /// Tells everything that waits for the next process that there will be none.
    pub(super) fn let_go_of_process(&self) {
        if let Some(port) = self.port() {
            give_up(&port);
        }
    }

    /// The instance, if its process has ended and another one may follow.
    pub(super) fn held(&self) -> Option<PluginRef> {
        self.port().filter(is_down)
    }

    /// Whether it runs with the setup from the present config.
    pub(super) fn has_its_setup(&self) -> bool {
        let setup = self.setup();
        let live = self.live();
        live.as_ref()
            .is_some_and(|live| Arc::ptr_eq(&live.setup, &setup))
    }

    /// Ends its process so that another one may follow.
    pub(super) fn end_process(&self) {
        if let Some(port) = self.port() {
            end_process(&port);
        }
    }

    /// The id of its process, while it has one.
    pub(super) fn process_id(&self) -> Option<u32> {
        process_id(&self.port()?)
    }

    /// The way to the services of a plugin that runs in a process of its own, which leads to it from
    /// now on; `None` if it is in this one.
    pub(super) fn link(&self, plugin: &PluginRef) -> Option<Arc<dyn ServiceLink>> {
        lead(&self.route, plugin)
    }

    fn port(&self) -> Option<PluginRef> {
        let live = self.live();
        let live = live.as_ref().filter(|live| !live.setup.place.is_here());
        live.map(|live| PluginRef::clone(&live.plugin))
    }
}

/// Access to the port of an instance. Without the feature there are no ports.
#[cfg(feature = "placement")]
mod ports {
    use super::{Arc, InstanceRoute, PluginRef, Remote, ServiceLink};

    pub(super) fn lead(
        route: &Arc<InstanceRoute>,
        plugin: &PluginRef,
    ) -> Option<Arc<dyn ServiceLink>> {
        let remote = Remote::of(plugin)?;
        route.lead_to(&remote);
        Some(Arc::clone(route) as _)
    }

    pub(super) fn is_down(port: &PluginRef) -> bool {
        Remote::of(port).is_some_and(|remote| remote.is_down())
    }

    pub(super) fn process_id(port: &PluginRef) -> Option<u32> {
        Remote::of(port)?.process_id()
    }

    pub(super) fn give_up(port: &PluginRef) {
        if let Some(remote) = Remote::of(port) {
            remote.give_up();
        }
    }

    pub(super) fn end_process(port: &PluginRef) {
        if let Some(remote) = Remote::of(port) {
            remote.end_process();
        }
    }
}

/// Access to the port of an instance. Without the feature there are no ports.
#[cfg(not(feature = "placement"))]
mod ports {
    use super::{Arc, InstanceRoute, PluginRef, ServiceLink};

    pub(super) fn lead(_: &Arc<InstanceRoute>, _: &PluginRef) -> Option<Arc<dyn ServiceLink>> {
        None
    }

    pub(super) fn is_down(_: &PluginRef) -> bool {
        false
    }

    pub(super) fn process_id(_: &PluginRef) -> Option<u32> {
        None
    }

    pub(super) fn give_up(_: &PluginRef) {}

    pub(super) fn end_process(_: &PluginRef) {}
}
