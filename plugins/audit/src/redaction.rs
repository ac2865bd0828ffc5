//! Hides fields whose values must not be readable in a file.

use std::borrow::Cow;

use plugin_core::config::mask;
use serde_json::Value;

/// The replacement for such values.
const REDACTED: &str = "***";

/// Replaces the values of some fields at any depth, in upper or lower case (`Password`), and
/// secrets that the form of another text reveals.
pub(crate) fn redact(value: &mut Value, names: &[String]) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                if names
                    .iter()
                    .any(|redacted| redacted.eq_ignore_ascii_case(name))
                {
                    *value = REDACTED.into();
                } else {
                    redact(value, names);
                }
            }
        }
        Value::Array(values) => values.iter_mut().for_each(|value| redact(value, names)),
        Value::String(text) => {
            if let Cow::Owned(masked) = mask(text) {
                *text = masked;
            }
        }
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

    #[test]
    fn report_a16_secrets_inside_of_other_fields_are_found() {
        let mut value = json!({"Password": "x", "hook": "https://u:p@h/", "note": "key=f00 ann"});
        redact(&mut value, &["password".to_owned()]);
        let expected = json!({"Password": "***", "hook": "https://***@h/", "note": "key=*** ann"});
        assert_eq!(value, expected);
    }
}
