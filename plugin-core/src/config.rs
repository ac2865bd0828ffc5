//! Reads config from files, environment variables and defaults into typed values.
//!
//! [`Sources`] says where config comes from, and [`load`] reads it for a build. The result is
//! [`Settings`]: typed, complete and checked, with the [`Origin`] of each value. If something is
//! wrong, [`load`] returns a [`ConfigError`] with all mistakes, and nothing is started.

pub mod check;
mod mask;
mod requirement;
mod secret;
mod secret_url;

mod handlers;
mod manager;
mod plugin;
mod policy;
mod schedules;

mod isolation;
mod issue;
mod origin;
mod report;
mod ties;

mod node;
mod yaml;

mod schema;
mod schema_checks;
mod sections;
mod shape;

mod files;
mod generation;
mod reading;
mod refused;
mod rollback;

mod environment;
mod layers;
mod overrides;
mod sources;
mod variables;

mod conform;
mod interpolation;
mod validation;

mod bindings;
mod fit;
mod groups;
mod load;
mod methods;
mod replicas;
mod rights;
mod unenforced;

mod explain;
mod settings;

mod difference;
mod generations;
mod leaves;
mod limits;

pub use crate::digest::{Digest, DigestError};
pub use difference::{
    ChangedKey, Difference, Impact, ManagerKey, PluginChange, PluginDifference, TakesEffect,
};
pub use explain::Explained;
pub use files::ConfigFiles;
pub use generation::Generation;
pub use generations::{Generations, KeptGeneration};
pub use handlers::{BreakerConfig, HandlerConfig};
pub use isolation::{Isolated, Isolation};
pub use issue::{ConfigError, Issue, IssueKind, Warning};
pub use limits::{Limit, LimitMeans};
pub(crate) use load::load_with_files;
#[doc(hidden)]
pub use load::loader;
pub use load::{data_dir, files, load, load_readable};
pub use manager::{DeadLetterConfig, ManagerConfig, Role};
pub use mask::{mask, mask_value};
pub use origin::Origin;
pub use plugin::{PluginConfig, Resources};
pub use policy::{
    Exhausted, FailedReload, MemoryBreach, ProcessBreach, Restart, RestartPolicy, Start,
    StartPolicy,
};
pub use requirement::{RequirementError, VersionRequirement};
pub use rollback::Rollback;
pub use schedules::ScheduleConfig;
pub use schema::schema;
pub use schema_checks::{unbounded, unwritable};
pub use secret::Secret;
pub use secret_url::SecretUrl;
pub use settings::{PluginSettings, Settings};
pub use sources::Sources;
pub use ties::ties;

pub(crate) use bindings::bindings;
pub(crate) use overrides::{
    Overrides, PreviousOverrides, restore as restore_overrides, write as override_enabled,
};
pub use overrides::{overridden, reset_overrides};

pub use crate::audit::AuditConfig;
pub use crate::backoff::Backoff;
pub use crate::init::ConfigNeed;
pub use crate::period::{Period, PeriodError};
pub use crate::permission::Permission;
