//! `${VAR}` and `${VAR:-default}` in the values of a text, after it was parsed.
//!
//! Keys are left alone, and what a variable holds is not looked at again. `$${` stands for `${`.

use std::collections::BTreeMap;

use super::conform;
use super::issue::{Issue, IssueKind};
use super::node::{Data, Node};
use super::shape::Shape;

/// Fills in a node and all that is in it.
pub(super) struct Filler<'a> {
    pub(super) environment: &'a BTreeMap<String, String>,
    pub(super) issues: &'a mut Vec<Issue>,
}

impl Filler<'_> {
    /// A value that is one `${…}` and no more takes the type that the schema wants.
    pub(super) fn fill(&mut self, node: &mut Node, shape: &Shape<'_>, key: &str) {
        match &mut node.data {
            Data::Text(text) if node.place.is_text() && text.contains("${") => {
                let text = std::mem::take(text);
                self.fill_text(node, &text, shape, key);
            }
            Data::List(items) => {
                for (at, item) in items.iter_mut().enumerate() {
                    self.fill(item, &shape.items(), &format!("{key}[{at}]"));
                }
            }
            Data::Map(map) => {
                for (name, child) in map {
                    let any = Shape::new(&serde_json::Value::Bool(true));
                    let inner = shape.property(name).unwrap_or(any);
                    self.fill(child, &inner, &format!("{key}.{name}"));
                }
            }
            _ => {}
        }
    }

    fn fill_text(&mut self, node: &mut Node, text: &str, shape: &Shape<'_>, key: &str) {
        let (filled, faults) = expand(text, self.environment);
        for fault in &faults {
            let issue = Issue::new(fault.kind(), &node.place, key, fault.to_string());
            self.issues.push(issue);
        }
        node.data = if !faults.is_empty() {
            Data::Unfilled
        } else if is_whole(text) && !shape.is_any() {
            conform::typed(filled, shape, &node.place).data
        } else {
            Data::Text(filled)
        };
    }
}

/// What keeps a `${…}` from being filled in.
#[derive(Debug, PartialEq)]
enum Fault {
    Missing(String),
    BadName(String),
    Unclosed,
}

impl Fault {
    fn kind(&self) -> IssueKind {
        match self {
            Self::Missing(_) => IssueKind::MissingVariable,
            Self::BadName(_) | Self::Unclosed => IssueKind::Syntax,
        }
    }
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Missing(name) => write!(
                f,
                "environment variable `{name}` is not set: set it, or write `${{{name}:-default}}`"
            ),
            Self::BadName(name) => write!(
                f,
                "`{name}` is no name of a variable: letters, digits and `_`; for the text itself write `$${{`"
            ),
            Self::Unclosed => {
                f.write_str("a `${` is not closed by `}`; for the text itself write `$${`")
            }
        }
    }
}

/// Whether the text is one `${…}` and no more.
fn is_whole(text: &str) -> bool {
    text.starts_with("${") && text.find('}') == Some(text.len() - 1)
}

fn expand(text: &str, environment: &BTreeMap<String, String>) -> (String, Vec<Fault>) {
    let mut filled = String::new();
    let mut faults = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find("${") {
        let (before, inside) = (&rest[..at], &rest[at + 2..]);
        if let Some(before) = before.strip_suffix('$') {
            filled.push_str(before);
            filled.push_str("${");
            rest = inside;
            continue;
        }
        filled.push_str(before);
        let Some((inside, after)) = inside.split_once('}') else {
            faults.push(Fault::Unclosed);
            return (filled, faults);
        };
        match lookup(inside, environment) {
            Ok(value) => filled.push_str(value),
            Err(fault) => faults.push(fault),
        }
        rest = after;
    }
    filled.push_str(rest);
    (filled, faults)
}

/// As in a shell, the default also stands in for a variable that is set to nothing.
fn lookup<'a>(
    inside: &'a str,
    environment: &'a BTreeMap<String, String>,
) -> Result<&'a str, Fault> {
    let (name, default) = match inside.split_once(":-") {
        Some((name, default)) => (name, Some(default)),
        None => (inside, None),
    };
    let letters = |c: char| c == '_' || c.is_ascii_alphanumeric();
    if name.is_empty()
        || name.starts_with(|c: char| c.is_ascii_digit())
        || !name.chars().all(letters)
    {
        return Err(Fault::BadName(name.to_owned()));
    }
    let value = environment.get(name).map(String::as_str);
    match default {
        Some(default) => Ok(value.filter(|value| !value.is_empty()).unwrap_or(default)),
        None => value.ok_or_else(|| Fault::Missing(name.to_owned())),
    }
}
