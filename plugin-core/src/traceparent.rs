//! A trace context: the trace and the span to which some work belongs.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::num::NonZeroU64;

mod header;
mod ids;

pub use header::TraceparentError;

/// The place of a piece of work in a distributed trace: the trace to which it belongs, and its span
/// in this trace.
///
/// Its text is the header `traceparent` of [W3C Trace
/// Context](https://www.w3.org/TR/trace-context/):
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
    /// Length of the chain of events in which each was published while the one before it was
    /// handled. It is not part of the text.
    depth: u16,
}

/// The id of a trace: 128 bits, not all zero. Its text is 32 lower-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct TraceId {
    high: u64,
    low: u64,
}

/// The id of a span in a trace: 64 bits, not all zero. Its text is 16 lower-case hexadecimal
/// digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct SpanId(NonZeroU64);

/// The only flag of version 00: the trace may have been recorded.
const SAMPLED: u8 = 1;

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

    /// The span of an event that was published in `parent`.
    #[inline(never)] // Most events are published outside of any handler.
    pub(crate) fn of_event(parent: Option<Self>, number: u64) -> Self {
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

    /// The text for a store, which [`TraceContext::from_stored`] reads: the text of the header,
    /// followed by further data of the process that writes it.
    #[must_use]
    pub fn to_stored(self) -> String {
        match self.depth {
            0 => self.to_string(),
            depth => format!("{self};{depth}"),
        }
    }

    /// Reads the text that [`TraceContext::to_stored`] wrote.
    ///
    /// # Errors
    ///
    /// Returns an error if it is not such a text.
    pub fn from_stored(text: &str) -> Result<Self, TraceparentError> {
        let Some((header, depth)) = text.split_once(';') else {
            return text.parse();
        };
        let depth = depth.parse().map_err(|_| TraceparentError::Malformed)?;
        let context: Self = header.parse()?;
        Ok(Self { depth, ..context })
    }

    /// The id of the trace.
    #[must_use]
    pub const fn trace_id(self) -> TraceId {
        self.trace
    }

    /// The id of the span.
    #[must_use]
    pub const fn span_id(self) -> SpanId {
        self.span
    }

    /// Whether the trace may have been recorded upstream.
    #[must_use]
    pub const fn is_sampled(self) -> bool {
        self.flags & SAMPLED != 0
    }
}

/// Two contexts are equal if they are the same place in a trace.
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
    /// Its last 56 bits, which are random. A sampler compares them, so that either all parts of a
    /// trace are recorded or none ([W3C Trace Context, Level
    /// 2](https://www.w3.org/TR/trace-context-2/)).
    #[must_use]
    pub const fn randomness(self) -> u64 {
        self.low & ((1 << 56) - 1)
    }

    /// Its bytes, in the order of its text.
    #[must_use]
    pub const fn to_bytes(self) -> [u8; 16] {
        (((self.high as u128) << 64) | self.low as u128).to_be_bytes()
    }
}

impl SpanId {
    /// Its bytes, in the order of its text.
    #[must_use]
    pub const fn to_bytes(self) -> [u8; 8] {
        self.0.get().to_be_bytes()
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
