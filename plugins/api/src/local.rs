//! Placeholder until `plugin_core::config` has it.
use plugin_core::prelude::*;
use std::time::Duration;
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
