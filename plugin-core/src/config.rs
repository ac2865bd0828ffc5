//! Config: files, environment and defaults into typed values.
//!
//! [`Sources`] says where config comes from, [`load`] reads it for a build, [`Settings`] is what
//! comes out: typed, complete, checked, each value with its [`Origin`]. If anything is wrong,
//! [`ConfigError`] holds all that is, and nothing was started.

pub mod check;
mod checked;
mod mask;
mod period;
mod requirement;
mod secret;
mod secret_url;

mod handlers;
mod manager;
mod plugin;
mod policy;
mod schedules;

mod issue;
mod origin;
mod report;

mod node;
mod yaml;

mod book;
mod doubtful;
mod schema;
mod shape;

mod environment;
mod layers;
mod reading;
mod sources;
mod variables;

mod conform;
mod interpolation;
mod validation;

mod fit;
mod groups;
mod load;
mod replicas;
mod rights;
mod unenforced;

mod explain;
mod settings;

use schemars::{JsonSchema, Schema, SchemaGenerator};

pub use doubtful::unbounded;
pub use explain::Explained;
pub use handlers::{BreakerConfig, HandlerConfig};
pub use issue::{ConfigError, Issue, IssueKind, Warning};
pub use load::load;
#[doc(hidden)]
pub use load::loader;
pub use manager::{AuditConfig, DeadLetterConfig, ManagerConfig, Role};
pub use mask::mask;
pub use origin::Origin;
pub use period::{Period, PeriodError};
pub use plugin::{PluginConfig, Resources};
pub use policy::{Backoff, Exhausted, Restart, RestartPolicy, Start, StartPolicy};
pub use requirement::{RequirementError, VersionRequirement};
pub use schedules::ScheduleConfig;
pub use schema::schema;
pub use secret::Secret;
pub use secret_url::SecretUrl;
pub use settings::{PluginSettings, Settings};
pub use sources::Sources;

pub use crate::permission::Permission;

/// The typed config that a plugin asks for.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct ConfigNeed {
    /// Path of the Rust type.
    pub type_name: fn() -> &'static str,
    /// Its JSON Schema.
    pub schema: fn(&mut SchemaGenerator) -> Schema,
    /// Whether a value can be read as the type, beyond what the schema says.
    pub(crate) check:
        fn(&serde_json::Value) -> Result<(), serde_path_to_error::Error<serde_json::Error>>,
}

impl ConfigNeed {
    /// The need for a `C`.
    #[must_use]
    pub const fn of<C: JsonSchema + serde::de::DeserializeOwned>() -> Self {
        Self {
            type_name: std::any::type_name::<C>,
            schema: C::json_schema,
            check: |value| serde_path_to_error::deserialize::<_, C>(value).map(drop),
        }
    }
}
