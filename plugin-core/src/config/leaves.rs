//! A section as a flat list of keys, so that two can be compared.

use std::collections::BTreeMap;

use serde_json::Value;

use super::explain::{below, is_hidden, shown};
use super::node::Node;
use super::origin::Origin;
use super::shape::Shape;

/// What stands at one key.
pub(super) struct Leaf {
    /// The value itself: it may be a secret.
    pub(super) value: Value,
    /// What may be shown of it.
    pub(super) shown: Value,
    pub(super) origin: Origin,
}

/// Keys by their paths.
pub(super) type Leaves = BTreeMap<String, Leaf>;

/// Adds the keys of a section, those that have only a default too. A key without a value is left
/// out: it says the same as one that is not there.
pub(super) fn gather(node: &Node, shape: Option<&Shape<'_>>, key: &str, leaves: &mut Leaves) {
    if node.is_null() {
        return;
    }
    let is_hidden = shape.is_some_and(|shape| is_hidden(node, shape));
    let before = leaves.len();
    if let Some(map) = node.map().filter(|_| !is_hidden) {
        for (name, inner) in map {
            let shape = shape.and_then(|shape| below(shape, name));
            gather(inner, shape.as_ref(), &format!("{key}.{name}"), leaves);
        }
        let names = shape.into_iter().flat_map(Shape::keys);
        for name in names.filter(|name| !map.contains_key(*name)) {
            let inner = shape.and_then(|shape| shape.property(name));
            if let Some(default) = inner.as_ref().and_then(Shape::default) {
                let default = Node::from_json(default.clone(), &Origin::Default);
                gather(&default, inner.as_ref(), &format!("{key}.{name}"), leaves);
            }
        }
        if leaves.len() > before {
            return;
        }
    }
    let leaf = Leaf {
        value: node.to_json(),
        shown: shown(key.rsplit('.').next().unwrap_or_default(), node, shape),
        origin: node.place.clone(),
    };
    leaves.insert(key.to_owned(), leaf);
}

/// Says of each key where it was written, as far as the section tells it.
pub(super) fn locate(leaves: &mut Leaves, section: &Node, name: &str) {
    for (key, leaf) in leaves {
        let mut steps = key.strip_prefix(name).unwrap_or(key).split('.').skip(1);
        let found = steps.try_fold(section, |node, step| node.get(step));
        if let Some(node) = found {
            leaf.origin = node.place.clone();
        }
    }
}
