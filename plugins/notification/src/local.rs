//! Placeholder until `plugin_core::config` has them.
use plugin_core::prelude::*;
use std::fmt;
use std::time::Duration;
#[derive(Clone, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Secret(String);
impl Secret {
    pub fn expose(&self) -> &str {
        &self.0
    }
}
impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Span(
    #[schemars(with = "f64")]
    #[serde(deserialize_with = "secs")]
    pub Duration,
);
fn secs<'d, D: serde::Deserializer<'d>>(d: D) -> Result<Duration, D::Error> {
    f64::deserialize(d).map(Duration::from_secs_f64)
}
