//! Settings, with a default for every key.

use std::num::{NonZeroU16, NonZeroUsize};

use plugin_core::config::Period;
use plugin_core::prelude::*;

/// Settings of `api-plugin`.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ApiConfig {
    /// Where to listen: address or name, and port; port 0 takes a free one.
    pub address: String,
    /// Routes that need no token, as `METHOD /path`.
    pub open: Vec<String>,
    /// Whom a caller may look up.
    pub users: UserAccess,
    /// Users who may operate the system: see and change the states of plugins and schedules.
    pub operators: Vec<String>,
    /// Most bytes of a request's body.
    pub max_body_bytes: NonZeroUsize,
    /// Time limit of one request.
    pub request_timeout: Period,
    /// Most connections at once; others wait until one ends.
    pub max_connections: NonZeroU16,
    /// How long requests that run when the plugin stops may go on.
    pub drain_timeout: Period,
}

/// Whom a caller may look up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum UserAccess {
    /// Themselves; for the others the answer is that of a user who does not exist.
    #[default]
    Own,
    /// Anyone.
    Any,
}

impl Default for ApiConfig {
    fn default() -> Self {
        Self {
            address: "127.0.0.1:8080".to_owned(),
            open: ["GET /healthz", "GET /readyz", "POST /login"]
                .map(str::to_owned)
                .into(),
            users: UserAccess::Own,
            operators: Vec::new(),
            max_body_bytes: const { NonZeroUsize::new(1 << 20).expect("it is not zero") },
            request_timeout: Period::seconds(10),
            max_connections: const { NonZeroU16::new(256).expect("it is not zero") },
            drain_timeout: Period::seconds(5),
        }
    }
}
