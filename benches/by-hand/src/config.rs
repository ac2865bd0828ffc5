//! Settings of the service: those of `hello-plugin`.

use schemars::{JsonSchema, Schema, schema_for};
use serde::Deserialize;
use serde_json::Value;

use crate::error::{Error, Result};

/// Settings of the service.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HelloConfig {
    /// Text of the welcome.
    pub message: String,
    /// Most welcomes that are sent between a start and a stop; later logins are only logged.
    #[serde(default = "default_max_notifications")]
    pub max_notifications: u64,
    /// How often a welcome is tried again that no subscriber had room for, with a pause before
    /// each try that doubles from 50 ms; then it counts as an error.
    #[serde(default = "default_retry_count")]
    #[schemars(range(max = 10))]
    pub retry_count: u32,
}

fn default_max_notifications() -> u64 {
    1_000
}

fn default_retry_count() -> u32 {
    3
}

impl HelloConfig {
    /// Reads the settings; an error names the key.
    pub(crate) fn read(config: Value) -> Result<Self> {
        serde_path_to_error::deserialize(config).map_err(Error::Config)
    }
}

pub(crate) fn schema() -> Schema {
    schema_for!(HelloConfig)
}
