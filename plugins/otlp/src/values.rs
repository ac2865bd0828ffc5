//! Values that all kinds of data contain.

use std::time::{SystemTime, UNIX_EPOCH};

use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, InstrumentationScope, KeyValue};
use opentelemetry_proto::tonic::resource::v1::Resource;

/// An attribute with a name and a value.
#[must_use]
pub fn attribute(key: &str, value: impl Into<Value>) -> KeyValue {
    KeyValue {
        key: key.to_owned(),
        value: Some(AnyValue {
            value: Some(value.into()),
        }),
        ..KeyValue::default()
    }
}

/// The sender of the data: this process, with the name of a service. Without a name, it has
/// OpenTelemetry's default, `unknown_service:` followed by the name of the program.
#[must_use]
pub fn resource(service: Option<&str>) -> Resource {
    let service = service.map_or_else(unknown, str::to_owned);
    Resource {
        attributes: vec![
            attribute("service.name", Value::StringValue(service)),
            attribute("process.pid", Value::IntValue(std::process::id().into())),
        ],
        ..Resource::default()
    }
}

fn unknown() -> String {
    let program = std::env::current_exe().ok();
    let name = program.as_deref().and_then(|path| path.file_stem());
    let name = name.map_or_else(|| "app".into(), |name| name.to_string_lossy());
    format!("unknown_service:{name}")
}

/// The library that made the spans or metrics.
#[must_use]
pub fn scope(name: &str, version: &str) -> InstrumentationScope {
    InstrumentationScope {
        name: name.to_owned(),
        version: version.to_owned(),
        ..InstrumentationScope::default()
    }
}

/// Nanoseconds since 1970, which can be represented until the year 2554.
#[must_use]
pub fn nanos(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}
