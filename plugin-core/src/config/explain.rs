//! The resulting value of every key of a section with its origin, to explain why a value is what it
//! is.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::mask::{mask, mask_path, names_secret};
use super::node::{Data, Node};
use super::origin::Origin;
use super::secret::MASK;
use super::secret_url;
use super::shape::Shape;
use super::validation::kind_of;

/// One key of a section: its resulting value, and where the value comes from. Secrets are shown as
/// `***`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct Explained {
    /// Path of the key: `hello-plugin.config.message`.
    pub key: String,
    /// The resulting value.
    pub value: Value,
    /// Where it comes from.
    pub origin: Origin,
}

/// The keys of a section, ordered by their paths, including the keys that have only a default.
pub(super) fn explain(name: &str, node: &Node, schema: &Value) -> Vec<Explained> {
    let mut explained = Vec::new();
    list(node, Some(&Shape::new(schema)), name, &mut explained);
    explained.sort_by(|a, b| a.key.cmp(&b.key));
    explained
}

fn list(node: &Node, shape: Option<&Shape<'_>>, key: &str, explained: &mut Vec<Explained>) {
    let is_hidden = shape.is_some_and(|shape| is_hidden(node, shape));
    let Some(map) = node
        .map()
        .filter(|map| !is_hidden && (!map.is_empty() || node.place == Origin::Default))
    else {
        let name = key.rsplit('.').next().unwrap_or_default();
        return explained.push(Explained {
            key: mask_path(key).into_owned(),
            value: shown(name, node, shape),
            origin: node.place.clone(),
        });
    };
    for (name, inner) in map {
        let shape = shape.and_then(|shape| below(shape, name));
        list(inner, shape.as_ref(), &format!("{key}.{name}"), explained);
    }
    let names = shape.into_iter().flat_map(Shape::keys);
    for name in names.filter(|name| !map.contains_key(*name)) {
        let inner = shape.and_then(|shape| shape.property(name));
        if let Some((shape, default)) =
            inner.and_then(|shape| Some((shape.clone(), shape.default()?)))
        {
            let node = Node::from_json(default.clone(), &Origin::Default);
            list(&node, Some(&shape), &format!("{key}.{name}"), explained);
        }
    }
}

/// Whether a value is a secret, or may contain one because it does not have the form that the
/// schema asks for.
pub(super) fn is_hidden(node: &Node, shape: &Shape<'_>) -> bool {
    let is_formed = || shape.accepts(kind_of(node));
    !node.is_null()
        && (node.is_secret || shape.is_secret() || (shape.holds_secret() && !is_formed()))
}

/// The shape of the value under a key. If the shape contains a secret, an unknown key may be that
/// secret, so its value is secret as well.
pub(super) fn below<'s>(shape: &Shape<'s>, key: &str) -> Option<Shape<'s>> {
    let known = shape.property(key);
    known.or_else(|| shape.holds_secret().then(Shape::secret))
}

/// The value of a key with its secrets masked. The name of the key may say that the value is a
/// secret.
pub(super) fn shown(name: &str, node: &Node, shape: Option<&Shape<'_>>) -> Value {
    match node.text() {
        Some(text) if !text.is_empty() && names_secret(name) => MASK.into(),
        _ => masked(node, shape),
    }
}

/// The value of a section with its secrets masked, including secrets inside of other values.
pub(super) fn masked(node: &Node, shape: Option<&Shape<'_>>) -> Value {
    if node.is_secret || shape.is_some_and(|shape| is_hidden(node, shape)) {
        return MASK.into();
    }
    match &node.data {
        Data::Text(text) if shape.is_some_and(Shape::is_secret_url) => {
            secret_url::shown(text).into()
        }
        Data::Text(text) => mask(text).into(),
        Data::List(items) => {
            let shape = shape.map(Shape::items);
            items
                .iter()
                .map(|item| masked(item, shape.as_ref()))
                .collect()
        }
        Data::Map(map) => map
            .iter()
            .map(|(key, inner)| {
                let shape = shape.and_then(|shape| below(shape, key));
                (mask(key).into_owned(), shown(key, inner, shape.as_ref()))
            })
            .collect(),
        _ => node.to_json(),
    }
}
