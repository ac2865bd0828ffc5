//! Keys by which a repeated delivery is recognized.

use std::borrow::Cow;
use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::num::NonZeroU64;
use std::str::FromStr;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{SystemTime, UNIX_EPOCH};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::key;

/// A key that is the same for every delivery of one event to one durable subscription, in any
/// process, and different from all other keys.
///
/// It is a UUID of version 7 (RFC 9562): 48 bits of time in milliseconds, a counter of 12 bits, and
/// 62 bits that are random at the start of a process and then incremented. If the publisher gave
/// the event a key, it is a UUID of version 8 that is computed from this key. Its text is the usual
/// form, `01933b5a-7c1e-7000-9c3b-…`, which databases and payment interfaces accept.
///
/// # Example
///
/// ```
/// use plugin_core::event::IdempotencyKey;
///
/// let key: IdempotencyKey = "01933b5a-7c1e-7000-9c3b-52a1f0d4e6b8".parse().unwrap();
/// assert_eq!(key.to_string(), "01933b5a-7c1e-7000-9c3b-52a1f0d4e6b8");
/// assert_eq!(IdempotencyKey::from_u128(key.as_u128()), Some(key));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct IdempotencyKey {
    /// Never zero, so that an optional key in an envelope takes no additional room.
    high: NonZeroU64,
    low: u64,
}

const VERSION: u64 = 0x7000;
/// The version of a UUID with application-specific bits.
const CUSTOM_VERSION: u64 = 0x8000;
const VERSION_BITS: u64 = 0xf000;
const VARIANT: u64 = 1 << 63;
const RANDOM_BITS: u64 = (1 << 62) - 1;

impl IdempotencyKey {
    pub(crate) fn next() -> Self {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        static RANDOM: LazyLock<u64> = LazyLock::new(|| RandomState::new().hash_one(0));
        let count = COUNT.fetch_add(1, Relaxed);
        let high = (now_millis() << 16) | VERSION | (count & 0xfff);
        let low = RANDOM.wrapping_add(count >> 12) & RANDOM_BITS;
        Self {
            high: NonZeroU64::new(high).unwrap_or(NonZeroU64::MIN),
            low: low | VARIANT,
        }
    }

    /// The key of an event that got no key from a durable subscription or from its caller, from the
    /// event's number in this process.
    pub(crate) fn of_event(number: u64) -> Self {
        static RANDOM: LazyLock<(u64, u64)> = LazyLock::new(|| {
            let random = RandomState::new();
            (
                now_millis() << 16 | (random.hash_one(0) & 0x3ff),
                random.hash_one(1),
            )
        });
        let (started, random) = *RANDOM;
        // The two bits that do not fit into the lower half are in the upper half.
        Self::custom(started | (number >> 62) << 10, number ^ random)
    }

    /// The key that is computed from a digest, such as the digest of a caller's own key: a UUID of
    /// version 8. Equal digests give equal keys.
    #[must_use]
    pub fn from_digest(digest: [u8; 16]) -> Self {
        let number = u128::from_be_bytes(digest);
        let [high, low] = [number >> 64, number].map(|half| half as u64);
        Self::custom(high, low)
    }

    /// The key of the same event for the subscription with this name. It is different for every
    /// subscription.
    pub(crate) fn of_subscription(self, name: &str) -> Self {
        let other = key::of(&format!("{name}!"));
        Self::custom(self.high.get() ^ key::of(name), self.low ^ other)
    }

    fn custom(high: u64, low: u64) -> Self {
        let high = (high & !VERSION_BITS) | CUSTOM_VERSION;
        Self {
            high: NonZeroU64::new(high).unwrap_or(NonZeroU64::MIN),
            low: (low & RANDOM_BITS) | VARIANT,
        }
    }

    /// The key for a number; `None` if its upper half is zero, which no key has.
    #[must_use]
    pub fn from_u128(number: u128) -> Option<Self> {
        let high = NonZeroU64::new(u64::try_from(number >> 64).ok()?)?;
        let low = u64::try_from(number & u128::from(u64::MAX)).ok()?;
        Some(Self { high, low })
    }

    /// The key as a number.
    #[must_use]
    pub fn as_u128(self) -> u128 {
        (u128::from(self.high.get()) << 64) | u128::from(self.low)
    }
}

fn now_millis() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| {
        u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
    })
}

impl fmt::Display for IdempotencyKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (high, low) = (self.high.get(), self.low);
        write!(
            f,
            "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
            high >> 32,
            (high >> 16) & 0xffff,
            high & 0xffff,
            low >> 48,
            low & 0xffff_ffff_ffff
        )
    }
}

impl fmt::Debug for IdempotencyKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The error for a text that is not a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InvalidKey;

impl fmt::Display for InvalidKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a UUID such as `01933b5a-7c1e-7000-9c3b-52a1f0d4e6b8`")
    }
}

impl std::error::Error for InvalidKey {}

impl FromStr for IdempotencyKey {
    type Err = InvalidKey;

    fn from_str(text: &str) -> Result<Self, InvalidKey> {
        const GROUPS: [usize; 5] = [8, 4, 4, 4, 12];
        let groups = text.split('-').map(str::len);
        if !groups.eq(GROUPS) {
            return Err(InvalidKey);
        }
        let digits = text.replace('-', "");
        if !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return Err(InvalidKey);
        }
        let number = u128::from_str_radix(&digits, 16).map_err(|_| InvalidKey)?;
        Self::from_u128(number).ok_or(InvalidKey)
    }
}

impl Serialize for IdempotencyKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for IdempotencyKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

impl JsonSchema for IdempotencyKey {
    fn schema_name() -> Cow<'static, str> {
        "IdempotencyKey".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "format": "uuid" })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    /// Miri takes a hundred times as long.
    const KEYS: usize = if cfg!(miri) { 100 } else { 10_000 };

    #[test]
    fn keys_are_different_and_of_the_seventh_version() {
        let keys: Vec<_> = (0..KEYS).map(|_| IdempotencyKey::next()).collect();
        assert_eq!(keys.iter().collect::<HashSet<_>>().len(), keys.len());
        for key in &keys {
            let text = key.to_string();
            assert_eq!(&text[14..15], "7", "{text}");
            assert!("89ab".contains(&text[19..20]), "{text}");
            assert_eq!(text.parse(), Ok(*key));
        }
    }

    #[test]
    fn a_key_of_an_event_is_that_of_its_number_alone() {
        let numbers = [0, 1, 2, 1 << 44, 1 << 62, 1 << 63, u64::MAX];
        let keys: HashSet<_> = numbers.map(IdempotencyKey::of_event).into_iter().collect();
        assert_eq!(keys.len(), numbers.len());
        for number in numbers {
            let key = IdempotencyKey::of_event(number);
            assert!(keys.contains(&key));
            assert_eq!(&key.to_string()[14..15], "8");
            assert_eq!(key.to_string().parse(), Ok(key));
        }
    }

    #[test]
    fn a_caller_s_key_is_one_for_each_subscription_and_always_the_same() {
        let key = IdempotencyKey::from_digest([7; 16]);
        let of = |plugin: &str| key.of_subscription(&format!("{plugin}.confirm(order.created)"));
        assert_eq!(of("a"), of("a"));
        assert_eq!(HashSet::from([key, of("a"), of("b")]).len(), 3);
        let text = of("a").to_string();
        assert_eq!((&text[14..15], text.parse()), ("8", Ok(of("a"))));
    }

    #[test]
    fn an_envelope_without_a_key_takes_no_more_room() {
        assert_eq!(size_of::<Option<IdempotencyKey>>(), 16);
    }

    #[test]
    fn what_is_no_key_is_refused() {
        for text in [
            "",
            "1",
            "01933b5a-7c1e-7000-9c3b",
            "+1933b5a-7c1e-7000-9c3b-52a1f0d4e6b8",
        ] {
            assert_eq!(text.parse::<IdempotencyKey>(), Err(InvalidKey), "{text}");
        }
        let zero = "00000000-0000-0000-9c3b-52a1f0d4e6b8";
        assert_eq!(zero.parse::<IdempotencyKey>(), Err(InvalidKey));
    }
}
