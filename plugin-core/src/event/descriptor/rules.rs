//! The rules in an event's schema beyond the types of its values: lengths, patterns, ranges.
//!
//! They are checked for events that arrive as JSON. The serialized form of the event is checked,
//! which is what handlers see, whatever aliases of keys the sender used. serde checks the types and
//! the keys. The check walks the value once without copying it, and ends at the first fault.

mod fault;

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, PoisonError, RwLock};

use regex::Regex;
use schemars::generate::SchemaSettings;
use schemars::{Schema, SchemaGenerator};
use serde_json::{Map, Value};

use fault::PathStep;
pub(in crate::event) use fault::{Fault, NAMELESS, named};

/// The rules of one event type.
pub(in crate::event) struct EventRules {
    schema: Value,
    /// The patterns by their texts. A pattern that is not a valid regular expression refuses
    /// everything.
    patterns: HashMap<String, Option<Regex>>,
}

/// The keywords that are checked here.
const KEYWORDS: [&str; 12] = [
    "minLength",
    "maxLength",
    "pattern",
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "minItems",
    "maxItems",
    "uniqueItems",
    "minProperties",
    "maxProperties",
];

impl EventRules {
    /// The rules of a type, if it has any. `key` is made from its topic and its name. The rules of
    /// a type are computed once in a process.
    pub(in crate::event) fn of(
        key: (u64, u64),
        schema: fn(&mut SchemaGenerator) -> Schema,
    ) -> Option<Arc<Self>> {
        type Known = HashMap<(u64, u64), Option<Arc<EventRules>>>;
        static KNOWN: LazyLock<RwLock<Known>> = LazyLock::new(RwLock::default);
        let known = KNOWN.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(rules) = known.get(&key) {
            return rules.clone();
        }
        drop(known);
        let rules = Self::read(schema).map(Arc::new);
        let mut known = KNOWN.write().unwrap_or_else(PoisonError::into_inner);
        known.insert(key, rules.clone());
        rules
    }

    fn read(schema: fn(&mut SchemaGenerator) -> Schema) -> Option<Self> {
        let mut generator = SchemaSettings::draft2020_12()
            .for_serialize()
            .into_generator();
        let mut schema = schema(&mut generator).to_value();
        schema["$defs"] = generator.take_definitions(true).into();
        Self::new(schema)
    }

    fn new(schema: Value) -> Option<Self> {
        let mut patterns = HashMap::new();
        has_rules(&schema, &mut patterns).then_some(Self { schema, patterns })
    }

    /// Checks the data of an event.
    ///
    /// # Errors
    ///
    /// Returns the first fault with its place.
    pub(in crate::event) fn check(&self, data: &Value) -> Result<(), Fault> {
        self.walk(&self.schema, data)
    }

    fn walk(&self, schema: &Value, value: &Value) -> Result<(), Fault> {
        let Some(schema) = schema.as_object() else {
            return Ok(());
        };
        if let Some(target) = self.target(schema) {
            self.walk(target, value)?;
        }
        for part in list(schema, "allOf") {
            self.walk(part, value)?;
        }
        for name in ["anyOf", "oneOf"] {
            self.choose(list(schema, name), value)?;
        }
        match value {
            Value::String(text) => self.text(schema, text),
            Value::Number(number) => fault::number(schema, number),
            Value::Array(items) => self.items(schema, items),
            Value::Object(map) => self.section(schema, map),
            Value::Null | Value::Bool(_) => Ok(()),
        }
    }

    fn target(&self, schema: &Map<String, Value>) -> Option<&Value> {
        let name = schema.get("$ref")?.as_str()?.strip_prefix('#')?;
        self.schema.pointer(name)
    }

    fn text(&self, schema: &Map<String, Value>, text: &str) -> Result<(), Fault> {
        fault::size(schema, ["minLength", "maxLength"], "character", || {
            text.chars().count()
        })?;
        let Some(pattern) = schema.get("pattern").and_then(Value::as_str) else {
            return Ok(());
        };
        match self.patterns.get(pattern) {
            Some(Some(regex)) if regex.is_match(text) => Ok(()),
            Some(Some(_)) => Err(Fault::pattern(pattern, text)),
            _ => Err(Fault::no_pattern(pattern)),
        }
    }

    fn items(&self, schema: &Map<String, Value>, items: &[Value]) -> Result<(), Fault> {
        fault::size(schema, ["minItems", "maxItems"], "item", || items.len())?;
        if schema.get("uniqueItems") == Some(&Value::Bool(true)) {
            fault::unique(items)?;
        }
        let Some(inner) = schema.get("items") else {
            return Ok(());
        };
        for (index, item) in items.iter().enumerate() {
            let checked = self.walk(inner, item);
            checked.map_err(|fault| fault.within(PathStep::Index(index)))?;
        }
        Ok(())
    }

    fn section(
        &self,
        schema: &Map<String, Value>,
        section: &Map<String, Value>,
    ) -> Result<(), Fault> {
        let sizes = ["minProperties", "maxProperties"];
        fault::size(schema, sizes, "key", || section.len())?;
        let named = schema.get("properties").and_then(Value::as_object);
        let rest = schema.get("additionalProperties");
        if named.is_none() && rest.is_none() {
            return Ok(());
        }
        for (key, value) in section {
            let inner = named.and_then(|named| named.get(key)).or(rest);
            let checked = inner.map_or(Ok(()), |inner| self.walk(inner, value));
            checked.map_err(|fault| fault.within(PathStep::Key(key.clone())))?;
        }
        Ok(())
    }

    /// Checks that the value fits one of several schemas, considering only schemas from which the
    /// value can have been made.
    fn choose(&self, options: &[Value], value: &Value) -> Result<(), Fault> {
        let mut first = Ok(());
        for option in options.iter().filter(|option| self.is_meant(option, value)) {
            match self.walk(option, value) {
                Ok(()) => return Ok(()),
                Err(fault) => first = first.and(Err(fault)),
            }
        }
        first
    }

    fn is_meant(&self, schema: &Value, value: &Value) -> bool {
        let Some(schema) = schema.as_object() else {
            return true;
        };
        let fixed = |schema: &Map<String, Value>, value: &Value| {
            schema.get("const").is_none_or(|only| only == value)
                && (schema.get("enum").and_then(Value::as_array))
                    .is_none_or(|words| words.contains(value))
        };
        let has = |name: &Value| (name.as_str()).is_some_and(|name| value.get(name).is_some());
        let tagged = |(name, inner): (&String, &Value)| match (inner.as_object(), value.get(name)) {
            (Some(inner), Some(value)) => fixed(inner, value),
            _ => true,
        };
        fault::allows_type(schema, value)
            && fixed(schema, value)
            && list(schema, "required").iter().all(has)
            && (schema.get("properties").and_then(Value::as_object))
                .is_none_or(|properties| properties.iter().all(tagged))
            && (self.target(schema)).is_none_or(|target| self.is_meant(target, value))
    }
}

fn list<'a>(schema: &'a Map<String, Value>, name: &str) -> &'a [Value] {
    let list = schema.get(name).and_then(Value::as_array);
    list.map_or(&[], Vec::as_slice)
}

/// Whether a schema contains a rule anywhere. Collects its patterns.
fn has_rules(schema: &Value, patterns: &mut HashMap<String, Option<Regex>>) -> bool {
    match schema {
        Value::Object(map) => {
            if let Some(Value::String(pattern)) = map.get("pattern") {
                patterns.insert(pattern.clone(), Regex::new(pattern).ok());
            }
            let own = KEYWORDS.iter().any(|name| map.contains_key(*name));
            map.values()
                .fold(own, |any, inner| has_rules(inner, patterns) || any)
        }
        // All items are visited, to collect their patterns.
        Value::Array(items) => {
            let with_rules = items.iter().filter(|inner| has_rules(inner, patterns));
            with_rules.count() > 0
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests;
