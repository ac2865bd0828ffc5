//! What middleware puts in the place of an event, before anybody has seen it.

use std::any::Any;

use serde_json::{Map, Value};

use crate::error::{DecodeError, Error, Result};
use crate::event::any::{AnyEvent, Carried, Untyped};
use crate::event::descriptor::Event;
use crate::event::envelope::Envelope;
use crate::event::received::check_rules;

/// A change of an event whose type a middleware does not name, to its data as JSON.
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
///     #[middleware(publish, topics = "user.**")]
///     fn addresses(&self, event: &AnyEvent<'_>) -> Result<Option<Patch>> {
///         let has_one = event.field("address").is_some();
///         Ok(has_one.then(|| Patch::merge(serde_json::json!({ "address": "***" }))))
///     }
/// }
///
/// let [addresses] = <Redact as plugin_core::Plugin>::DESCRIPTOR.middleware else { panic!() };
/// assert!(addresses.changes);
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Patch {
    data: Value,
    merges: bool,
}

impl Patch {
    /// A JSON Merge Patch (RFC 7396): keys of objects are set, at any depth, and `null` takes a key
    /// out; an array and any other value takes the place of what is there.
    #[must_use]
    pub fn merge(patch: Value) -> Self {
        Self {
            data: patch,
            merges: true,
        }
    }

    /// Other data in the place of all that is there.
    #[must_use]
    pub fn replace(data: Value) -> Self {
        Self {
            data,
            merges: false,
        }
    }

    fn apply(self, data: &mut Value) {
        if self.merges {
            merge(data, self.data);
        } else {
            *data = self.data;
        }
    }
}

/// What a middleware puts in the place of an event.
pub(crate) enum Substitute {
    Patch(Patch),
    /// An event of the same type.
    Typed(Box<dyn Any>),
}

/// An event on its way to be published, which middleware may change.
pub(super) trait Changing {
    fn view(&self) -> AnyEvent<'_>;
    /// # Errors
    ///
    /// When what comes of it is no event of the type.
    fn apply(&mut self, change: Substitute) -> Result<()>;
}

/// An event that middleware is asked about.
pub(super) struct Asked<'a, P> {
    envelope: &'a mut Envelope<P>,
    /// The publisher's own, if it was changed.
    original: Option<P>,
}

impl<'a, P: Carried> Asked<'a, P> {
    pub(super) fn new(envelope: &'a mut Envelope<P>) -> Self {
        Self {
            envelope,
            original: None,
        }
    }

    /// The publisher's own event, if another is in its place.
    pub(super) fn original(self) -> Option<P> {
        self.original
    }

    /// Puts the publisher's own event back.
    pub(super) fn restore(self) {
        if let Some(original) = self.original {
            self.envelope.put(original);
        }
    }
}

impl<P: Carried> Changing for Asked<'_, P> {
    fn view(&self) -> AnyEvent<'_> {
        AnyEvent::new(&*self.envelope)
    }

    fn apply(&mut self, change: Substitute) -> Result<()> {
        let changed = self.envelope.event().changed(change)?;
        let earlier = self.envelope.put(changed);
        self.original.get_or_insert(earlier);
        Ok(())
    }
}

/// A typed event with a change. A patch is held to the rules of the type's schema, as what comes
/// from outside is.
pub(in crate::event) fn typed<E: Event>(event: &E, change: Substitute) -> Result<E> {
    match change {
        Substitute::Typed(event) => {
            let event = event
                .downcast::<E>()
                .map_err(|_| unfit("of another type"))?;
            Ok(*event)
        }
        Substitute::Patch(patch) => {
            let mut data = serde_json::to_value(event)
                .map_err(|error| unfit(format_args!("a patch of what is no JSON: {error}")))?;
            patch.apply(&mut data);
            check_rules(E::DESCRIPTOR, &data).map_err(unfit)?;
            serde_path_to_error::deserialize(data)
                .map_err(|error| unfit(DecodeError::new(E::DESCRIPTOR.topic, error)))
        }
    }
}

/// An event on a topic that no type declares, with a change.
pub(in crate::event) fn untyped(event: &Untyped, change: Substitute) -> Result<Untyped> {
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

fn unfit(what: impl std::fmt::Display) -> Error {
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
