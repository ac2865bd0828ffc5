//! The text of a trace context: the header `traceparent`.

use std::borrow::Cow;
use std::fmt;
use std::num::NonZeroU64;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::{SAMPLED, SpanId, TraceContext, TraceId};

/// Length of a `traceparent` of version 00.
const LENGTH: usize = 55;

/// The error for a text that is not a `traceparent`. The receiver should begin a new trace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum TraceparentError {
    /// It is not `version-trace-span-flags` in lower-case hexadecimal digits of the right lengths.
    Malformed,
    /// Its version is `ff`, which is not a valid version.
    Version,
    /// The id of the trace or of the span is zero.
    Zero,
}

impl fmt::Display for TraceparentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Malformed => {
                "not `00-`, 32 digits, `-`, 16 digits, `-` and 2 digits, in lower-case hexadecimal"
            }
            Self::Version => "there is no version `ff`",
            Self::Zero => "an id of zeros is none",
        })
    }
}

impl std::error::Error for TraceparentError {}

/// Parses the header according to section 3.2 of the specification. Of a later version, it reads
/// the part that version 00 has.
impl FromStr for TraceContext {
    type Err = TraceparentError;

    fn from_str(text: &str) -> Result<Self, TraceparentError> {
        let text = text.as_bytes();
        let Some((known, rest)) = text.split_at_checked(LENGTH) else {
            return Err(TraceparentError::Malformed);
        };
        if [known[2], known[35], known[52]] != [b'-'; 3] {
            return Err(TraceparentError::Malformed);
        }
        match (hex(&known[..2])?, rest) {
            (0xff, _) => return Err(TraceparentError::Version),
            (_, []) | (1.., [b'-', ..]) => {}
            _ => return Err(TraceparentError::Malformed),
        }
        let (high, low) = (hex(&known[3..19])?, hex(&known[19..35])?);
        let (span, flags) = (hex(&known[36..52])?, hex(&known[53..])?);
        match NonZeroU64::new(span) {
            Some(span) if (high, low) != (0, 0) => Ok(Self {
                trace: TraceId { high, low },
                span: SpanId(span),
                flags: if flags & 1 == 1 { SAMPLED } else { 0 },
                depth: 0,
            }),
            _ => Err(TraceparentError::Zero),
        }
    }
}

impl Serialize for TraceContext {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for TraceContext {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<'_, str>::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

impl JsonSchema for TraceContext {
    fn schema_name() -> Cow<'static, str> {
        "TraceContext".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": "^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}" })
    }
}

/// The number of at most 16 lower-case hexadecimal digits.
fn hex(digits: &[u8]) -> Result<u64, TraceparentError> {
    digits.iter().try_fold(0, |number, &digit| {
        let digit = match digit {
            b'0'..=b'9' => digit - b'0',
            b'a'..=b'f' => digit - b'a' + 10,
            _ => return Err(TraceparentError::Malformed),
        };
        Ok(number << 4 | u64::from(digit))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<String, TraceparentError> {
        text.parse()
            .map(|context: TraceContext| context.to_string())
    }

    /// Sections 3.2.2.5 and 3.2.4 of <https://www.w3.org/TR/trace-context/>.
    #[test]
    fn what_the_specification_gives_as_examples() {
        for text in [
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        ] {
            assert_eq!(read(text).as_deref(), Ok(text));
        }
    }

    #[test]
    fn flags_that_version_00_does_not_have_are_not_passed_on() {
        let text = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-ff";
        assert!(read(text).unwrap().ends_with("-01"));
    }

    #[test]
    fn of_a_later_version_the_known_part_is_read() {
        let known = "4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        let expected = format!("00-{known}");
        assert_eq!(read(&format!("cc-{known}")), Ok(expected.clone()));
        assert_eq!(
            read(&format!("cc-{known}-what-the-future-brings")),
            Ok(expected)
        );
        assert_eq!(
            read(&format!("cc-{known}.what")),
            Err(TraceparentError::Malformed)
        );
        assert_eq!(
            read(&format!("00-{known}-what")),
            Err(TraceparentError::Malformed)
        );
    }

    #[test]
    fn what_is_no_context_is_refused() {
        use TraceparentError::{Malformed, Version, Zero};
        for (text, why) in [
            ("", Malformed),
            (
                "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
                Malformed,
            ),
            (
                "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
                Malformed,
            ),
            (
                "00-4bf92f3577b34da6a3ce929d0e0e4736_00f067aa0ba902b7-01",
                Malformed,
            ),
            (
                "00-4bf92f3577b34da6a3ce929d0e0e473é-0f067aa0ba902b7-011",
                Malformed,
            ),
            (
                "0x-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
                Malformed,
            ),
            (
                "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
                Version,
            ),
            (
                "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
                Zero,
            ),
            (
                "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
                Zero,
            ),
        ] {
            assert_eq!(read(text), Err(why), "{text}");
        }
    }
}
