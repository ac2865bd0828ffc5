//! A config value in which each part has its origin.

use std::collections::BTreeMap;

use serde_json::{Number, Value};

use super::origin::Origin;

/// A value, its place, and the place of the key before it.
#[derive(Clone, PartialEq)]
pub(super) struct Node {
    pub(super) data: Data,
    pub(super) place: Origin,
    pub(super) key: Origin,
    /// The text of the value in the file, if it differs from the value: `1.10` is the number 1.1.
    pub(super) written: Option<Box<str>>,
    /// Whether the value was taken from a variable whose name indicates a secret.
    pub(super) is_secret: bool,
}

#[derive(Clone, PartialEq)]
pub(super) enum Data {
    Null,
    Bool(bool),
    Number(Number),
    Text(String),
    List(Vec<Node>),
    Map(BTreeMap<String, Node>),
    /// A text whose `${…}` could not be replaced. This has been reported, so nothing else is
    /// reported for it.
    Unfilled,
}

impl Node {
    pub(super) fn new(data: Data, place: Origin) -> Self {
        Self {
            data,
            key: place.clone(),
            place,
            written: None,
            is_secret: false,
        }
    }

    /// A section without keys that no source contains.
    pub(super) fn empty() -> Self {
        Self::new(Data::Map(BTreeMap::new()), Origin::Default)
    }

    pub(super) fn from_json(value: Value, place: &Origin) -> Self {
        let inner = |value| Self::from_json(value, place);
        let data = match value {
            Value::Null => Data::Null,
            Value::Bool(flag) => Data::Bool(flag),
            Value::Number(number) => Data::Number(number),
            Value::String(text) => Data::Text(text),
            Value::Array(items) => Data::List(items.into_iter().map(inner).collect()),
            Value::Object(map) => Data::Map(
                map.into_iter()
                    .map(|(key, value)| (key, inner(value)))
                    .collect(),
            ),
        };
        Self::new(data, place.clone())
    }

    pub(super) fn to_json(&self) -> Value {
        match &self.data {
            Data::Null | Data::Unfilled => Value::Null,
            Data::Bool(flag) => Value::Bool(*flag),
            Data::Number(number) => Value::Number(number.clone()),
            Data::Text(text) => Value::String(text.clone()),
            Data::List(items) => items.iter().map(Self::to_json).collect(),
            Data::Map(map) => map
                .iter()
                .map(|(key, node)| (key.clone(), node.to_json()))
                .collect(),
        }
    }

    pub(super) fn map(&self) -> Option<&BTreeMap<String, Self>> {
        match &self.data {
            Data::Map(map) => Some(map),
            _ => None,
        }
    }

    pub(super) fn map_mut(&mut self) -> Option<&mut BTreeMap<String, Self>> {
        match &mut self.data {
            Data::Map(map) => Some(map),
            _ => None,
        }
    }

    pub(super) fn text(&self) -> Option<&str> {
        match &self.data {
            Data::Text(text) => Some(text),
            _ => None,
        }
    }

    pub(super) fn is_null(&self) -> bool {
        matches!(self.data, Data::Null)
    }

    /// The value of a key, or the element at an index that is given as text.
    pub(super) fn get(&self, key: &str) -> Option<&Self> {
        match &self.data {
            Data::Map(map) => map.get(key),
            Data::List(items) => items.get(key.parse::<usize>().ok()?),
            _ => None,
        }
    }

    /// Whether the values are equal, ignoring their origins.
    pub(super) fn equal(&self, other: &Self) -> bool {
        match (&self.data, &other.data) {
            (Data::List(one), Data::List(other)) => {
                let mut pairs = one.iter().zip(other);
                one.len() == other.len() && pairs.all(|(one, other)| one.equal(other))
            }
            (Data::Map(one), Data::Map(other)) => {
                let mut pairs = one.iter().zip(other);
                one.len() == other.len()
                    && pairs.all(|((key, one), (name, other))| key == name && one.equal(other))
            }
            (one, other) => one == other,
        }
    }

    /// Inserts a node at a path and creates the sections on the way.
    pub(super) fn insert(&mut self, path: &[String], node: Self) {
        let Some((first, rest)) = path.split_first() else {
            return self.lay(node);
        };
        if self.map().is_none() {
            *self = Self::new(Data::Map(BTreeMap::new()), node.place.clone());
        }
        if let Some(map) = self.map_mut() {
            map.entry(first.clone())
                .or_insert_with(|| Self::new(Data::Null, node.place.clone()))
                .insert(rest, node);
        }
    }

    /// Merges a higher layer into this one: sections are merged key by key; any other value
    /// replaces the one below. An empty section changes nothing.
    pub(super) fn lay(&mut self, upper: Self) {
        match (&mut self.data, upper.data) {
            (Data::Map(_), Data::Null) => {}
            (Data::Map(lower), Data::Map(map)) => {
                for (key, node) in map {
                    match lower.get_mut(&key) {
                        Some(below) => below.lay(node),
                        None => drop(lower.insert(key, node)),
                    }
                }
                self.place = upper.place;
                self.key = upper.key;
            }
            (data, above) => {
                *data = above;
                self.place = upper.place;
                self.key = upper.key;
                self.written = upper.written;
                self.is_secret = upper.is_secret;
            }
        }
    }

    /// Sets one origin for the node and everything below it.
    pub(super) fn stamp(&mut self, place: &Origin) {
        self.place = place.clone();
        self.key = place.clone();
        match &mut self.data {
            Data::List(items) => items.iter_mut().for_each(|node| node.stamp(place)),
            Data::Map(map) => map.values_mut().for_each(|node| node.stamp(place)),
            _ => {}
        }
    }
}
