//! A trace context and its text form, the header `traceparent`.

use std::borrow::Cow;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::num::NonZeroU64;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::ids;
use crate::event::EventId;

/// The place of a piece of work in a distributed trace: which trace it belongs to, and which span
/// of it the work is.
///
/// Its text is the header `traceparent` of [W3C Trace Context](https://www.w3.org/TR/trace-context/):
///
/// ```
/// use plugin_core::trace::TraceContext;
///
/// let text = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
/// let context: TraceContext = text.parse().unwrap();
/// assert_eq!(context.trace_id().to_string(), "4bf92f3577b34da6a3ce929d0e0e4736");
/// assert!(context.is_sampled());
/// assert_eq!(context.to_string(), text);
///
/// let child = context.child();
/// assert_eq!(child.trace_id(), context.trace_id());
/// assert_ne!(child.span_id(), context.span_id());
/// ```
#[derive(Debug, Clone, Copy)]
pub struct TraceContext {
    trace: TraceId,
    span: SpanId,
    flags: u8,
    /// How many events came one after the other, each published while the one before was handled.
    /// It is no part of the text.
    depth: u16,
}

/// Which trace it is: 128 bits, not all zero. Its text is 32 lower-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct TraceId {
    high: u64,
    low: u64,
}

/// Which span of a trace it is: 64 bits, not all zero. Its text is 16 lower-case hexadecimal
/// digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct SpanId(NonZeroU64);

/// The only flag of version 00: somebody may have recorded the trace.
const SAMPLED: u8 = 1;

/// Length of a `traceparent` of version 00.
const LENGTH: usize = 55;

impl TraceContext {
    /// The first span of a new trace.
    #[must_use]
    pub fn root() -> Self {
        Self::first(ids::number())
    }

    /// Another span of the same trace.
    #[must_use]
    pub fn child(self) -> Self {
        self.below(ids::number())
    }

    /// The span of an event that was published there.
    #[inline(never)] // Most events are published outside of any handler.
    pub(crate) fn of_event(parent: Option<Self>, event: EventId) -> Self {
        let number = event.number();
        let span = parent.map_or_else(|| Self::first(number), |parent| parent.below(number));
        Self {
            depth: span.depth.saturating_add(1),
            ..span
        }
    }

    pub(crate) fn first(number: u64) -> Self {
        let (high, low) = ids::trace(number);
        Self {
            trace: TraceId {
                high,
                low: low.get(),
            },
            span: SpanId(ids::span(high, number)),
            flags: SAMPLED,
            depth: 0,
        }
    }

    fn below(self, number: u64) -> Self {
        Self {
            span: SpanId(ids::span(self.span.0.get(), number)),
            ..self
        }
    }

    pub(crate) fn depth(self) -> u16 {
        self.depth
    }

    /// The text for a store, which [`TraceContext::from_stored`] reads: that of the header, and
    /// behind it what the process that wrote it knows besides.
    #[must_use]
    pub fn to_stored(self) -> String {
        match self.depth {
            0 => self.to_string(),
            depth => format!("{self};{depth}"),
        }
    }

    /// Reads what [`TraceContext::to_stored`] wrote.
    ///
    /// # Errors
    ///
    /// When it is no such text.
    pub fn from_stored(text: &str) -> Result<Self, TraceparentError> {
        let Some((header, depth)) = text.split_once(';') else {
            return text.parse();
        };
        let depth = depth.parse().map_err(|_| TraceparentError::Malformed)?;
        let context: Self = header.parse()?;
        Ok(Self { depth, ..context })
    }

    /// Which trace it is.
    #[must_use]
    pub const fn trace_id(self) -> TraceId {
        self.trace
    }

    /// Which span it is.
    #[must_use]
    pub const fn span_id(self) -> SpanId {
        self.span
    }

    /// Whether somebody upstream may have recorded the trace.
    #[must_use]
    pub const fn is_sampled(self) -> bool {
        self.flags & SAMPLED != 0
    }
}

/// Two are the same if they are the same place in a trace.
impl PartialEq for TraceContext {
    fn eq(&self, other: &Self) -> bool {
        (self.trace, self.span, self.flags) == (other.trace, other.span, other.flags)
    }
}

impl Eq for TraceContext {}

impl Hash for TraceContext {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        (self.trace, self.span, self.flags).hash(hasher);
    }
}

/// Writes the header, in version 00.
impl fmt::Display for TraceContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "00-{}-{}-{:02x}", self.trace, self.span, self.flags)
    }
}

impl TraceId {
    /// Its last 56 bits, which are random: what a sampler compares, so that all parts of a trace
    /// are recorded or none ([W3C Trace Context, Level 2](https://www.w3.org/TR/trace-context-2/)).
    #[must_use]
    pub const fn randomness(self) -> u64 {
        self.low & ((1 << 56) - 1)
    }
}

impl fmt::Display for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}{:016x}", self.high, self.low)
    }
}

impl fmt::Debug for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for SpanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl fmt::Debug for SpanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Text that is no `traceparent`: whoever gets it begins a trace of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum TraceparentError {
    /// It is not `version-trace-span-flags` in lower-case hexadecimal digits of the right lengths.
    Malformed,
    /// Its version is `ff`, which there will never be.
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

/// Reads the header as section 3.2 of the specification says. Of a later version that is known
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

/// The number that at most 16 lower-case hexadecimal digits are.
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

    #[test]
    fn a_store_keeps_how_deep_a_chain_of_events_is() {
        let root = TraceContext::root();
        assert_eq!(root.to_stored(), root.to_string());
        let deep = TraceContext { depth: 7, ..root };
        let read = TraceContext::from_stored(&deep.to_stored()).unwrap();
        assert_eq!((read, read.depth()), (root, 7));
        assert_eq!(deep.to_string(), root.to_string(), "no header has it");
        for text in [
            format!("{root};x"),
            format!("{root};"),
            format!("{root};99999"),
            ";1".into(),
        ] {
            assert!(TraceContext::from_stored(&text).is_err(), "{text}");
        }
    }

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

    #[test]
    fn a_new_trace_can_be_read_again() {
        let root = TraceContext::root();
        assert_eq!(root.to_string().parse(), Ok(root));
        assert_ne!(root.trace_id(), TraceContext::root().trace_id());
        let children = [root.child(), root.child(), root.child().child()];
        assert!(
            children
                .iter()
                .all(|child| child.trace_id() == root.trace_id())
        );
        assert_ne!(children[0].span_id(), children[1].span_id());
        assert_ne!(children[1].span_id(), children[2].span_id());
    }
}
