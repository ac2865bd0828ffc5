//! The data of a span.

#[cfg(feature = "otlp")]
mod otlp;

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use plugin_core::Mode;
use plugin_core::prelude::*;
use plugin_core::trace::{SpanId, TraceContext};
use serde::Serializer;

/// One span.
#[derive(Debug, Serialize)]
pub(crate) struct Span {
    #[serde(serialize_with = "trace_id")]
    trace_id: TraceContext,
    #[serde(serialize_with = "text")]
    span_id: SpanId,
    #[serde(serialize_with = "optional", skip_serializing_if = "Option::is_none")]
    parent_span_id: Option<SpanId>,
    name: String,
    kind: &'static str,
    start_unix_nano: u64,
    end_unix_nano: u64,
    attributes: Attributes,
    status: Status,
}

/// The attributes of the semantic conventions for messaging, as far as these exist.
#[derive(Debug, Serialize)]
struct Attributes {
    #[serde(rename = "messaging.operation.type")]
    operation: &'static str,
    #[serde(rename = "messaging.destination.name")]
    topic: String,
    #[serde(rename = "messaging.message.id")]
    event: String,
    plugin: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    handler: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mode: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    attempt: Option<u32>,
    #[serde(rename = "error.type", skip_serializing_if = "Option::is_none")]
    error: Option<&'static str>,
}

#[derive(Debug, Serialize)]
struct Status {
    code: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
}

impl Span {
    /// The event's own span, which has no duration; the deliveries are its children.
    pub(crate) fn published(now: SystemTime, event: &AnyEvent<'_>) -> Self {
        let (trace, now) = (event.trace(), nanos(now));
        Self {
            trace_id: trace,
            span_id: trace.span_id(),
            parent_span_id: event.parent().map(TraceContext::span_id),
            name: format!("publish {}", event.topic()),
            kind: "producer",
            start_unix_nano: now,
            end_unix_nano: now,
            attributes: Attributes::of("publish", event.source(), event),
            status: Status::of(&Ok(())),
        }
    }

    /// The span of a call that has just ended.
    pub(crate) fn delivered(
        now: SystemTime,
        delivery: &Delivery<'_>,
        outcome: &Delivered<'_>,
    ) -> Self {
        let (event, result) = (delivery.event(), outcome.result());
        let trace = event.trace();
        Self {
            trace_id: trace,
            span_id: trace.child().span_id(),
            parent_span_id: Some(trace.span_id()),
            name: format!("process {}", event.topic()),
            kind: "consumer",
            start_unix_nano: began(now, outcome.took()),
            end_unix_nano: nanos(now),
            attributes: Attributes {
                handler: Some(delivery.handler()),
                mode: Some(match delivery.mode() {
                    Mode::Inline => "inline",
                    Mode::Queued => "queued",
                }),
                attempt: Some(delivery.attempt()),
                error: (result.as_ref().err()).map(|error| error.kind().as_str()),
                ..Attributes::of("process", delivery.plugin(), event)
            },
            status: Status::of(result),
        }
    }
}

impl Attributes {
    fn of(operation: &'static str, plugin: &'static str, event: &AnyEvent<'_>) -> Self {
        Self {
            operation,
            topic: event.topic().to_owned(),
            event: event.id().to_string(),
            plugin,
            handler: None,
            mode: None,
            attempt: None,
            error: None,
        }
    }
}

impl Status {
    fn of(result: &Result<()>) -> Self {
        match result {
            Ok(()) => Self {
                code: "ok",
                message: None,
            },
            Err(error) => Self {
                code: "error",
                message: Some(error.to_string()),
            },
        }
    }
}

fn began(end: SystemTime, took: Duration) -> u64 {
    nanos(end.checked_sub(took).unwrap_or(end))
}

/// Nanoseconds, which can be represented until the year 2554.
fn nanos(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}

fn trace_id<S: Serializer>(trace: &TraceContext, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&trace.trace_id())
}

fn text<S: Serializer>(id: &SpanId, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(id)
}

fn optional<S: Serializer>(id: &Option<SpanId>, serializer: S) -> Result<S::Ok, S::Error> {
    match id {
        Some(id) => text(id, serializer),
        None => serializer.serialize_none(),
    }
}
