//! The declarations of a plugin: constant data that `#[plugin]` generates, or that a test writes by
//! hand.

mod hooks;
mod rights;

use std::fmt;

use schemars::JsonSchema;
use serde::Serialize;

use crate::boxed::PluginType;
use crate::event::{EventDescriptor, Interceptor, Respond, Subscription};
use crate::init::{ConfigNeed, Need};
use crate::key;
use crate::schedule::Schedule;
use crate::service::Provide;
use crate::version::Version;

pub use hooks::{HealthHook, Hooks, InitHook, ReloadHook, SnapshotHook, StartHook, StopHook};

/// A type that is a plugin by `#[plugin]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a plugin",
    label = "no `#[plugin]` on an `impl` of this type",
    note = "write `#[plugin(name = \"…\")]` above `impl {Self} {{ … }}`"
)]
pub trait Plugin: PluginState {
    /// The name, unique in a build, by which config files and operators refer to the plugin.
    const NAME: &'static str;
    /// The version; by default the version of the plugin's crate.
    const VERSION: &'static str;
    /// Everything that the kernel knows about the plugin.
    const DESCRIPTOR: &'static Descriptor;
}

#[diagnostic::do_not_recommend]
impl<P: Plugin> PluginType for P {}

/// State that a plugin can have. It is implemented for all types that meet its bounds.
#[diagnostic::on_unimplemented(
    message = "`{Self}` can't be a plugin: it holds something that only one thread may use",
    label = "not `Send` and `Sync`",
    note = "the kernel calls a plugin from several threads: keep an atomic, a `Mutex` or an `Arc` in the place of a `Cell`, `RefCell` or `Rc`"
)]
#[doc(hidden)]
pub trait PluginState: Send + Sync + 'static {}

#[diagnostic::do_not_recommend]
impl<T: Send + Sync + 'static> PluginState for T {}

/// The purpose of a plugin. The kind also decides the start order where needs do not: system
/// plugins start first and middleware last, so that a service accepts requests from outside only
/// after everything is ready, and stops accepting them before anything else stops.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Serves the operator or other plugins: logging, metrics, reload.
    System,
    /// Does the actual work of the service.
    Business,
    /// Connects the outside with the business plugins.
    Middleware,
}

impl Kind {
    /// The word that the attribute and the output use.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Middleware => "middleware",
            Self::Business => "business",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Another plugin that must be in the build, with a matching version.
#[derive(Debug, Clone, Copy)]
pub struct Requirement {
    /// Name of the other plugin.
    pub plugin: &'static str,
    /// Required version, in Cargo's syntax.
    pub version: &'static str,
}

/// Everything that the kernel knows about a plugin without running it.
///
/// `#[plugin]` generates it as a constant. It can also be written by hand:
///
/// ```
/// use plugin_core::{Descriptor, Hooks, Kind, PluginRef};
///
/// const HOOKS: Hooks = Hooks::new(|_| Ok(Box::pin(async { Ok(std::sync::Arc::new(()) as PluginRef) })));
/// const PLUGIN: Descriptor = Descriptor::new("by-hand", "1.2.0", HOOKS)
///     .description("A plugin without a macro")
///     .kind(Kind::System);
/// assert_eq!(PLUGIN.version.minor, 2);
/// ```
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Descriptor {
    /// Name, unique in a build.
    pub name: &'static str,
    /// The [`key::of`] the name.
    pub key: u64,
    /// Version of the plugin.
    pub version: Version,
    /// A description in one line, for operators.
    pub description: &'static str,
    /// The purpose of the plugin.
    pub kind: Kind,
    /// Path of the Rust type, for messages.
    pub type_name: &'static str,
    /// The needs that `init` declares, in the order of its parameters.
    pub needs: &'static [Need],
    /// Services that it provides.
    pub provides: &'static [Provide],
    /// Plugins that must be in the build.
    pub requires: &'static [Requirement],
    /// Plugins that start before this one if they are in the build.
    pub after: &'static [&'static str],
    /// Plugins that must not be in the build.
    pub conflicts: &'static [&'static str],
    /// The reason why it can run only as one instance, if that is the case.
    pub singleton: Option<&'static str>,
    /// Whether two lives of an instance may overlap: a new one starts while the old one still runs.
    pub overlap: bool,
    /// Event handlers.
    pub subscriptions: &'static [Subscription],
    /// Methods that run at scheduled times.
    pub schedules: &'static [Schedule],
    /// Requests that it answers.
    pub responds: &'static [Respond],
    /// Methods that are called around the events of other plugins.
    pub interceptors: &'static [Interceptor],
    /// Functions that call the lifecycle methods.
    pub hooks: Hooks,
}

impl Descriptor {
    /// A plugin without needs.
    ///
    /// # Panics
    ///
    /// Panics if `version` is not a semantic version; in a constant, this is a compile error.
    #[must_use]
    pub const fn new(name: &'static str, version: &'static str, hooks: Hooks) -> Self {
        Self {
            name,
            key: key::of(name),
            version: Version::parse(version),
            description: "",
            kind: Kind::Business,
            type_name: name,
            needs: &[],
            provides: &[],
            requires: &[],
            after: &[],
            conflicts: &[],
            singleton: None,
            overlap: false,
            subscriptions: &[],
            schedules: &[],
            responds: &[],
            interceptors: &[],
            hooks,
        }
    }

    /// Sets the description for operators.
    #[must_use]
    pub const fn description(mut self, description: &'static str) -> Self {
        self.description = description;
        self
    }

    /// Sets the purpose of the plugin.
    #[must_use]
    pub const fn kind(mut self, kind: Kind) -> Self {
        self.kind = kind;
        self
    }

    /// Sets the path of the Rust type.
    #[must_use]
    pub const fn type_name(mut self, type_name: &'static str) -> Self {
        self.type_name = type_name;
        self
    }

    /// Sets the needs that `init` declares.
    #[must_use]
    pub const fn needs(mut self, needs: &'static [Need]) -> Self {
        self.needs = needs;
        self
    }

    /// Sets the services that it provides.
    #[must_use]
    pub const fn provides(mut self, provides: &'static [Provide]) -> Self {
        self.provides = provides;
        self
    }

    /// Sets the plugins that must be in the build.
    #[must_use]
    pub const fn requires(mut self, requires: &'static [Requirement]) -> Self {
        self.requires = requires;
        self
    }

    /// Sets the plugins that start before this one if they are in the build.
    #[must_use]
    pub const fn after(mut self, after: &'static [&'static str]) -> Self {
        self.after = after;
        self
    }

    /// Sets the plugins that must not be in the build.
    #[must_use]
    pub const fn conflicts(mut self, conflicts: &'static [&'static str]) -> Self {
        self.conflicts = conflicts;
        self
    }

    /// Declares that it can run only as one instance, with the reason. Neither labelled instances
    /// nor replicas can then be configured.
    #[must_use]
    pub const fn singleton(mut self, why: &'static str) -> Self {
        self.singleton = Some(why);
        self
    }

    /// Allows two lives of an instance to overlap.
    #[must_use]
    pub const fn overlap(mut self) -> Self {
        self.overlap = true;
        self
    }

    /// Sets the event handlers.
    #[must_use]
    pub const fn subscriptions(mut self, subscriptions: &'static [Subscription]) -> Self {
        self.subscriptions = subscriptions;
        self
    }

    /// Sets the methods that run at scheduled times.
    #[must_use]
    pub const fn schedules(mut self, schedules: &'static [Schedule]) -> Self {
        self.schedules = schedules;
        self
    }

    /// Sets the requests that it answers.
    #[must_use]
    pub const fn responds(mut self, responds: &'static [Respond]) -> Self {
        self.responds = responds;
        self
    }

    /// Sets the methods that are called around the events of other plugins.
    #[must_use]
    pub const fn interceptors(mut self, interceptors: &'static [Interceptor]) -> Self {
        self.interceptors = interceptors;
        self
    }

    /// Its rank in the start order, which counts before its name: by kind. Middleware with
    /// interceptors comes before other middleware, so that it runs when events are let in.
    pub(crate) const fn tier(&self) -> u8 {
        match self.kind {
            Kind::System => 0,
            Kind::Business => 1,
            Kind::Middleware if !self.interceptors.is_empty() => 2,
            Kind::Middleware => 3,
        }
    }

    /// The typed config, if `init` takes one.
    #[must_use]
    pub fn config(&self) -> Option<ConfigNeed> {
        self.needs.iter().find_map(|need| match need {
            Need::Config(config) => Some(*config),
            _ => None,
        })
    }

    /// The events that it may publish, by type.
    pub fn publishes(&self) -> impl Iterator<Item = &'static EventDescriptor> {
        self.needs.iter().filter_map(|need| match need {
            Need::Publish(event) => Some(*event),
            _ => None,
        })
    }

    /// The requests that it sends, by type.
    pub fn requests(&self) -> impl Iterator<Item = &'static EventDescriptor> {
        self.needs.iter().filter_map(|need| match need {
            Need::Request { request, .. } => Some(*request),
            _ => None,
        })
    }

    /// Whether it answers the request.
    #[must_use]
    pub fn answers(&self, request: &EventDescriptor) -> bool {
        let mut responds = self.responds.iter();
        responds.any(|respond| respond.request.key == request.key)
    }
}
