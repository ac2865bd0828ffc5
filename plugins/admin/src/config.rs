//! Settings, with a default for every key.

use std::num::NonZeroU16;

use plugin_core::config::Period;
use plugin_core::prelude::*;

/// Settings of `admin-plugin`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct AdminConfig {
    /// Most connections at once. One more closes that which has waited longest for a request; if
    /// all have one that is being answered, it is answered 503.
    pub max_connections: NonZeroU16,
    /// Most streams at once, each of which takes a connection. One more is answered 503.
    pub max_streams: u16,
    /// How long a client may take for a request, for an answer, and between two requests; then its
    /// connection is closed.
    #[schemars(extend("x-min" = "1ms", "x-max" = "1h"))]
    pub client_timeout: Period,
    /// How long a client waits for the end of an operation. One that takes longer goes on, and is
    /// answered 202.
    #[schemars(extend("x-min" = "1ms", "x-max" = "1d"))]
    pub operation_timeout: Period,
    /// How long requests that run when the plugin stops may go on.
    #[schemars(extend("x-min" = "0s", "x-max" = "1h"))]
    pub drain_timeout: Period,
}

impl Default for AdminConfig {
    fn default() -> Self {
        Self {
            max_connections: const { NonZeroU16::new(64).expect("it is not zero") },
            max_streams: 32,
            client_timeout: Period::seconds(10),
            operation_timeout: Period::seconds(60),
            drain_timeout: Period::seconds(1),
        }
    }
}

#[cfg(test)]
mod tests {
    use plugin_core::config::unbounded;

    use super::*;

    #[test]
    fn every_number_and_period_has_bounds() {
        let schema = schemars::schema_for!(AdminConfig);
        assert_eq!(unbounded(schema.as_value()), [""; 0]);
    }
}
