//! A fault in a value, with its place. Messages do not contain the value, because it is from
//! outside.

use std::cmp::Ordering;
use std::collections::HashSet;
use std::fmt;

use serde_json::{Map, Number, Value};

use crate::counted::counted;

/// The first value that breaks a rule.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::event) struct Fault {
    what: String,
    /// The path from the value outwards.
    path: Vec<PathStep>,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum PathStep {
    Key(String),
    Index(usize),
}

impl Fault {
    fn new(what: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            path: Vec::new(),
        }
    }

    pub(super) fn pattern(pattern: &str, text: &str) -> Self {
        let what = match text.chars().find(|one| one.is_control()) {
            Some(control) => format!("holds the control character U+{:04X}", u32::from(control)),
            None => "is not of the form that it must have".to_owned(),
        };
        Self::new(format!("{what}: it has to match `{pattern}`"))
    }

    /// The fault of a type whose pattern is invalid.
    pub(super) fn no_pattern(pattern: &str) -> Self {
        Self::new(format!(
            "can't be checked: the pattern `{pattern}` of its type is no regular expression"
        ))
    }

    pub(super) fn within(mut self, step: PathStep) -> Self {
        self.path.push(step);
        self
    }

    /// Path of the value, such as `items[3].name`; `.` for the whole.
    pub(in crate::event) fn key(&self) -> String {
        let mut path = String::new();
        for step in self.path.iter().rev() {
            match step {
                PathStep::Index(index) => path.push_str(&format!("[{index}]")),
                PathStep::Key(key) if path.is_empty() => path.push_str(key),
                PathStep::Key(key) => path.push_str(&format!(".{key}")),
            }
        }
        if path.is_empty() {
            ".".to_owned()
        } else {
            path
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

/// The message for a list in place of an object.
pub(in crate::event) const NAMELESS: &str =
    "expected an object, found a list: write each value with its key, as in `{\"key\": value}`";

/// Checks that every object in `read` was given as an object, and not as a list.
pub(in crate::event) fn named(given: &Value, read: &Value) -> Result<(), Fault> {
    let within = |inner: Result<(), Fault>, step| inner.map_err(|fault| fault.within(step));
    match (given, read) {
        (Value::Array(_), Value::Object(_)) => Err(Fault::new(NAMELESS)),
        (Value::Array(given), Value::Array(read)) => (given.iter().zip(read).enumerate())
            .try_for_each(|(at, (given, read))| within(named(given, read), PathStep::Index(at))),
        (Value::Object(given), Value::Object(read)) => given
            .iter()
            .filter_map(|(key, given)| Some((key, given, read.get(key)?)))
            .try_for_each(|(key, given, read)| {
                within(named(given, read), PathStep::Key(key.clone()))
            }),
        _ => Ok(()),
    }
}

/// Checks a size against two bounds. The size is counted only if there is a bound.
pub(super) fn size(
    schema: &Map<String, Value>,
    [min, max]: [&str; 2],
    unit: &str,
    count: impl FnOnce() -> usize,
) -> Result<(), Fault> {
    let bound = |name| schema.get(name).and_then(Value::as_u64);
    let (min, max) = (bound(min), bound(max));
    if min.is_none() && max.is_none() {
        return Ok(());
    }
    let size = count() as u64;
    if let Some(max) = max.filter(|max| size > *max) {
        return Err(Fault::new(format!(
            "has {}, and may have at most {max}",
            counted(size, unit)
        )));
    }
    match min.filter(|min| size < *min) {
        Some(min) => Err(Fault::new(format!(
            "has {}, and must have at least {min}",
            counted(size, unit)
        ))),
        None => Ok(()),
    }
}

/// Checks a number against its bounds.
pub(super) fn number(schema: &Map<String, Value>, number: &Number) -> Result<(), Fault> {
    use Ordering::{Equal, Greater, Less};
    let bounds: [(&str, &[Ordering], &str); 4] = [
        ("minimum", &[Equal, Greater], "at least"),
        ("maximum", &[Equal, Less], "at most"),
        ("exclusiveMinimum", &[Greater], "more than"),
        ("exclusiveMaximum", &[Less], "less than"),
    ];
    for (name, allowed, words) in bounds {
        let bound = schema.get(name).and_then(Value::as_number);
        if let Some(bound) = bound.filter(|bound| !allowed.contains(&compare(number, bound))) {
            return Err(Fault::new(format!(
                "is {number}, and must be {words} {bound}"
            )));
        }
    }
    Ok(())
}

fn compare(a: &Number, b: &Number) -> Ordering {
    match (a.as_i128(), b.as_i128()) {
        (Some(a), Some(b)) => a.cmp(&b),
        _ => {
            let float = |number: &Number| number.as_f64().unwrap_or(f64::NAN);
            float(a).total_cmp(&float(b))
        }
    }
}

/// Checks that no item occurs twice.
pub(super) fn unique(items: &[Value]) -> Result<(), Fault> {
    let mut known = HashSet::with_capacity(items.len());
    match items.iter().position(|item| !known.insert(item)) {
        Some(index) => Err(Fault::new("is in the list twice").within(PathStep::Index(index))),
        None => Ok(()),
    }
}

/// Whether the schema allows the type of a value.
pub(super) fn allows_type(schema: &Map<String, Value>, value: &Value) -> bool {
    let is = |name: &Value| match (name.as_str(), value) {
        (Some("null"), Value::Null)
        | (Some("boolean"), Value::Bool(_))
        | (Some("number"), Value::Number(_))
        | (Some("string"), Value::String(_))
        | (Some("array"), Value::Array(_))
        | (Some("object"), Value::Object(_)) => true,
        (Some("integer"), Value::Number(number)) => !number.is_f64(),
        _ => false,
    };
    match schema.get("type") {
        Some(Value::Array(names)) => names.iter().any(is),
        Some(name) => is(name),
        None => true,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn report_a8_a_list_that_was_read_by_the_order_of_its_keys_is_found() {
        let read = json!({"id": 1, "tags": ["a"], "items": [{"n": 1, "at": {"x": 1}}]});
        let at = |given: Value| named(&given, &read).map_err(|fault| fault.key());
        assert_eq!(at(read.clone()), Ok(()));
        assert_eq!(at(json!({"tags": ["a"], "items": [{"n": 1}]})), Ok(()));
        assert_eq!(at(json!([1, ["a"], []])), Err(".".to_owned()));
        assert_eq!(at(json!({"items": [[1, {}]]})), Err("items[0]".to_owned()));
        let inner = json!({"items": [{"n": 1, "at": [1]}]});
        assert_eq!(at(inner), Err("items[0].at".to_owned()));
    }
}
