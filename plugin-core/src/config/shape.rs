//! What a JSON Schema allows at one key. It is looked up; nothing is validated here.
//!
//! A shape is the set of all subschemas that may apply. References and alternatives are followed.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use serde_json::{Map, Value, json};

use super::secret_url;

/// The schemas that may apply at a key.
#[derive(Clone)]
pub(super) struct Shape<'s> {
    root: &'s Value,
    schema: &'s Value,
    parts: Vec<&'s Map<String, Value>>,
}

impl<'s> Shape<'s> {
    /// The shape of a whole schema. Its `$defs` resolve all references.
    pub(super) fn new(root: &'s Value) -> Self {
        Self::within(root, root)
    }

    /// The shape of a schema within `root`, whose `$defs` resolve its references.
    pub(super) fn within(root: &'s Value, schema: &'s Value) -> Self {
        let mut parts = Vec::new();
        gather(root, schema, 0, &mut parts);
        Self {
            root,
            schema,
            parts,
        }
    }

    /// The schema that contains the `$defs`.
    pub(super) fn root(&self) -> &'s Value {
        self.root
    }

    /// The schema at this key.
    pub(super) fn schema(&self) -> &'s Value {
        self.schema
    }

    /// The value of a keyword that probably only one of the schemas has.
    fn keyword(&self, name: &str) -> Option<&'s Value> {
        self.parts.iter().find_map(|part| part.get(name))
    }

    fn properties(&self) -> impl Iterator<Item = (&'s String, &'s Value)> {
        self.parts
            .iter()
            .filter_map(|part| part.get("properties")?.as_object())
            .flatten()
    }

    /// The keys that the shape names, each once, in order.
    pub(super) fn keys(&self) -> impl Iterator<Item = &'s str> {
        let keys: BTreeSet<&str> = self.properties().map(|(key, _)| key.as_str()).collect();
        keys.into_iter()
    }

    /// The shape of the value of a key; `None` for an unknown key.
    pub(super) fn property(&self, name: &str) -> Option<Self> {
        let mut parts = self.parts.iter();
        let named = parts.find_map(|part| part.get("properties")?.get(name));
        if let Some(schema) = named {
            return Some(Self::within(self.root, schema));
        }
        let rest = self.keyword("additionalProperties");
        match rest {
            Some(Value::Bool(false)) => None,
            Some(schema) => Some(Self::within(self.root, schema)),
            None if self.properties().next().is_none() && self.accepts("object") => {
                Some(Self::within(self.root, &Value::Bool(true)))
            }
            None => None,
        }
    }

    /// The key that has `name` as an alias.
    pub(super) fn alias_of(&self, name: &str) -> Option<&'s str> {
        self.properties().find_map(|(key, schema)| {
            aliases_of(schema)
                .any(|alias| alias == name)
                .then_some(key.as_str())
        })
    }

    /// The aliases of the keys.
    pub(super) fn aliases(&self) -> impl Iterator<Item = &'s str> {
        self.properties().flat_map(|(_, schema)| aliases_of(schema))
    }

    /// The shape of the elements of a list.
    pub(super) fn items(&self) -> Self {
        Self::within(
            self.root,
            self.keyword("items").unwrap_or(&Value::Bool(true)),
        )
    }

    /// Whether values of a type are allowed: `string`, `integer`, `null` and so on.
    pub(super) fn accepts(&self, kind: &str) -> bool {
        self.is_any() || self.parts.iter().any(|part| names_type(part, kind))
    }

    /// Whether the schema does not restrict the type.
    pub(super) fn is_any(&self) -> bool {
        !self.parts.iter().any(|part| says_type(part))
    }

    /// Whether the value must not be shown.
    pub(super) fn is_secret(&self) -> bool {
        self.keyword("writeOnly") == Some(&Value::Bool(true))
    }

    /// Whether the value, or something in it, must not be shown. If a value does not have the form
    /// that is wanted, it is not known which part of it is the secret.
    pub(super) fn holds_secret(&self) -> bool {
        let mut seen = Vec::new();
        let mut parts = self.parts.iter();
        parts.any(|part| holds_secret(self.root, part, &mut seen))
    }

    /// The shape of a value that must not be shown.
    pub(super) fn secret() -> Shape<'static> {
        static SECRET: LazyLock<Value> = LazyLock::new(|| json!({ "writeOnly": true }));
        Shape::new(&SECRET)
    }

    /// Whether the value is an address of which only a part may be shown.
    pub(super) fn is_secret_url(&self) -> bool {
        self.keyword(secret_url::KEYWORD) == Some(&Value::Bool(true))
    }

    /// The default value of the type.
    pub(super) fn default(&self) -> Option<&'s Value> {
        self.schema.get("default")
    }
}

/// The aliases of the key that has this schema.
pub(super) fn aliases_of(schema: &Value) -> impl Iterator<Item = &str> {
    let aliases = schema.get("x-aliases").and_then(Value::as_array);
    aliases.into_iter().flatten().filter_map(Value::as_str)
}

const ALTERNATIVES: [&str; 3] = ["allOf", "anyOf", "oneOf"];

/// Longest chain of references that is followed. No type needs so many.
const DEEPEST: usize = 16;

fn gather<'s>(
    root: &'s Value,
    schema: &'s Value,
    depth: usize,
    parts: &mut Vec<&'s Map<String, Value>>,
) {
    let Some(part) = schema.as_object().filter(|_| depth < DEEPEST) else {
        return;
    };
    parts.push(part);
    if let Some(target) = part.get("$ref").and_then(|at| resolve(root, at)) {
        gather(root, target, depth + 1, parts);
    }
    let inner = ALTERNATIVES
        .iter()
        .filter_map(|name| part.get(*name)?.as_array());
    for schema in inner.flatten() {
        gather(root, schema, depth + 1, parts);
    }
}

/// Whether a schema contains a secret. `seen` contains the references that were followed.
fn holds_secret<'s>(
    root: &'s Value,
    part: &'s Map<String, Value>,
    seen: &mut Vec<&'s Value>,
) -> bool {
    let is = |name: &str| part.get(name) == Some(&Value::Bool(true));
    if is("writeOnly") || is(secret_url::KEYWORD) {
        return true;
    }
    let target = part.get("$ref").filter(|name| !seen.contains(name));
    seen.extend(target);
    let lists = ALTERNATIVES.iter().chain(&["prefixItems"]);
    let lists = lists.filter_map(|name| part.get(*name)?.as_array());
    let properties = part.get("properties").and_then(Value::as_object);
    let single = ["items", "additionalProperties"];
    let inner = (target.and_then(|name| resolve(root, name)).into_iter())
        .chain(lists.flatten())
        .chain(properties.into_iter().flat_map(Map::values))
        .chain(single.iter().filter_map(|name| part.get(*name)));
    inner
        .filter_map(Value::as_object)
        .any(|part| holds_secret(root, part, seen))
}

/// The schema that a `$ref` refers to, within the same root.
pub(super) fn resolve<'s>(root: &'s Value, reference: &Value) -> Option<&'s Value> {
    root.pointer(reference.as_str()?.strip_prefix('#')?)
}

fn says_type(part: &Map<String, Value>) -> bool {
    ["type", "const", "enum", "properties"]
        .iter()
        .any(|name| part.contains_key(*name))
}

fn names_type(part: &Map<String, Value>, kind: &str) -> bool {
    let is = |name: &Value| name == kind || (kind == "integer" && name == "number");
    match part.get("type") {
        Some(Value::Array(names)) => names.iter().any(is),
        Some(name) => is(name),
        None => {
            let words = part
                .get("enum")
                .and_then(Value::as_array)
                .into_iter()
                .flatten();
            let mut words = words.chain(part.get("const"));
            words.any(|word| type_of(word) == kind)
                || (kind == "object" && part.contains_key("properties"))
        }
    }
}

/// The name of the type of a value in JSON Schema.
pub(super) fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}
