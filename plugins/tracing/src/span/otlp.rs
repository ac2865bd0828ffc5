//! A span in the form of OTLP.

use plugin_otlp::attribute;
use plugin_otlp::proto::common::v1::KeyValue;
use plugin_otlp::proto::common::v1::any_value::Value;
use plugin_otlp::proto::trace::v1::span::SpanKind;
use plugin_otlp::proto::trace::v1::status::StatusCode;
use plugin_otlp::proto::trace::v1::{self as proto};

use super::{Attributes, Span, Status};

impl From<Span> for proto::Span {
    fn from(span: Span) -> Self {
        let kind = match span.kind {
            "producer" => SpanKind::Producer,
            _ => SpanKind::Consumer,
        };
        let parent = span.parent_span_id.map(|parent| parent.to_bytes().to_vec());
        Self {
            trace_id: span.trace_id.trace_id().to_bytes().to_vec(),
            span_id: span.span_id.to_bytes().to_vec(),
            parent_span_id: parent.unwrap_or_default(),
            name: span.name,
            kind: kind.into(),
            start_time_unix_nano: span.start_unix_nano,
            end_time_unix_nano: span.end_unix_nano,
            attributes: span.attributes.into(),
            status: Some(span.status.into()),
            ..Self::default()
        }
    }
}

impl From<Attributes> for Vec<KeyValue> {
    fn from(attributes: Attributes) -> Self {
        let text = |key, value: &str| attribute(key, Value::StringValue(value.to_owned()));
        let mut all = vec![
            text("messaging.operation.type", attributes.operation),
            text("messaging.destination.name", &attributes.topic),
            text("messaging.message.id", &attributes.event),
            text("plugin", attributes.plugin),
        ];
        let optional = [
            ("handler", attributes.handler),
            ("mode", attributes.mode),
            ("error.type", attributes.error),
        ];
        let optional = optional.into_iter();
        all.extend(optional.filter_map(|(key, value)| Some(text(key, value?))));
        let attempt = attributes.attempt.map(|attempt| attempt.into());
        all.extend(attempt.map(|attempt| attribute("attempt", Value::IntValue(attempt))));
        all
    }
}

impl From<Status> for proto::Status {
    fn from(status: Status) -> Self {
        let code = match status.code {
            "ok" => StatusCode::Ok,
            _ => StatusCode::Error,
        };
        Self {
            message: status.message.unwrap_or_default(),
            code: code.into(),
        }
    }
}
