//! A section as a flat list of keys, so that two sections can be compared.

use std::collections::BTreeMap;

use serde_json::Value;

use super::explain::{below, is_hidden, shown};
use super::node::Node;
use super::origin::Origin;
use super::shape::Shape;

/// The value at one key.
pub(super) struct Leaf {
    /// The value itself, which may be a secret.
    pub(super) value: Value,
    /// The part of the value that may be shown.
    pub(super) shown: Value,
    pub(super) origin: Origin,
}

/// The keys from the root. They are not joined with dots, because a key that a file made up may
/// contain a dot.
pub(super) type Path = Vec<String>;

/// Keys by their paths.
pub(super) type Leaves = BTreeMap<Path, Leaf>;

/// Adds the keys of a section, including those that have only a default. A key without a value is
/// left out, because it means the same as a missing key.
pub(super) fn gather(node: &Node, shape: Option<&Shape<'_>>, path: Path, leaves: &mut Leaves) {
    if node.is_null() {
        return;
    }
    let is_hidden = shape.is_some_and(|shape| is_hidden(node, shape));
    let before = leaves.len();
    if let Some(map) = node.map().filter(|_| !is_hidden) {
        for (name, inner) in map {
            let shape = shape.and_then(|shape| below(shape, name));
            gather(inner, shape.as_ref(), under(&path, name), leaves);
        }
        let names = shape.into_iter().flat_map(Shape::keys);
        for name in names.filter(|name| !map.contains_key(*name)) {
            let inner = shape.and_then(|shape| shape.property(name));
            if let Some(default) = inner.as_ref().and_then(Shape::default) {
                let default = Node::from_json(default.clone(), &Origin::Default);
                gather(&default, inner.as_ref(), under(&path, name), leaves);
            }
        }
        if leaves.len() > before {
            return;
        }
    }
    let leaf = Leaf {
        value: node.to_json(),
        shown: shown(path.last().map_or("", String::as_str), node, shape),
        origin: node.place.clone(),
    };
    leaves.insert(path, leaf);
}

fn under(path: &[String], name: &str) -> Path {
    path.iter()
        .map(String::as_str)
        .chain([name])
        .map(str::to_owned)
        .collect()
}

/// Sets the origin of each key, as far as the section contains it.
pub(super) fn locate(leaves: &mut Leaves, section: &Node) {
    for (path, leaf) in leaves {
        let mut steps = path.iter().skip(1);
        let found = steps.try_fold(section, |node, step| node.get(step));
        if let Some(node) = found {
            leaf.origin = node.place.clone();
        }
    }
}
