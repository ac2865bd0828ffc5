//! Replaces `${VAR}` and `${VAR:-default}` in the values of a text, after the text was parsed.
//!
//! Keys are not changed, and the value of a variable is not searched for `${…}` again. [`expand`]
//! reads the text of a value.

mod expand;

use std::collections::BTreeSet;

use super::conform;
use super::issue::{Issue, IssueKind};
use super::mask::takes_secret;
use super::node::{Data, Node};
use super::origin::Origin;
use super::shape::Shape;
use super::variables::Variables;
use expand::{ExpansionFault, Filled, What};

/// Replaces variables in a node and in everything below it.
pub(super) struct Filler<'a> {
    pub(super) environment: &'a Variables,
    /// Number of bytes that values of variables may still add.
    pub(super) room: usize,
    /// The values of the used variables whose names say that they are secrets.
    pub(super) secrets: &'a mut BTreeSet<String>,
    pub(super) issues: &'a mut Vec<Issue>,
}

impl Filler<'_> {
    /// Replaces the variables of a node. A value that is a single `${…}` is converted to the type
    /// that the schema asks for.
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
        let filled = match expand::expand(text, self.environment, &mut self.room) {
            Ok(filled) => filled,
            Err(faults) => {
                let hides = shape.holds_secret();
                let issues = faults
                    .iter()
                    .map(|fault| issue(fault, text, &node.place, key, hides));
                self.issues.extend(issues);
                node.data = Data::Unfilled;
                return;
            }
        };
        if takes_secret(text) {
            let (Filled::Whole(text) | Filled::Part(text)) = &filled;
            self.secrets.insert(text.clone());
            node.is_secret = true;
        }
        match filled {
            Filled::Whole(text) if !shape.is_any() => {
                let typed = conform::typed(text, shape, &node.place);
                (node.data, node.written) = (typed.data, typed.written);
            }
            Filled::Whole(text) | Filled::Part(text) => node.data = Data::Text(text),
        }
    }
}

/// Makes an issue of a fault. `hides` says that the text is a secret: an invalid variable name may
/// then be a part of the secret.
fn issue(fault: &ExpansionFault, text: &str, place: &Origin, key: &str, hides: bool) -> Issue {
    let kind = match &fault.what {
        What::Missing(_) => IssueKind::MissingVariable,
        What::Garbled(_) => IssueKind::Unreadable,
        _ => IssueKind::Syntax,
    };
    let hidden = What::BadName("…".to_owned());
    let what = match &fault.what {
        What::BadName(_) if hides => &hidden,
        what => what,
    };
    let what = match position(text, fault.at) {
        Some(position) => format!("{position}: {what}"),
        None => what.to_string(),
    };
    Issue::new(kind, place, key, what)
}

/// The position in a value; `None` at the beginning of the value.
fn position(text: &str, at: usize) -> Option<String> {
    let before = &text[..at];
    let line = before.matches('\n').count() + 1;
    let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
    match (text.contains('\n'), at) {
        (_, 0) => None,
        (true, _) => Some(format!("at line {line}, column {column} of the value")),
        (false, _) => Some(format!("at column {column} of the value")),
    }
}
