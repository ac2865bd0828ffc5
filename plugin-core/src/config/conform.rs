//! Brings a section into the form that its schema names, without changing what it says.

use super::issue::{Issue, IssueKind};
use super::node::{Data, Node};
use super::origin::Origin;
use super::shape::Shape;
use super::yaml;

/// Text from a variable, as the type that is wanted there: `true` is a truth value where one is
/// wanted, and text where text is.
pub(super) fn typed(text: String, shape: &Shape<'_>, place: &Origin) -> Node {
    let wants_text = shape.accepts("string") && !shape.is_any();
    // No text is no value, which takes away what is below; a list or section that is empty says so.
    let is_empty = text.trim().is_empty() && (shape.accepts("array") || shape.accepts("object"));
    let value = if wants_text || (is_empty && !shape.is_any()) {
        None
    } else {
        yaml::value(&text, place)
    };
    let mut node = value.unwrap_or_else(|| Node::new(Data::Text(text), place.clone()));
    node.stamp(place);
    node
}

/// Replaces other names of keys by the keys themselves.
pub(super) fn rename_aliases(
    node: &mut Node,
    shape: &Shape<'_>,
    key: &str,
    issues: &mut Vec<Issue>,
) {
    let Some(map) = node.map_mut() else { return };
    let aliases: Vec<(String, &str)> = map
        .keys()
        .filter_map(|name| Some((name.clone(), shape.alias_of(name)?)))
        .collect();
    for (alias, name) in aliases {
        let Some(value) = map.remove(&alias) else {
            continue;
        };
        if let Some(other) = map.get(name) {
            let what = format!("means the same as `{name}`, which is set at {}", other.key);
            let path = format!("{key}.{alias}");
            issues.push(Issue::new(IssueKind::Duplicate, &value.key, path, what));
        } else {
            map.insert(name.to_owned(), value);
        }
    }
    for (name, child) in map {
        if let Some(shape) = shape.property(name) {
            rename_aliases(child, &shape, &format!("{key}.{name}"), issues);
        }
    }
}

/// Takes out keys that are written without a value where none is allowed, so that their
/// defaults hold.
pub(super) fn drop_empty(node: &mut Node, shape: &Shape<'_>) {
    let Some(map) = node.map_mut() else { return };
    map.retain(|name, child| {
        let Some(shape) = shape.property(name) else {
            return true;
        };
        drop_empty(child, &shape);
        !child.is_null() || shape.accepts("null")
    });
}
