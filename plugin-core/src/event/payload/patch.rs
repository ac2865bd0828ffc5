//! The changes that an interceptor makes to an event before any handler has it.

use std::any::Any;

use serde_json::{Map, Value};

use super::any::Untyped;
use crate::error::{Error, Result};

/// A change to the data of an event as JSON, for an interceptor that does not name the event's
/// type.
///
/// # Example
///
/// ```
/// use plugin_core::prelude::*;
///
/// /// Keeps addresses out of the service.
/// struct Redact;
///
/// #[plugin(name = "redact-plugin", version = "1.0.0", kind = middleware)]
/// impl Redact {
///     #[init]
///     fn init() -> Self {
///         Self
///     }
///
///     #[intercept(publish, topics = "user.**")]
///     fn addresses(&self, event: &AnyEvent<'_>) -> Result<Option<Patch>> {
///         let has_one = event.field("address").is_some();
///         Ok(has_one.then(|| Patch::merge(serde_json::json!({ "address": "***" }))))
///     }
/// }
///
/// let [addresses] = <Redact as plugin_core::Plugin>::DESCRIPTOR.interceptors else { panic!() };
/// assert!(addresses.changes);
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Patch {
    data: Value,
    merges: bool,
}

impl Patch {
    /// A JSON Merge Patch (RFC 7396): it sets keys of objects at any depth, and `null` removes a
    /// key. An array or any other value replaces the existing value.
    #[must_use]
    pub fn merge(patch: Value) -> Self {
        Self {
            data: patch,
            merges: true,
        }
    }

    /// Replaces all data of the event.
    #[must_use]
    pub fn replace(data: Value) -> Self {
        Self {
            data,
            merges: false,
        }
    }

    pub(in crate::event) fn apply(self, data: &mut Value) {
        if self.merges {
            merge(data, self.data);
        } else {
            *data = self.data;
        }
    }
}

/// The replacement that an interceptor makes for an event.
pub(crate) enum Substitute {
    Patch(Patch),
    /// An event of the same type.
    Typed(Box<dyn Any>),
}

/// An event on a topic that no type declares, after a change.
pub(super) fn untyped(event: &Untyped, change: Substitute) -> Result<Untyped> {
    let Substitute::Patch(patch) = change else {
        return Err(unfit("of a type, which its topic does not have"));
    };
    let mut data = event.data.clone();
    patch.apply(&mut data);
    Ok(Untyped {
        topic: event.topic.clone(),
        data,
    })
}

pub(in crate::event) fn unfit(what: impl std::fmt::Display) -> Error {
    Error::bug(format!("what it put in the event's place is {what}"))
}

/// RFC 7396, section 2.
fn merge(target: &mut Value, patch: Value) {
    let Value::Object(patch) = patch else {
        *target = patch;
        return;
    };
    if !target.is_object() {
        *target = Value::Object(Map::new());
    }
    let Value::Object(map) = target else { return };
    for (key, value) in patch {
        if value.is_null() {
            map.remove(&key);
        } else {
            merge(map.entry(key).or_insert(Value::Null), value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Patch;
    use serde_json::{Value, json};

    /// Appendix A of RFC 7396: target, patch, result.
    #[test]
    fn report_d4_a_merge_patch_does_what_its_rfc_says() {
        let cases: [[Value; 3]; 15] = [
            [json!({"a": "b"}), json!({"a": "c"}), json!({"a": "c"})],
            [
                json!({"a": "b"}),
                json!({"b": "c"}),
                json!({"a": "b", "b": "c"}),
            ],
            [json!({"a": "b"}), json!({"a": null}), json!({})],
            [
                json!({"a": "b", "b": "c"}),
                json!({"a": null}),
                json!({"b": "c"}),
            ],
            [json!({"a": ["b"]}), json!({"a": "c"}), json!({"a": "c"})],
            [json!({"a": "c"}), json!({"a": ["b"]}), json!({"a": ["b"]})],
            [
                json!({"a": {"b": "c"}}),
                json!({"a": {"b": "d", "c": null}}),
                json!({"a": {"b": "d"}}),
            ],
            [
                json!({"a": [{"b": "c"}]}),
                json!({"a": [1]}),
                json!({"a": [1]}),
            ],
            [json!(["a", "b"]), json!(["c", "d"]), json!(["c", "d"])],
            [json!({"a": "b"}), json!(["c"]), json!(["c"])],
            [json!({"a": "foo"}), json!(null), json!(null)],
            [json!({"a": "foo"}), json!("bar"), json!("bar")],
            [
                json!({"e": null}),
                json!({"a": 1}),
                json!({"e": null, "a": 1}),
            ],
            [
                json!([1, 2]),
                json!({"a": "b", "c": null}),
                json!({"a": "b"}),
            ],
            [
                json!({}),
                json!({"a": {"bb": {"ccc": null}}}),
                json!({"a": {"bb": {}}}),
            ],
        ];
        for [target, patch, result] in cases {
            let mut data = target.clone();
            Patch::merge(patch.clone()).apply(&mut data);
            assert_eq!(data, result, "{target} with {patch}");
            Patch::replace(patch.clone()).apply(&mut data);
            assert_eq!(data, patch);
        }
    }
}
