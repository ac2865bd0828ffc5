//! Converts a section into the form that its schema describes, without changing its meaning.

use super::issue::{Issue, IssueKind};
use super::node::{Data, Node};
use super::origin::Origin;
use super::shape::Shape;
use super::yaml;

/// Converts the text of a variable into the type that the schema asks for: `true` becomes a boolean
/// if a boolean is wanted, and stays text if text is wanted.
pub(super) fn typed(text: String, shape: &Shape<'_>, place: &Origin) -> Node {
    let wants_text = shape.accepts("string") && !shape.is_any();
    // An empty text means that no value is set, which removes the value of the lower layers. An
    // empty list or section has to be written explicitly.
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

/// Removes keys that are written without a value if the schema does not allow `null` there, so that
/// their defaults apply.
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
