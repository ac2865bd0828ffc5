//! A dead letter, as it is kept.

use std::borrow::Cow;
use std::fmt;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::str::FromStr;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{SystemTime, UNIX_EPOCH};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_json::Value;

use crate::context::EventId;
use crate::idempotency::IdempotencyKey;
use crate::traceparent::TraceContext;

/// The id of a dead letter: 16 hexadecimal digits, which sort by the time of the failure. Ids are
/// also unique among the letters of earlier runs in a persistent store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DeadLetterId(u64);

/// Number of bits for the counter; the bits above them are the milliseconds since 1970.
const COUNT_BITS: u32 = 20;

impl DeadLetterId {
    /// A new id with the present time.
    pub(crate) fn next() -> Self {
        let since = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        Self::at(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
    }

    /// The counter begins at a random number, so that ids of two processes differ. If the clock is
    /// set back, no id gets an earlier time than the previous one, because the oldest letters are
    /// dropped first.
    fn at(millis: u64) -> Self {
        static LATEST: AtomicU64 = AtomicU64::new(0);
        static COUNT: LazyLock<AtomicU64> =
            LazyLock::new(|| AtomicU64::new(RandomState::new().build_hasher().finish()));
        let millis = LATEST.fetch_max(millis, Relaxed).max(millis);
        let count = COUNT.fetch_add(1, Relaxed) & ((1 << COUNT_BITS) - 1);
        Self(millis << COUNT_BITS | count)
    }
}

impl fmt::Display for DeadLetterId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// The error for a text that is not an id of a dead letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadLetterIdError(String);

impl fmt::Display for DeadLetterIdError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "`{}` is no id of a dead letter: expected 16 hexadecimal digits",
            self.0
        )
    }
}

impl std::error::Error for DeadLetterIdError {}

impl FromStr for DeadLetterId {
    type Err = DeadLetterIdError;

    fn from_str(text: &str) -> Result<Self, DeadLetterIdError> {
        let digits = text.len() == 16 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        digits
            .then(|| u64::from_str_radix(text, 16).ok())
            .flatten()
            .map(Self)
            .ok_or_else(|| DeadLetterIdError(text.to_owned()))
    }
}

impl Serialize for DeadLetterId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for DeadLetterId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<'_, str>::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

impl JsonSchema for DeadLetterId {
    fn schema_name() -> Cow<'static, str> {
        "DeadLetterId".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": "^[0-9a-fA-F]{16}$" })
    }
}

/// An event that a handler has finally failed to handle: the event, the handler and the reason.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct DeadLetter {
    /// The id. It stays the same after a failed replay.
    pub id: DeadLetterId,
    /// Topic of the event.
    pub topic: String,
    /// Data of the event; `null` if it could not be serialized, which `error` then says.
    pub data: Value,
    /// Id of the event, as the log shows it.
    pub event: EventId,
    /// The key that each delivery of the event has, including replays:
    /// [`Envelope::delivery_key`](crate::event::Envelope::delivery_key). Letters of earlier
    /// versions have no key, unless their subscription was durable.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<IdempotencyKey>,
    /// Span of the event. A replay is a child of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace: Option<TraceContext>,
    /// Name of the plugin that published it.
    pub source: String,
    /// Name of the plugin whose handler failed.
    pub plugin: String,
    /// Name of the handler.
    pub handler: String,
    /// The error of the last call.
    pub error: String,
    /// The kind of failure: `config`, `external`, `denied`, `timeout` or `bug`.
    pub kind: String,
    /// Number of failed calls, including those of replays. A call that was aborted by the plugin's
    /// stop is not counted, so the number is zero if the plugin stopped before the end of the first
    /// call.
    pub attempts: u32,
    /// When the first call failed: RFC 3339, UTC.
    pub first_at: String,
    /// When the last call failed: RFC 3339, UTC.
    pub last_at: String,
    /// Number of failed replays.
    pub replays: u32,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn report_b21_a_clock_that_is_set_back_makes_no_earlier_letter() {
        let time = |id: DeadLetterId| id.0 >> COUNT_BITS;
        let before = DeadLetterId::next();
        let set_back = DeadLetterId::at(1_000);
        assert!(time(set_back) >= time(before));
    }
}
