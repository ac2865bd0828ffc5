//! The needs that parameters of `init` declare, for the plan and for operators.

use schemars::{JsonSchema, Schema, SchemaGenerator};

use crate::event::EventDescriptor;
use crate::service::ServiceDescriptor;

/// A need of a plugin, derived from the type of a parameter of `init`.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum Need {
    /// A typed config.
    Config(ConfigNeed),
    /// Another plugin's service.
    Service {
        /// The service.
        service: &'static ServiceDescriptor,
        /// How many providers the plugin needs.
        arity: Arity,
    },
    /// The right to publish one event type.
    Publish(&'static EventDescriptor),
    /// The right to publish events that are known only at run time, by topic.
    PublishAny,
    /// The right to send one type of request, and a responder.
    Request {
        /// The request.
        request: &'static EventDescriptor,
        /// `One`, or `Optional`.
        arity: Arity,
    },
    /// The right to send requests that are known only at run time, by topic.
    RequestAny,
    /// The right to subscribe at run time.
    Subscribe,
    /// The right to observe events, if it is granted.
    Observe,
    /// Files below a root.
    Files,
    /// A directory for the plugin below `data_dir`.
    DataDir,
    /// The clock.
    Clock,
    /// The plugin's own entries in the audit log.
    SecurityLog,
    /// Schedules that are created at run time.
    Schedule,
    /// The plugin's own metrics.
    Meter,
    /// A view of the whole system.
    System,
    /// The right to operate the system.
    Operate {
        /// `One`: the plugin does not start without it. `Optional`: the plugin uses the right if it
        /// is granted.
        arity: Arity,
    },
    /// The snapshot that the previous life left.
    Snapshot,
    /// Values that one life passes to the next one.
    Handover,
    /// A need of a parameter type from another crate; the text names it.
    Other(&'static str),
}

/// How many providers a plugin needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arity {
    /// Exactly one; without it, the build fails.
    One,
    /// One, if there is one.
    Optional,
    /// All providers, in order of priority.
    Many,
}

/// The typed config that a plugin asks for.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct ConfigNeed {
    /// Path of the Rust type.
    pub type_name: fn() -> &'static str,
    /// Its JSON Schema.
    pub schema: fn(&mut SchemaGenerator) -> Schema,
    /// Whether a value can be converted into the type, beyond what the schema checks.
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
