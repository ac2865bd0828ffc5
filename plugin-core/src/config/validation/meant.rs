//! Guesses what was meant by a value of the wrong type: quotes or a unit may be missing, or may be
//! wrong.

use serde_json::{Map, Number, Value};

use super::super::node::{Data, Node};
use super::super::shape::Shape;
use super::describe::types;
use crate::period::Period;

/// The notation of an empty list or section, if one is wanted and the value is an empty text.
pub(super) fn empty(shape: &Shape<'_>, node: &Node) -> Option<String> {
    if !is_empty(node) {
        return None;
    }
    let word = |kind: &str| match kind {
        "array" => "[]",
        _ => "{}",
    };
    let kinds = ["array", "object"].into_iter();
    let mut kinds = kinds.filter(|kind| shape.accepts(kind)).map(word);
    kinds.next().map(str::to_owned)
}

/// Whether the value is an empty text.
pub(super) fn is_empty(node: &Node) -> bool {
    node.text().is_some_and(|text| text.trim().is_empty())
}

/// The notation that the value would need to have the wanted type.
pub(super) fn meant(schema: &Map<String, Value>, node: &Node) -> Option<String> {
    let wants = |kind: &str| types(schema).any(|it| it == kind);
    let is_period = (schema.get("format")).is_some_and(|format| format == "period");
    if is_period {
        return as_period(node);
    }
    match &node.data {
        Data::Number(_) | Data::Bool(_) | Data::Null if wants("string") => as_text(node),
        Data::Number(number) if wants("integer") => as_integer(number),
        Data::Text(text) if wants("boolean") => as_truth(text),
        Data::Text(text) if wants("integer") || wants("number") => as_number(text),
        _ => None,
    }
}

/// The text of a number with the unit of a period.
fn as_period(node: &Node) -> Option<String> {
    let Data::Number(number) = &node.data else {
        return None;
    };
    let whole = as_integer(number).unwrap_or_default();
    let written = node.written.as_deref().map(str::to_owned);
    let texts = [written, Some(whole), Some(number.to_string())];
    let mut periods = texts.into_iter().flatten().map(|text| format!("{text}s"));
    periods.find(|text| text.parse::<Period>().is_ok())
}

/// The original text, in quotes.
fn as_text(node: &Node) -> Option<String> {
    let text = match (&node.written, &node.data) {
        (Some(text), _) if text.is_empty() => return None,
        (Some(text), _) => text.to_string(),
        (None, Data::Number(number)) => number.to_string(),
        (None, Data::Bool(flag)) => flag.to_string(),
        _ => return None,
    };
    Some(format!("\"{text}\""))
}

/// A number without a fraction as an integer: `1e3` is 1000, but YAML does not read it as an
/// integer.
fn as_integer(number: &Number) -> Option<String> {
    let number = number.as_f64().filter(|number| number.fract() == 0.0)?;
    (number.abs() < 1e15).then(|| format!("{number:.0}"))
}

/// The boolean words of older YAML versions.
fn as_truth(text: &str) -> Option<String> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "yes" | "y" | "on" => Some("true".to_owned()),
        "false" | "no" | "n" | "off" => Some("false".to_owned()),
        _ => None,
    }
}

/// A number that is written in quotes, with leading zeros, or with `_` between its digits.
fn as_number(text: &str) -> Option<String> {
    let digits = text.replace('_', "");
    let trimmed = match digits.trim_start_matches('0') {
        rest if rest.starts_with(|c: char| c.is_ascii_digit()) => rest,
        _ => digits.as_str(),
    };
    let is_number = trimmed.parse::<Number>().is_ok();
    is_number.then(|| trimmed.to_owned())
}
