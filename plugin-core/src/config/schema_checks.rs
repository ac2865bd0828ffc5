//! Finds problems that a schema itself shows: numbers and periods without bounds, and types whose
//! form in a file is impractical.

use std::fmt;

use serde_json::{Map, Value};

use super::issue::{Issue, IssueKind};
use super::origin::Origin;
use super::report::Report;
use super::shape::{Shape, resolve};
use crate::compose::Composition;

/// The keys of a [`schema`](super::schema) whose number or [`Period`](super::Period) has no bounds.
///
/// A value that can't work is best refused when config is read: a pool of a billion connections, or
/// a time limit of ten years or of zero. Therefore an app should have a test that this list is
/// empty. Bounds of a number are set with `#[schemars(range(min = 1, max = 100))]`, bounds of a
/// period with `#[schemars(extend("x-min" = "1ms", "x-max" = "1h"))]`.
///
/// # Example
///
/// ```
/// use plugin_core::config::{Period, unbounded};
///
/// #[derive(schemars::JsonSchema)]
/// struct Pool {
///     #[schemars(range(min = 1, max = 1000))]
///     size: usize,
///     timeout: Period,
/// }
///
/// assert_eq!(unbounded(schemars::schema_for!(Pool).as_value()), ["timeout"]);
/// ```
#[must_use]
pub fn unbounded(schema: &Value) -> Vec<String> {
    let mut found = Vec::new();
    walk(schema, |path, part| {
        if !is_bounded(part) {
            found.push(path.to_owned());
        }
    });
    found
}

/// The keys of a [`schema`](super::schema) whose type has an impractical form in a file: a
/// [`std::time::Duration`] is written `{ secs: 30, nanos: 0 }`, and a [`std::time::SystemTime`]
/// `{ secs_since_epoch: …, nanos_since_epoch: … }`. Each entry says which type to use instead.
///
/// The command `check` and the start of the service refuse such types. A test of a plugin that
/// calls this function finds them earlier, before an app uses the plugin.
///
/// # Example
///
/// ```
/// use plugin_core::config::unwritable;
///
/// #[derive(schemars::JsonSchema)]
/// struct Pool {
///     timeouts: Vec<Option<std::time::Duration>>,
/// }
///
/// let [found] = &unwritable(schemars::schema_for!(Pool).as_value())[..] else {
///     panic!("one key");
/// };
/// assert!(found.starts_with("timeouts[]: its type is `std::time::Duration`"));
/// ```
#[must_use]
pub fn unwritable(schema: &Value) -> Vec<String> {
    let mut found = Vec::new();
    walk(schema, |path, part| {
        if let Some(trap) = Trap::of(part) {
            found.push(format!("{path}: {trap}"));
        }
    });
    found
}

/// A type of the standard library whose form in a file is impractical.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Trap {
    Duration,
    SystemTime,
}

impl Trap {
    /// Recognizes such a type by its keys. If the type is flattened into a struct, the schema has
    /// other keys as well.
    fn of(part: &Map<String, Value>) -> Option<Self> {
        let properties = part.get("properties").and_then(Value::as_object)?;
        let is = |key, format| {
            let found = properties
                .get(key)
                .and_then(|key: &Value| key.get("format"));
            found.is_some_and(|found| found == format)
        };
        let holds = |whole, part| is(whole, "uint64") && is(part, "uint32");
        if holds("secs", "nanos") {
            return Some(Self::Duration);
        }
        holds("secs_since_epoch", "nanos_since_epoch").then_some(Self::SystemTime)
    }
}

impl fmt::Display for Trap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Duration => {
                "its type is `std::time::Duration`, which a file would write as \
                 `{ secs: 30, nanos: 0 }`: make it a `plugin_core::config::Period`"
            }
            Self::SystemTime => {
                "its type is `std::time::SystemTime`, which a file would write as \
                 `{ secs_since_epoch: 1767225600, nanos_since_epoch: 0 }`: make it a `String` with \
                 a time as in `2026-01-01T00:00:00Z`, and read that in `checked!`"
            }
        })
    }
}

/// Adds an issue for each key of the plugins' own config that is [`unwritable`].
pub(super) fn check(shape: &Shape<'_>, composition: &Composition, report: &mut Report) {
    for plugin in composition.plugins() {
        let section = shape.property(plugin.name);
        let Some(own) = section.and_then(|section| section.property("config")) else {
            continue;
        };
        let key = format!("{}.config", plugin.name);
        walk_from((own.root(), own.schema()), &key, |path, part| {
            if let Some(trap) = Trap::of(part) {
                let what = format!("{trap} in the config type of `{}`", plugin.name);
                let issue = Issue::new(IssueKind::Build, &Origin::Default, path, what);
                report.issue(issue);
            }
        });
    }
}

/// Whether a schema describes a type that is [`unwritable`].
pub(super) fn is_trap(part: &Map<String, Value>) -> bool {
    Trap::of(part).is_some()
}

fn is_bounded(part: &Map<String, Value>) -> bool {
    let has = |names: [&str; 2]| names.iter().any(|name| part.contains_key(*name));
    if part.get("format").is_some_and(|format| format == "period") {
        let low = has(["x-min", "exclusiveMinimum"]);
        return low && part.contains_key("x-max");
    }
    let is = |kind: &Value| kind == "integer" || kind == "number";
    let is_number = match part.get("type") {
        Some(Value::Array(kinds)) => kinds.iter().any(is),
        Some(kind) => is(kind),
        None => false,
    };
    let is_listed = has(["enum", "const"]);
    let (low, high) = (
        ["minimum", "exclusiveMinimum"],
        ["maximum", "exclusiveMaximum"],
    );
    !is_number || is_listed || (has(low) && has(high))
}

/// Calls `visit` with each schema that a value within `root` may be checked against.
fn walk(root: &Value, visit: impl FnMut(&str, &Map<String, Value>)) {
    walk_from((root, root), "", visit);
}

fn walk_from(
    (root, schema): (&Value, &Value),
    path: &str,
    visit: impl FnMut(&str, &Map<String, Value>),
) {
    let mut walk = SchemaWalk {
        root,
        within: Vec::new(),
        visit,
    };
    walk.schema(schema, path);
}

struct SchemaWalk<'s, F> {
    root: &'s Value,
    /// The references that are being followed, because a type may contain itself.
    within: Vec<&'s str>,
    visit: F,
}

impl<'s, F: FnMut(&str, &Map<String, Value>)> SchemaWalk<'s, F> {
    fn schema(&mut self, schema: &'s Value, path: &str) {
        let Some(part) = schema.as_object() else {
            return;
        };
        (self.visit)(path, part);
        self.reference(part, path);
        for name in ["allOf", "anyOf", "oneOf", "prefixItems"] {
            let options = part.get(name).and_then(Value::as_array);
            for option in options.into_iter().flatten() {
                self.schema(option, path);
            }
        }
        let properties = part.get("properties").and_then(Value::as_object);
        for (name, inner) in properties.into_iter().flatten() {
            let dot = if path.is_empty() { "" } else { "." };
            self.schema(inner, &format!("{path}{dot}{name}"));
        }
        if let Some(inner) = part.get("items") {
            self.schema(inner, &format!("{path}[]"));
        }
        // A map whose keys are numbers has `patternProperties`.
        let patterns = part.get("patternProperties").and_then(Value::as_object);
        let patterns = patterns.into_iter().flat_map(Map::values);
        for inner in patterns.chain(part.get("additionalProperties")) {
            self.schema(inner, &format!("{path}.*"));
        }
    }

    fn reference(&mut self, part: &'s Map<String, Value>, path: &str) {
        let Some(name) = part.get("$ref").and_then(Value::as_str) else {
            return;
        };
        if self.within.contains(&name) {
            return;
        }
        if let Some(target) = resolve(self.root, &part["$ref"]) {
            self.within.push(name);
            self.schema(target, path);
            self.within.pop();
        }
    }
}
