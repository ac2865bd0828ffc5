//! The description of an event type at compile time, the list of the linked types, and how JSON is
//! read as one of them.

pub(super) mod answer;
pub(super) mod distinct;
pub(super) mod erased;
pub(crate) mod kernel;
pub(crate) mod linked;
pub(super) mod rules;
pub(super) mod subject;
pub(super) mod unmatched;

use std::any::{Any, TypeId};
use std::fmt;
use std::sync::Arc;

use schemars::{Schema, SchemaGenerator};
use serde_json::Value;

use crate::error::DecodeError;
use crate::event::descriptor::answer::AnswerDescriptor;
use crate::event::descriptor::erased::Publishable;
use crate::event::descriptor::rules::EventRules;
use crate::event::descriptor::subject::SubjectOf;
use crate::event::payload::{Carried, EventData, Substitute, unfit};
use crate::event::routing::route::{AnyRoute, Route};
use crate::key;

/// A type that is an event by `#[event("topic")]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an event",
    label = "no `#[event(\"…\")]` on this type",
    note = "write `#[event(\"some.topic\")]` above `{Self}` and derive `Serialize`, `Deserialize` and `JsonSchema` on it"
)]
pub trait Event: EventData {
    /// The description of the type.
    const DESCRIPTOR: &'static EventDescriptor;
}

/// The output of `#[event]`. It has no bounds, so that a type that can't be an event is reported
/// only once, in one sentence.
#[doc(hidden)]
pub trait Declared {
    const DESCRIPTOR: &'static EventDescriptor;
}

#[diagnostic::do_not_recommend]
impl<T: Declared + EventData> Event for T {
    const DESCRIPTOR: &'static EventDescriptor = <T as Declared>::DESCRIPTOR;
}

/// The description of an event type at compile time.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct EventDescriptor {
    /// The topic, which is unique in a build.
    pub topic: &'static str,
    /// Key of the topic.
    pub key: u64,
    /// Path of the Rust type.
    pub type_name: &'static str,
    /// Key of the type.
    pub type_key: u64,
    /// A description in one line, for operators.
    pub description: &'static str,
    /// The answer, if it is a request.
    pub answer: Option<AnswerDescriptor>,
    pub(crate) subject: SubjectOf,
    pub(crate) type_id: fn() -> TypeId,
    pub(crate) route: fn() -> Arc<dyn AnyRoute>,
    pub(crate) decode: fn(&[u8]) -> Result<Box<dyn Publishable>, DecodeError>,
    schema: fn(&mut SchemaGenerator) -> Schema,
}

impl EventDescriptor {
    /// Describes `E`. `type_name` is the path of the type.
    #[must_use]
    pub const fn of<E: Event>(topic: &'static str, type_name: &'static str) -> Self {
        Self {
            topic,
            key: key::of(topic),
            type_name,
            type_key: key::of(type_name),
            description: "",
            answer: None,
            subject: SubjectOf::Undeclared,
            type_id: TypeId::of::<E>,
            route: || Arc::new(Route::<E>::empty()),
            decode: decode::<E>,
            schema: E::json_schema,
        }
    }

    /// Sets the description for operators.
    #[must_use]
    pub const fn description(mut self, description: &'static str) -> Self {
        self.description = description;
        self
    }

    /// Declares that the event acts for the user that a field names. `read` gets the event and
    /// returns the user.
    #[must_use]
    pub const fn subject(mut self, name: &'static str, read: fn(&dyn Any) -> Option<&str>) -> Self {
        self.subject = SubjectOf::Field { name, read };
        self
    }

    /// Declares that the event concerns no user.
    #[must_use]
    pub const fn subject_none(mut self) -> Self {
        self.subject = SubjectOf::Nobody;
        self
    }

    /// JSON Schema of the event's data.
    #[must_use]
    pub fn schema(&self, generator: &mut SchemaGenerator) -> Schema {
        (self.schema)(generator)
    }

    /// The rules of its schema, if it has any.
    pub(super) fn rules(&self) -> Option<Arc<EventRules>> {
        EventRules::of((self.key, self.type_key), self.schema)
    }

    /// Checks data against the rules of its schema.
    pub(super) fn check_rules(&self, data: &Value) -> Result<(), DecodeError> {
        let fault = self.rules().map_or(Ok(()), |rules| rules.check(data));
        fault.map_err(|fault| DecodeError::broken(self.topic, fault.key(), fault.to_string()))
    }

    pub(super) fn refuse(&self, error: serde_json::Error) -> DecodeError {
        let whole = serde_path_to_error::Track::new().path();
        DecodeError::new(self.topic, serde_path_to_error::Error::new(whole, error))
    }
}

impl fmt::Debug for EventDescriptor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventDescriptor")
            .field("topic", &self.topic)
            .field("type_name", &self.type_name)
            .finish_non_exhaustive()
    }
}

impl<E: Event> Carried for E {
    fn topic(&self) -> &str {
        E::DESCRIPTOR.topic
    }

    fn to_json(&self) -> serde_json::Result<Value> {
        serde_json::to_value(self)
    }

    fn encode(&self) -> serde_json::Result<String> {
        serde_json::to_string(self)
    }

    fn changed(&self, change: Substitute) -> crate::Result<Self> {
        typed(self, change)
    }
}

/// Applies a change to a typed event. The result of a patch must follow the rules of the type's
/// schema, like data from outside.
fn typed<E: Event>(event: &E, change: Substitute) -> crate::Result<E> {
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
            E::DESCRIPTOR.check_rules(&data).map_err(unfit)?;
            serde_path_to_error::deserialize(data)
                .map_err(|error| unfit(DecodeError::new(E::DESCRIPTOR.topic, error)))
        }
    }
}

fn decode<E: Event>(json: &[u8]) -> Result<Box<dyn Publishable>, DecodeError> {
    crate::event::descriptor::erased::read::<E>(json)
        .map(crate::event::descriptor::erased::publishable)
        .map_err(|error| DecodeError::new(E::DESCRIPTOR.topic, error))
}
