//! Fields that nobody should read in a file.

use serde_json::Value;

/// What stands in their place.
const REDACTED: &str = "***";

/// Replaces the values of some fields, however deep they are.
pub(crate) fn redact(value: &mut Value, names: &[String]) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                if names.iter().any(|redacted| redacted == name) {
                    *value = REDACTED.into();
                } else {
                    redact(value, names);
                }
            }
        }
        Value::Array(values) => values.iter_mut().for_each(|value| redact(value, names)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn fields_are_found_at_any_depth() {
        let mut value = json!({"user": "ann", "password": "x", "all": [{"token": {"a": 1}}]});
        redact(&mut value, &["password".to_owned(), "token".to_owned()]);
        let expected = json!({"user": "ann", "password": "***", "all": [{"token": "***"}]});
        assert_eq!(value, expected);
    }
}
