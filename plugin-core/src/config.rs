//! Config: files, environment and defaults into typed values.

use schemars::{JsonSchema, Schema, SchemaGenerator};

/// The typed config that a plugin asks for.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct ConfigNeed {
    /// Path of the Rust type.
    pub type_name: fn() -> &'static str,
    /// Its JSON Schema.
    pub schema: fn(&mut SchemaGenerator) -> Schema,
    /// Whether a value can be read as the type, beyond what the schema says.
    pub(crate) check: fn(&serde_json::Value) -> Result<(), serde_path_to_error::Error<serde_json::Error>>,
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
