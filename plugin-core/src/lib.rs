//! The kernel of services that are composed of plugins.
//!
//! A plugin is an `impl` block with `#[plugin]` above it; `compose!` chooses plugins by Cargo
//! features and proves at build time that they fit together; a manager configures, starts,
//! supervises and stops them.

#![warn(missing_docs)]

pub mod key;
pub mod version;

mod compose;
mod descriptor;
mod plan;
pub mod registry;

pub mod audit;
pub mod config;
mod context;
mod error;
mod guard;
pub mod init;
mod instance;
pub mod permission;
mod spawn;

pub mod event;
pub mod files;
pub mod lifecycle;
pub mod service;
mod tasks;

#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;
mod macros;
pub mod prelude;

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
