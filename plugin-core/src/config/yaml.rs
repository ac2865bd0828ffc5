//! YAML text into nodes. The one file that knows `serde_yaml`, which is archived upstream: to
//! replace it is to rewrite this file.
//!
//! `serde_yaml` reads the values; it has no places for them, which come from [`Places`].

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Number;

use super::issue::{Issue, IssueKind};
use super::location::{Place, Places};
use super::node::{Data, Node};
use super::origin::Origin;

/// Reads a text; `origin` names it.
pub(super) fn parse(text: &str, origin: &Origin) -> Result<Node, Vec<Issue>> {
    let Raw(mut node) = serde_yaml::from_str(text).map_err(|error| vec![syntax(&error, origin)])?;
    let places = Places::of(text);
    let duplicates: Vec<Issue> = places
        .duplicates
        .iter()
        .map(|(key, first, again)| {
            let what = format!("the key is there twice, first in line {}", first.0);
            Issue::new(IssueKind::Duplicate, &origin.at(*again), key, what)
        })
        .collect();
    if !duplicates.is_empty() {
        return Err(duplicates);
    }
    locate(
        &mut node,
        Some(&places.root),
        (places.root.value, places.root.value),
        origin,
    );
    Ok(node)
}

/// Reads a value of one line, as an operator writes it in a variable.
pub(super) fn value(text: &str) -> Option<Data> {
    let Raw(node) = serde_yaml::from_str(text).ok()?;
    Some(node.data)
}

fn syntax(error: &serde_yaml::Error, origin: &Origin) -> Issue {
    let mut what = error.to_string();
    let mut place = origin.clone();
    if let Some(location) = error.location() {
        let (line, column) = (location.line(), location.column());
        what = what.replacen(&format!(" at line {line} column {column}"), "", 1);
        place = origin.at((line, column));
    }
    Issue::new(IssueKind::Syntax, &place, "", what)
}

/// Gives each node its places; what is behind an alias has those of the alias.
fn locate(
    node: &mut Node,
    place: Option<&Place>,
    nearest: ((usize, usize), (usize, usize)),
    origin: &Origin,
) {
    let (key, value) = place.map_or(nearest, |place| (place.key, place.value));
    node.key = origin.at(key);
    node.place = origin.at(value);
    let inner = |name: &str| place.and_then(|place| place.children.get(name));
    match &mut node.data {
        Data::Map(map) => {
            for (name, child) in map {
                locate(child, inner(name), (key, value), origin);
            }
        }
        Data::List(items) => {
            for (at, child) in items.iter_mut().enumerate() {
                locate(child, inner(&at.to_string()), (key, value), origin);
            }
        }
        _ => {}
    }
}

/// A node without places.
struct Raw(Node);

impl Raw {
    fn of(data: Data) -> Self {
        Self(Node::new(data, Origin::Default))
    }
}

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RawVisitor)
    }
}

struct RawVisitor;

impl<'de> Visitor<'de> for RawVisitor {
    type Value = Raw;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value without a tag")
    }

    fn visit_unit<E: de::Error>(self) -> Result<Raw, E> {
        Ok(Raw::of(Data::Null))
    }

    /// A text without a value is neither.
    fn visit_none<E: de::Error>(self) -> Result<Raw, E> {
        self.visit_unit()
    }

    fn visit_bool<E: de::Error>(self, flag: bool) -> Result<Raw, E> {
        Ok(Raw::of(Data::Bool(flag)))
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Raw, E> {
        Ok(Raw::of(Data::Number(number.into())))
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Raw, E> {
        Ok(Raw::of(Data::Number(number.into())))
    }

    fn visit_f64<E: de::Error>(self, number: f64) -> Result<Raw, E> {
        let number = Number::from_f64(number)
            .ok_or_else(|| E::custom("expected a finite number, found `.inf` or `.nan`"))?;
        Ok(Raw::of(Data::Number(number)))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Raw, E> {
        Ok(Raw::of(Data::Text(text.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Raw, A::Error> {
        let mut items = Vec::new();
        while let Some(Raw(node)) = seq.next_element()? {
            items.push(node);
        }
        Ok(Raw::of(Data::List(items)))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Raw, A::Error> {
        let mut map = BTreeMap::new();
        while let Some((Raw(key), Raw(node))) = access.next_entry()? {
            map.insert(key_text(key.data)?, node);
        }
        Ok(Raw::of(Data::Map(map)))
    }
}

fn key_text<E: de::Error>(key: Data) -> Result<String, E> {
    match key {
        Data::Text(text) => Ok(text),
        Data::Number(number) => Ok(number.to_string()),
        Data::Bool(flag) => Ok(flag.to_string()),
        _ => Err(E::custom("expected a key that is text")),
    }
}
