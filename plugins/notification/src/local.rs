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
/// A length of time.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Period(
    #[schemars(with = "String")]
    #[serde(deserialize_with = "read")]
    Duration,
);
impl Period {
    pub const fn seconds(s: u64) -> Self {
        Self(Duration::from_secs(s))
    }
    pub const fn get(self) -> Duration {
        self.0
    }
}
fn read<'d, D: serde::Deserializer<'d>>(d: D) -> Result<Duration, D::Error> {
    let text = String::deserialize(d)?;
    let (text, unit) = text
        .strip_suffix("ms")
        .map(|t| (t, 1))
        .unwrap_or((text.trim_end_matches('s'), 1000));
    text.parse()
        .map(|n: u64| Duration::from_millis(n * unit))
        .map_err(serde::de::Error::custom)
}
