//! The kernel of services that are composed of plugins.
//!
//! A plugin is an `impl` block with `#[plugin]` above it; `compose!` chooses plugins by Cargo
//! features and proves at build time that they fit together; a manager configures, starts,
//! supervises and stops them.

#![warn(missing_docs)]

pub mod key;
pub mod version;

mod descriptor;
pub mod registry;
mod plan;
mod compose;

pub mod config;
mod error;
pub mod audit;
pub mod permission;
pub mod init;
mod instance;
mod context;
mod guard;

pub mod event;
pub mod service;
pub mod files;
mod tasks;
pub mod lifecycle;

mod macros;
pub mod prelude;
#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;

pub use compose::{Absent, CatalogueEntry, Composition, LinkError};
pub use context::{Current, current};
pub use descriptor::{
    Arity, BoxFuture, Descriptor, HealthHook, Hooks, InitHook, Kind, Mode, Need, Overflow, Plugin,
    PluginRef, Provide, ReloadHook, Requirement, Source, StartHook, StopHook, SubscribeOptions,
    Subscription,
};
pub use error::{Error, ErrorExt, ErrorKind, IntoOutcome, Result};
pub use instance::{EventCounts, Identity};
pub use macros::{compose, event, plugin, service};
pub use plan::{Edge, PlanIssue, Reason};
pub use tasks::{SpawnError, Tasks};
