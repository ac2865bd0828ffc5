//! Values of statements: JSON, checked against the type of its column.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use plugin_core::{Error, Result};
use serde_json::Value;

use crate::config::ColumnKind;

/// A value in a form that both drivers can bind.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Param {
    Null,
    Integer(i64),
    Real(f64),
    Text(String),
    Blob(Vec<u8>),
}

impl Param {
    /// The value for a `?` whose column is not known. Arrays and objects become JSON text.
    pub(crate) fn of(value: &Value) -> Result<Self> {
        Ok(match value {
            Value::Null => Self::Null,
            Value::Bool(flag) => Self::Integer(i64::from(*flag)),
            Value::Number(number) if number.is_f64() => Self::Real(number.as_f64().unwrap_or(0.0)),
            Value::Number(_) => Self::Integer(integer(value).ok_or_else(too_large)?),
            Value::String(text) => Self::Text(text.clone()),
            Value::Array(_) | Value::Object(_) => Self::Text(value.to_string()),
        })
    }

    /// All values of a statement.
    pub(crate) fn all(values: &[Value]) -> Result<Vec<Self>> {
        values.iter().map(Self::of).collect()
    }

    /// Its size in bytes.
    pub(crate) fn size(&self) -> usize {
        match self {
            Self::Null => 0,
            Self::Integer(_) | Self::Real(_) => 8,
            Self::Text(text) => text.len(),
            Self::Blob(bytes) => bytes.len(),
        }
    }

    /// The value for a column of a known type.
    pub(crate) fn for_kind(kind: ColumnKind, value: &Value) -> Result<Self> {
        if value.is_null() {
            return Ok(Self::Null);
        }
        match kind {
            ColumnKind::Text => value.as_str().map(|text| Self::Text(text.to_owned())),
            ColumnKind::Integer => integer(value).map(Self::Integer),
            ColumnKind::Real => value.as_f64().map(Self::Real),
            ColumnKind::Blob => value
                .as_str()
                .and_then(|text| STANDARD.decode(text).ok())
                .map(Self::Blob),
            ColumnKind::Json => Some(Self::Text(value.to_string())),
        }
        .ok_or_else(|| Error::external(format!("is {}, not {}", kind.describe(), describe(value))))
    }
}

fn integer(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_bool().map(i64::from))
}

fn too_large() -> Error {
    Error::external("a number is larger than a 64-bit integer holds")
}

fn describe(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number like this one",
        Value::String(_) => "a text like this one",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

/// The approximate size of a value in a result, in bytes.
pub(crate) fn size_of_value(value: &Value) -> usize {
    match value {
        Value::String(text) => text.len(),
        _ => 8,
    }
}

/// Bytes as JSON shows them.
pub(crate) fn bytes_to_json(bytes: &[u8]) -> Value {
    Value::String(STANDARD.encode(bytes))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn json_becomes_the_nearest_sql_value() {
        let values = [
            json!(null),
            json!(true),
            json!(-7),
            json!(1.5),
            json!("x"),
            json!({"a": [1]}),
        ];
        let params = Param::all(&values).unwrap();
        assert_eq!(
            params,
            [
                Param::Null,
                Param::Integer(1),
                Param::Integer(-7),
                Param::Real(1.5),
                Param::Text("x".into()),
                Param::Text(r#"{"a":[1]}"#.into()),
            ]
        );
    }

    #[test]
    fn a_number_beyond_64_bits_is_refused() {
        assert!(Param::of(&json!(u64::MAX)).is_err());
    }

    #[test]
    fn kinds_are_checked() {
        assert!(Param::for_kind(ColumnKind::Integer, &json!("7")).is_err());
        assert!(Param::for_kind(ColumnKind::Integer, &json!(7.5)).is_err());
        assert!(Param::for_kind(ColumnKind::Text, &json!(7)).is_err());
        assert!(Param::for_kind(ColumnKind::Blob, &json!("not base64!")).is_err());
        let error = Param::for_kind(ColumnKind::Real, &json!([1])).unwrap_err();
        assert_eq!(error.to_string(), "is a number, not an array");
    }

    #[test]
    fn kinds_take_what_fits() {
        assert_eq!(
            Param::for_kind(ColumnKind::Real, &json!(2)).unwrap(),
            Param::Real(2.0)
        );
        assert_eq!(
            Param::for_kind(ColumnKind::Blob, &json!("AQI=")).unwrap(),
            Param::Blob(vec![1, 2])
        );
        assert_eq!(
            Param::for_kind(ColumnKind::Json, &json!("a")).unwrap(),
            Param::Text("\"a\"".into())
        );
        assert_eq!(
            Param::for_kind(ColumnKind::Json, &json!(null)).unwrap(),
            Param::Null
        );
    }
}
