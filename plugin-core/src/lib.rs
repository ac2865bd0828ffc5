//! The kernel of services that are composed from plugins.
//!
//! A plugin is an `impl` block with `#[plugin]` above it; `compose!` chooses plugins by Cargo
//! features and proves at build time that they fit together; a manager configures, starts,
//! supervises and stops them.
//!
//! # A tour
//!
//! This example has two plugins: one counts visits, the other greets users. The parameters of each
//! `init` declare what the plugin needs.
//!
//! ```standalone_crate
//! use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
//!
//! use plugin_core::prelude::*;
//! use plugin_core::{Composition, Plugin, lifecycle::Manager};
//!
//! // An event: data with a topic.
//! #[event("user.login")]
//! #[derive(Serialize, Deserialize, JsonSchema)]
//! struct UserLogin { user_id: String }
//!
//! #[event("user.welcome")]
//! #[derive(Serialize, Deserialize, JsonSchema)]
//! struct UserWelcome { text: String }
//!
//! // A service: a trait that one plugin provides and others call.
//! #[service]
//! trait Visits {
//!     async fn count(&self) -> u64;
//! }
//!
//! #[derive(Default)]
//! struct Counter { visits: AtomicU64 }
//!
//! #[plugin(name = "counter-plugin", version = "1.0.0", provides(Visits))]
//! impl Counter {
//!     #[init]
//!     fn init() -> Self { Self::default() }
//! }
//!
//! #[service]
//! impl Visits for Counter {
//!     async fn count(&self) -> u64 { self.visits.fetch_add(1, Relaxed) + 1 }
//! }
//!
//! #[derive(Deserialize, JsonSchema)]
//! #[serde(deny_unknown_fields)]
//! struct HelloConfig { message: String }
//!
//! struct Hello {
//!     config: HelloConfig,
//!     visits: Service<dyn Visits>,
//!     welcome: Publisher<UserWelcome>,
//! }
//!
//! #[plugin(name = "hello-plugin", version = "1.0.0")]
//! impl Hello {
//!     #[init]
//!     fn init(
//!         Config(config): Config<HelloConfig>,
//!         visits: Service<dyn Visits>,
//!         welcome: Publisher<UserWelcome>,
//!     ) -> Self {
//!         Self { config, visits, welcome }
//!     }
//!
//!     #[subscribe]
//!     async fn greet(&self, login: &UserLogin) -> Result<()> {
//!         let visit = self.visits.count().await;
//!         let text = format!("{}, {}: visit {visit}", self.config.message, login.user_id);
//!         self.welcome.publish(UserWelcome { text }).await?;
//!         Ok(())
//!     }
//! }
//!
//! # tokio::runtime::Runtime::new().unwrap().block_on(async {
//! // An app uses `compose!` and is checked at build time; a test assembles its set in code.
//! let set = Composition::assemble(&[Hello::DESCRIPTOR, Counter::DESCRIPTOR]).unwrap();
//! let order: Vec<_> = set.plugins().map(|plugin| plugin.name).collect();
//! assert_eq!(order, ["counter-plugin", "hello-plugin"], "a provider comes first");
//!
//! # let data = tempfile::tempdir().unwrap();
//! # let data = data.path();
//! let running = Manager::builder(&set)
//!     .plugin_config("hello-plugin", serde_json::json!({ "message": "hi" }))
//!     .data_dir(data)
//!     .configure().unwrap() // everything is read and checked, nothing runs
//!     .start().await.unwrap();
//!
//! let (heard, mut said) = tokio::sync::mpsc::unbounded_channel();
//! let _subscription = running.subscriber().subscribe::<UserWelcome, _>(move |welcome| {
//!     heard.send(welcome.text.clone())
//! }).unwrap();
//! running.publisher().publish(UserLogin { user_id: "ann".into() }).await.unwrap();
//! running.idle().await; // all that was accepted is handled
//! assert_eq!(said.recv().await.unwrap(), "hi, ann: visit 1");
//!
//! assert!(running.stop().await.is_clean());
//! # });
//! ```
//!
//! # Where to look
//!
//! - [`plugin`], [`event`](macro@event), [`service`](macro@service), [`compose!`]: the macros, with
//!   every option.
//! - [`init`]: the parameters that `#[init]` can have. [`Tasks`]: tasks of a plugin. [`Error`]: the
//!   error type of plugins.
//! - [`event`](mod@event), [`service`](mod@service), [`files`]: the tools that plugins use.
//! - [`schedule`]: work that runs at given times.
//! - [`lifecycle`]: from a [`Composition`] to a running system and its stop report.
//! - [`config`], [`permission`], [`audit`]: settings and rights, which operators write, and the audit
//!   log, which they read.
//! - [`owned`]: files and directories that only their owner may use; [`regular`]: checks that a file
//!   is a regular one and, for example, not a FIFO.
//! - [`printable`]: text from outside, made safe for a terminal.
//! - [`trace`]: the request and the user that a piece of work belongs to.
//! - [`Descriptor`], [`registry`]: information about a build that is available without running it.
//!
//! # Features and platforms
//!
//! With the feature `placement`, instances can run in processes of their own, and the crate needs
//! tokio's sockets and processes; everything else that an app leaves out are plugins. It is tested on Linux. On
//! other Unix systems, readers of the dispatch table execute a fence that Linux has the writers
//! execute; where there is no Unix, new files have the rights of their directory.

#![warn(missing_docs)]
#![cfg_attr(
    not(feature = "placement"),
    allow(
        dead_code,
        unused_imports,
        reason = "what has to do with other processes is called by `placement` alone"
    )
)]

// In the order of the storeys that ARCHITECTURE.md draws, from the ground up.

mod accounting;
mod backoff;
mod boxed;
mod child_command;
mod clock;
mod const_text;
mod counted;
mod digest;
mod doc;
mod ending;
mod health;
mod histogram;
mod idempotency;
mod instance_name;
pub mod key;
mod nearest;
mod options;
pub mod owned;
mod pattern;
mod period;
pub mod place;
pub mod printable;
pub mod process;
mod provider_bindings;
mod rcu;
pub mod regular;
mod spawn;
mod sync;
mod timestamp;
mod traceparent;
pub mod version;

pub mod audit;
mod data_dirs;
mod data_lock;
mod error;
pub mod permission;

mod context;
mod guard;
pub mod trace;

pub mod event;
pub mod files;
mod meter;
pub mod schedule;
pub mod service;
mod tasks;

mod compose;
pub mod config;
mod descriptor;
pub mod init;
mod plan;
pub mod registry;

#[cfg(feature = "placement")]
pub mod placement;

pub mod lifecycle;

#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;
mod macros;
pub mod prelude;

#[doc(hidden)]
pub use accounting::Account;
pub use boxed::{BoxFuture, PluginRef};
pub use child_command::ChildCommand;
pub use compose::{Absent, Composition, LinkError, Note};
#[doc(hidden)]
pub use context::account_at_work;
pub use context::{Current, DropCounts, EventCounts, Identity, current};
pub use counted::counted;
pub use descriptor::{
    Descriptor, HealthHook, Hooks, InitHook, Kind, Plugin, ReloadHook, Requirement, SnapshotHook,
    StartHook, StopHook,
};
pub use ending::at_the_end;
pub use error::{Error, ErrorChain, ErrorExt, ErrorKind, IntoError, IntoOutcome, Result};
pub use event::{Interceptor, Respond, Source, Subscription};
pub use histogram::Distribution;
pub use init::{Arity, Need};
pub use instance_name::InstanceName;
pub use macros::{compose, event, plugin, service};
pub use meter::{Counter, Gauge, Meter, OwnMetric, OwnValue, TimeHistogram};
pub use nearest::nearest;
pub use options::{
    Balance, Breaker, Misfire, Mode, Overflow, Overlap, RespondOptions, Retry, ScheduleOptions,
    Stage, SubscribeOptions, When,
};
pub use plan::{CatalogueEntry, Edge, PlanError, PlanIssue, Reason};
pub use schedule::Schedule;
pub use service::Provide;
pub use tasks::{SpawnError, Tasks};
pub use timestamp::Timestamp;
