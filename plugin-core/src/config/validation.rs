//! Checks a section against its JSON Schema and reports every mistake at its place.
//!
//! It supports the keywords that derived schemas use. Checks that a type makes beyond its schema
//! happen afterwards, when the section is converted into the type.

mod choice;
mod describe;
mod meant;
mod range;

use std::collections::HashSet;

use serde_json::{Map, Value};

use super::issue::{Issue, IssueKind, PRINTED};
use super::mask::names_secret;
use super::node::{Data, Node};
use super::schema_checks::is_trap;
use super::shape::{Shape, aliases_of, resolve};
pub(super) use describe::kind_of;
pub(super) use describe::one_of;
use describe::{describe, found};
use range::Range;

/// Checks a node against a shape's schema; `key` is the path of the node.
pub(super) fn check(node: &Node, shape: &Shape<'_>, key: &str, issues: &mut Vec<Issue>) {
    let mut check = Check {
        root: shape.root(),
        issues,
        room: PRINTED,
    };
    let at = CheckedNode {
        node,
        key,
        place: shape.schema(),
    };
    check.schema(shape.schema(), at, KeyPolicy::Closed);
}

/// A node that is checked, with its path and the schemas that may apply to it.
#[derive(Clone, Copy)]
struct CheckedNode<'s, 'a> {
    node: &'a Node,
    key: &'a str,
    place: &'s Value,
}

/// Whether a single schema names all keys of a section.
#[derive(Clone, Copy, PartialEq)]
enum KeyPolicy {
    /// The schema names all keys, even if its type does not have `deny_unknown_fields`.
    Closed,
    /// The schema is one of several that describe the same section.
    Shared,
}

struct Check<'a> {
    root: &'a Value,
    issues: &'a mut Vec<Issue>,
    /// Number of issues that are still reported in full. The expectation and the suggestion are the
    /// most expensive parts of an issue, so they are computed only for issues that are printed.
    room: usize,
}

impl<'a> Check<'a> {
    fn schema(&mut self, schema: &'a Value, at: CheckedNode<'a, '_>, keys: KeyPolicy) {
        let Some(schema) = schema.as_object() else {
            if schema == &Value::Bool(false) {
                self.report(IssueKind::Invalid, at, "nothing is allowed here");
            }
            return;
        };
        if let Some(target) = schema.get("$ref").and_then(|name| resolve(self.root, name)) {
            self.schema(target, at, keys);
        }
        if matches!(at.node.data, Data::Unfilled) {
            return;
        }
        if is_trap(schema) {
            // The type is the mistake, not the content of the file. `schema_checks` reports it.
            return;
        }
        if !allows_type(schema, at.node) {
            return self.mistyped(schema, at);
        }
        self.value(schema, at);
        self.alternatives(schema, at, keys);
        match &at.node.data {
            Data::List(items) => self.list(schema, at, items),
            Data::Map(_) => self.section(schema, at, keys),
            _ => {}
        }
    }

    fn report(&mut self, kind: IssueKind, at: CheckedNode<'a, '_>, what: impl Into<String>) {
        self.issues
            .push(Issue::new(kind, &at.node.place, at.key, what));
    }

    /// Reports a mistake. If there is room, `fully` adds what was expected, found and meant.
    fn tell(&mut self, issue: Issue, fully: impl FnOnce(&Self, Issue) -> Issue) {
        let issue = match self.issues.len() < self.room {
            true => fully(self, issue),
            false => issue,
        };
        self.issues.push(issue);
    }

    /// Whether the value must not be shown, because it is a secret, or because it has another form
    /// than a value that may contain one.
    fn is_secret(&self, at: CheckedNode<'a, '_>) -> bool {
        let name = at
            .key
            .trim_end_matches(|char: char| char.is_ascii_digit() || "[]".contains(char));
        let name = name.rsplit('.').next().unwrap_or_default();
        let is_told = at.node.is_secret || names_secret(name);
        is_told || Shape::within(self.root, at.place).holds_secret()
    }

    fn mistyped(&mut self, schema: &'a Map<String, Value>, at: CheckedNode<'a, '_>) {
        let issue = Issue::new(IssueKind::WrongType, &at.node.place, at.key, "wrong type");
        self.tell(issue, |check, issue| {
            let is_secret = check.is_secret(at);
            issue
                .expected(describe(check.root, schema))
                .found(found(at.node, is_secret))
                .or_meant(meant::meant(schema, at.node).filter(|_| !is_secret))
                .or_meant(meant::empty(&Shape::within(check.root, at.place), at.node))
        });
    }

    /// Checks `const`, `enum`, ranges, lengths and formats.
    fn value(&mut self, schema: &'a Map<String, Value>, at: CheckedNode<'a, '_>) {
        let json = at.node.to_json();
        let is_word = schema.get("const").is_none_or(|word| *word == json)
            && schema
                .get("enum")
                .and_then(Value::as_array)
                .is_none_or(|words| words.contains(&json));
        let range = Range::of(schema);
        if !is_word {
            self.not_a_word(&schema.clone().into(), at);
        } else if !range.holds(at.node) {
            self.invalid(schema, at, "out of range");
        } else if let Some(fault) = range::format_fault(schema, at.node) {
            self.invalid(schema, at, fault);
        }
    }

    fn invalid(&mut self, schema: &'a Map<String, Value>, at: CheckedNode<'a, '_>, what: &str) {
        let issue = Issue::new(IssueKind::Invalid, &at.node.place, at.key, what);
        self.tell(issue, |check, issue| {
            issue
                .expected(describe(check.root, schema))
                .found(found(at.node, check.is_secret(at)))
        });
    }

    fn list(&mut self, schema: &'a Map<String, Value>, at: CheckedNode<'a, '_>, items: &[Node]) {
        if let Some(inner) = schema.get("items") {
            for (index, node) in items.iter().enumerate() {
                let key = format!("{}[{index}]", at.key);
                self.schema(
                    inner,
                    CheckedNode {
                        node,
                        key: &key,
                        place: inner,
                    },
                    KeyPolicy::Closed,
                );
            }
        }
        let is_unique = schema.get("uniqueItems") == Some(&Value::Bool(true));
        let mut seen = HashSet::new();
        for (index, node) in items.iter().enumerate().filter(|_| is_unique) {
            if !seen.insert(node.to_json()) {
                let key = format!("{}[{index}]", at.key);
                self.report(
                    IssueKind::Duplicate,
                    CheckedNode {
                        node,
                        key: &key,
                        ..at
                    },
                    "is in the list twice",
                );
            }
        }
    }

    fn section(
        &mut self,
        schema: &'a Map<String, Value>,
        at: CheckedNode<'a, '_>,
        keys: KeyPolicy,
    ) {
        let Some(map) = at.node.map() else { return };
        let before = self.issues.len();
        let properties = schema.get("properties").and_then(Value::as_object);
        for (name, node) in map {
            let key = format!("{}.{name}", at.key);
            let inner = properties.and_then(|properties| properties.get(name));
            match (inner, rest_of(schema, keys)) {
                (Some(inner), _) | (None, OtherKeys::Is(inner)) => {
                    self.schema(
                        inner,
                        CheckedNode {
                            node,
                            key: &key,
                            place: inner,
                        },
                        KeyPolicy::Closed,
                    );
                }
                (None, OtherKeys::Forbidden) => self.unknown(
                    schema,
                    CheckedNode {
                        node,
                        key: &key,
                        ..at
                    },
                    name,
                ),
                (None, OtherKeys::Open) => {}
            }
        }
        let required = schema
            .get("required")
            .and_then(Value::as_array)
            .into_iter()
            .flatten();
        let required = required.filter_map(Value::as_str);
        // If a misspelt key was probably meant to be a certain key, that key is not reported as
        // missing.
        let meant: HashSet<String> = (self.issues[before..].iter())
            .filter(|issue| issue.kind == IssueKind::UnknownKey && issue.is_in(at.key))
            .filter_map(|issue| issue.suggestion.clone())
            .collect();
        let is_missing = |name: &&str| !map.contains_key(*name) && !meant.contains(*name);
        for name in required.filter(is_missing) {
            self.lacking(
                properties.and_then(|properties| properties.get(name)),
                at,
                name,
            );
        }
    }

    fn unknown(&mut self, schema: &Map<String, Value>, at: CheckedNode<'a, '_>, name: &str) {
        let issue = Issue::new(IssueKind::UnknownKey, &at.node.key, at.key, "unknown key");
        self.tell(issue, |check, issue| {
            let properties = schema.get("properties").and_then(Value::as_object);
            let names: Vec<&str> = properties
                .into_iter()
                .flat_map(Map::keys)
                .map(String::as_str)
                .collect();
            match schema.get("description").and_then(Value::as_str) {
                Some(text) if names.is_empty() => issue.expected(format!("no keys: {text}")),
                _ if names.is_empty() => issue.expected("no keys"),
                _ => {
                    let schemas = properties.into_iter().flat_map(Map::values);
                    let aliases = schemas.flat_map(aliases_of);
                    let all = names.iter().copied().chain(aliases);
                    let issue = issue.expected(describe::one_of(&names)).meant(name, all);
                    let deeper = || describe::deeper(check.root, properties?, name);
                    issue.or_meant(deeper())
                }
            }
        });
    }

    fn lacking(&mut self, schema: Option<&'a Value>, at: CheckedNode<'a, '_>, name: &str) {
        let key = format!("{}.{name}", at.key);
        let issue = Issue::new(IssueKind::MissingKey, &at.node.key, key, "missing");
        let schema = schema.and_then(Value::as_object);
        let expected = schema.map(|schema| describe(self.root, schema));
        self.issues.push(match expected {
            Some(text) => issue.expected(text),
            None => issue,
        });
    }
}

fn allows_type(schema: &Map<String, Value>, node: &Node) -> bool {
    let kind = kind_of(node);
    let is = |name: &Value| name == kind || (kind == "integer" && name == "number");
    match schema.get("type") {
        Some(Value::Array(names)) => names.iter().any(is),
        Some(name) => is(name),
        None => true,
    }
}

/// The values that are allowed under a key that `properties` does not contain.
enum OtherKeys<'a> {
    Forbidden,
    Open,
    Is(&'a Value),
}

fn rest_of(schema: &Map<String, Value>, keys: KeyPolicy) -> OtherKeys<'_> {
    let is_alone = keys == KeyPolicy::Closed
        && schema.contains_key("properties")
        && ![
            "anyOf",
            "oneOf",
            "allOf",
            "unevaluatedProperties",
            "patternProperties",
        ]
        .iter()
        .any(|name| schema.contains_key(*name));
    match schema.get("additionalProperties") {
        Some(Value::Bool(false)) => OtherKeys::Forbidden,
        Some(inner) => OtherKeys::Is(inner),
        None if schema.get("maxProperties").is_some_and(|most| most == 0) => OtherKeys::Forbidden,
        None if is_alone => OtherKeys::Forbidden,
        None => OtherKeys::Open,
    }
}
