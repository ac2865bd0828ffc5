//! What `init` may ask for, as the plan and the operator see it.

use schemars::{JsonSchema, Schema, SchemaGenerator};

use crate::event::EventDescriptor;
use crate::service::ServiceDescriptor;

/// Something that `init` asks for, read off the type of a parameter.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum Need {
    /// A typed config.
    Config(ConfigNeed),
    /// Another plugin's service.
    Service {
        /// Which service.
        service: &'static ServiceDescriptor,
        /// How many providers the need is met by.
        arity: Arity,
    },
    /// The right to publish one type of event.
    Publish(&'static EventDescriptor),
    /// The right to publish events that are known only at run time, by topic.
    PublishAny,
    /// The right to ask one type of request, and somebody who answers.
    Request {
        /// Which request.
        request: &'static EventDescriptor,
        /// `One`, or `Optional`.
        arity: Arity,
    },
    /// The right to ask requests that are known only at run time, by topic.
    RequestAny,
    /// The right to subscribe at run time.
    Subscribe,
    /// The right to look on at events, taken if it is granted.
    Observe,
    /// Files below a root.
    Files,
    /// A directory of the plugin's own below `data_dir`.
    DataDir,
    /// The clock.
    Clock,
    /// Entries of its own in the audit log.
    SecurityLog,
    /// Schedules that are made at run time.
    Schedule,
    /// Figures of its own.
    Meter,
    /// A view of the whole system.
    System,
    /// The right to operate the system.
    Operate {
        /// `One`: it does not start without. `Optional`: it takes the right if it is granted.
        arity: Arity,
    },
    /// What the life before left as its snapshot.
    Snapshot,
    /// Values that one life passes to the next one.
    Handover,
    /// What a parameter type of another crate brings; the text names it.
    Other(&'static str),
}

/// How many providers a need for a service is met by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arity {
    /// Exactly one: without it the build fails.
    One,
    /// One, if there is one.
    Optional,
    /// All there are, in order of priority.
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
