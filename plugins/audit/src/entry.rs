//! One entry of the log.

use std::time::{SystemTime, UNIX_EPOCH};

use plugin_core::prelude::*;
use serde_json::Value;

/// One entry. Unknown values are left out.
#[derive(Debug, Serialize)]
pub(crate) struct Entry {
    unix_nano: u64,
    action: &'static str,
    topic: String,
    event: String,
    source: &'static str,
    trace_id: String,
    span_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<Value>,
    #[serde(flatten)]
    failure: Option<Failure>,
}

/// A failed delivery.
#[derive(Debug, Serialize)]
struct Failure {
    plugin: &'static str,
    handler: &'static str,
    attempt: u32,
    kind: &'static str,
    error: String,
}

impl Entry {
    pub(crate) fn published(now: SystemTime, event: &AnyEvent<'_>, data: Option<Value>) -> Self {
        Self {
            data,
            ..Self::of(now, "publish", event)
        }
    }

    pub(crate) fn failed(now: SystemTime, delivery: &Delivery<'_>, error: &Error) -> Self {
        let failure = Failure {
            plugin: delivery.plugin(),
            handler: delivery.handler(),
            attempt: delivery.attempt(),
            kind: error.kind().as_str(),
            error: error.to_string(),
        };
        Self {
            failure: Some(failure),
            ..Self::of(now, "fail", delivery.event())
        }
    }

    fn of(now: SystemTime, action: &'static str, event: &AnyEvent<'_>) -> Self {
        let since = now.duration_since(UNIX_EPOCH).unwrap_or_default();
        let trace = event.trace();
        Self {
            // This is enough for five centuries.
            unix_nano: u64::try_from(since.as_nanos()).unwrap_or(u64::MAX),
            action,
            topic: event.topic().to_owned(),
            event: event.id().to_string(),
            source: event.source(),
            trace_id: trace.trace_id().to_string(),
            span_id: trace.span_id().to_string(),
            data: None,
            failure: None,
        }
    }
}
