//! Describes in words what a schema asks for and what was found.

use serde_json::{Map, Value};

use super::super::mask::mask;
use super::super::node::{Data, Node};
use super::super::secret::MASK;
use super::super::shape::resolve;
use super::range::{Periods, Range};

/// Text in a message is cut after this many characters.
const LONGEST: usize = 60;

/// The name of a node's type in JSON Schema.
pub(in crate::config) fn kind_of(node: &Node) -> &'static str {
    match &node.data {
        Data::Null | Data::Unfilled => "null",
        Data::Bool(_) => "boolean",
        Data::Number(number) if number.is_f64() => "number",
        Data::Number(_) => "integer",
        Data::Text(_) => "string",
        Data::List(_) => "array",
        Data::Map(_) => "object",
    }
}

/// Describes the value that was found.
pub(super) fn found(node: &Node, is_secret: bool) -> String {
    match &node.data {
        Data::Null | Data::Unfilled => "nothing".to_owned(),
        Data::List(_) => "a list".to_owned(),
        Data::Map(_) => "a section".to_owned(),
        Data::Text(text) if text.trim().is_empty() => "an empty text".to_owned(),
        _ if is_secret => format!("`{MASK}`"),
        Data::Bool(flag) => format!("`{}`", written(node, flag)),
        Data::Number(number) => format!("the number {}", written(node, number)),
        Data::Text(text) => format!("the text `{}`", shorten(&mask(text))),
    }
}

/// A value in the notation of the operator, if it is from a text.
fn written(node: &Node, value: &impl ToString) -> String {
    match &node.written {
        Some(text) => shorten(text),
        None => value.to_string(),
    }
}

fn shorten(text: &str) -> String {
    match text.char_indices().nth(LONGEST) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}

/// A list of words to choose from.
pub(in crate::config) fn one_of(words: &[&str]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    match quoted.as_slice() {
        [only] => only.clone(),
        all => format!("one of {}", all.join(", ")),
    }
}

/// Describes what a schema asks for.
pub(super) fn describe(root: &Value, schema: &Map<String, Value>) -> String {
    let words = words(root, schema);
    if !words.is_empty() {
        return one_of(&words);
    }
    if let Some(text) = format(schema) {
        return text;
    }
    let mut kinds: Vec<String> = types(schema)
        .filter(|kind| *kind != "null")
        .map(|kind| typed(kind, schema))
        .collect();
    if kinds.is_empty() {
        kinds = inner(root, schema)
            .map(|schema| describe(root, schema))
            .collect();
        kinds.retain(|text| !text.is_empty());
        kinds.dedup();
    }
    kinds.join(" or ")
}

pub(super) fn types(schema: &Map<String, Value>) -> impl Iterator<Item = &str> {
    let (one, many) = match schema.get("type") {
        Some(Value::Array(names)) => (None, names.as_slice()),
        Some(Value::String(name)) => (Some(name.as_str()), &[] as &[Value]),
        _ => (None, &[] as &[Value]),
    };
    one.into_iter().chain(many.iter().filter_map(Value::as_str))
}

fn typed(kind: &str, schema: &Map<String, Value>) -> String {
    let noun = match kind {
        "integer" => "a whole number",
        "number" => "a number",
        "string" => "text",
        "boolean" => "`true` or `false`",
        "array" => "a list",
        "object" => "a section",
        _ => "a value",
    };
    let keys = match kind {
        "object" => keys(schema),
        _ => String::new(),
    };
    format!("{noun}{}{keys}", Range::of(schema).describe(kind))
}

/// The keys of a section, if there are only a few.
fn keys(schema: &Map<String, Value>) -> String {
    const MOST: usize = 8;
    let Some(keys) = schema.get("properties").and_then(Value::as_object) else {
        return String::new();
    };
    match keys.len() {
        0 => String::new(),
        1..=MOST => {
            let quoted: Vec<_> = keys.keys().map(|key| format!("`{key}`")).collect();
            format!(" with {}", quoted.join(", "))
        }
        _ => String::new(),
    }
}

/// The path of a key that was written one level too high: beside the section that has it, not in
/// it.
pub(super) fn deeper(root: &Value, keys: &Map<String, Value>, name: &str) -> Option<String> {
    keys.iter().find_map(|(key, schema)| {
        let holds = |schema: &Map<String, Value>| {
            let inner = schema.get("properties").and_then(Value::as_object);
            inner.is_some_and(|inner| inner.contains_key(name))
        };
        let schema = schema.as_object()?;
        let is_there = inner(root, schema).any(|one| {
            let mut of_one = inner(root, one);
            holds(one) || of_one.any(holds)
        });
        (holds(schema) || is_there).then(|| format!("{key}: {{ {name}: … }}"))
    })
}

fn format(schema: &Map<String, Value>) -> Option<String> {
    let text = match schema.get("format")?.as_str()? {
        "period" => {
            let periods = Periods::of(schema).describe();
            let comma = if periods.is_empty() { "" } else { "," };
            return Some(format!(
                "a length of time{periods}{comma} such as `30s` or `1m 30s`"
            ));
        }
        "version-requirement" => "a version requirement such as `1.2` or `>=1.2, <3`",
        "ip" => "an IP address",
        "ipv4" => "an IPv4 address",
        "ipv6" => "an IPv6 address",
        _ => return None,
    };
    Some(text.to_owned())
}

/// The schemas that a schema refers to or combines.
pub(super) fn inner<'a>(
    root: &'a Value,
    schema: &'a Map<String, Value>,
) -> impl Iterator<Item = &'a Map<String, Value>> {
    let target = schema.get("$ref").and_then(|name| resolve(root, name));
    let options = ["allOf", "anyOf", "oneOf"]
        .into_iter()
        .filter_map(|name| schema.get(name)?.as_array())
        .flatten();
    target
        .into_iter()
        .chain(options)
        .filter_map(Value::as_object)
}

/// The words that a schema allows, if it allows only words.
pub(super) fn words<'a>(root: &'a Value, schema: &'a Map<String, Value>) -> Vec<&'a str> {
    let listed = schema
        .get("enum")
        .and_then(Value::as_array)
        .into_iter()
        .flatten();
    let own: Vec<&str> = listed
        .chain(schema.get("const"))
        .filter_map(Value::as_str)
        .collect();
    if !own.is_empty() || schema.contains_key("properties") {
        return own;
    }
    let mut all = Vec::new();
    for schema in inner(root, schema).filter(|schema| schema.get("type") != Some(&"null".into())) {
        let words = words(root, schema);
        if words.is_empty() {
            return words;
        }
        all.extend(words);
    }
    all
}
