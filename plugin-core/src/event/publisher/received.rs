//! An event that arrived from outside as JSON: read and checked, but not published yet.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use schemars::SchemaGenerator;
use serde_json::Value;

use crate::context::Identity;
use crate::error::{DecodeError, PublishError};
use crate::event::bus::Bus;
use crate::event::descriptor::EventDescriptor;
use crate::event::descriptor::distinct::Distinct;
use crate::event::descriptor::erased::{self, Publishable, publish_untyped};
use crate::event::descriptor::rules;
use crate::event::descriptor::subject::Subject;
use crate::event::payload::Untyped;
use crate::idempotency::IdempotencyKey;

/// An event that [`Publishers::receive`](crate::event::Publishers::receive) has read.
pub struct Received {
    pub(in crate::event) bus: Bus,
    pub(in crate::event) owner: Arc<Identity>,
    pub(in crate::event) given: Given,
}

/// An event that arrived as JSON.
pub(in crate::event) enum Given {
    Typed(&'static EventDescriptor, Box<dyn Publishable>),
    Untyped(Untyped),
}

impl Received {
    /// The user for whom it acts.
    #[must_use]
    pub fn subject(&self) -> Subject<'_> {
        match &self.given {
            Given::Typed(event, data) => event.subject.of(data.as_any()),
            Given::Untyped(_) => Subject::Undeclared,
        }
    }

    /// Whether it has a subscriber now: a handler of a running plugin, or a durable handler, whose
    /// events are stored until its plugin runs. A topic that no type declares counts as subscribed.
    #[must_use]
    pub fn is_heard(&self) -> bool {
        match &self.given {
            Given::Typed(_, data) => data.is_heard(&self.bus),
            Given::Untyped(_) => true,
        }
    }

    /// Publishes it, like [`Publisher::publish`](crate::event::Publisher::publish).
    ///
    /// # Errors
    ///
    /// As [`Publisher::publish`](crate::event::Publisher::publish).
    ///
    /// # Cancel safety
    ///
    /// As [`Publisher::publish`](crate::event::Publisher::publish).
    pub async fn publish(self) -> Result<(), PublishError> {
        match self.given {
            Given::Typed(_, event) => event.publish(&self.bus, &self.owner).await,
            Given::Untyped(event) => publish_untyped(&self.bus, &self.owner, event).await,
        }
    }

    /// Publishes it, and waits until it is stored for every durable subscriber, like
    /// [`Publisher::publish_durable`](crate::event::Publisher::publish_durable). A topic that no
    /// type declares has no durable subscribers.
    ///
    /// # Errors
    ///
    /// As [`Publisher::publish_durable`](crate::event::Publisher::publish_durable).
    ///
    /// # Cancel safety
    ///
    /// As [`Publisher::publish_durable`](crate::event::Publisher::publish_durable).
    pub async fn publish_durable(self) -> Result<(), PublishError> {
        match self.given {
            Given::Typed(_, event) => event.publish_durable(&self.bus, &self.owner).await,
            Given::Untyped(event) => publish_untyped(&self.bus, &self.owner, event).await,
        }
    }
}

impl Received {
    /// Publishes it, or reports that no subscriber got it. This is for callers that have to tell
    /// somebody outside which of the two happened. It waits up to `within` until there is room
    /// everywhere, then until the event is stored for every durable subscriber. Only then do the
    /// other subscribers get it.
    ///
    /// With a `key`, events with the same key are one event for each durable subscriber: while the
    /// first is in the store, the second is not stored as another event, and both are delivered
    /// with the same [`idempotency_key`](crate::event::Envelope::idempotency_key). A store forgets
    /// the key when the event is handled. A caller that accepts keys from outside therefore has to
    /// remember them as well.
    ///
    /// # Errors
    ///
    /// Returns an error if there was no room in time, if the event could not be stored, if an
    /// interceptor refused it, or if the system is stopping. The event was not published then, with
    /// one exception: if there are several durable subscribers and it could not be stored for one
    /// of them, another one may have it.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped while it waits for room, nothing is published. If it is dropped
    /// later, the event is still stored, and subscribers that are not durable may not get it.
    pub async fn publish_stored(
        self,
        key: Option<IdempotencyKey>,
        within: Duration,
    ) -> Result<(), PublishError> {
        match self.given {
            Given::Typed(_, event) => {
                let order = (key, within);
                event.publish_stored(&self.bus, &self.owner, order).await
            }
            Given::Untyped(event) => publish_untyped(&self.bus, &self.owner, event).await,
        }
    }
}

impl EventDescriptor {
    /// Checks whether JSON is an event of this type, including the lengths, patterns and ranges in
    /// its schema.
    ///
    /// # Errors
    ///
    /// Returns an error that names the place if it is not.
    pub fn check(&'static self, json: &[u8]) -> Result<(), DecodeError> {
        read(self, json).map(drop)
    }
}

/// Reads an event, and checks it against its type's schema.
pub(in crate::event) fn read(
    event: &'static EventDescriptor,
    json: &[u8],
) -> Result<Box<dyn Publishable>, DecodeError> {
    let is_list = json.trim_ascii_start().starts_with(b"[");
    let read = (event.decode)(json).map_err(|error| match is_list && has_keys(event) {
        true => DecodeError::broken(event.topic, ".".to_owned(), rules::NAMELESS.to_owned()),
        false => error,
    })?;
    distinct(event.topic, json)?;
    let has_list = json.contains(&b'[');
    if has_list || event.rules().is_some() {
        let data = read.to_json().map_err(|error| event.refuse(error))?;
        if has_list {
            named(event, json, &data)?;
        }
        event.check_rules(&data)?;
    }
    Ok(read)
}

/// Whether an event is an object, according to its schema.
fn has_keys(event: &EventDescriptor) -> bool {
    let schema = event.schema(&mut SchemaGenerator::default());
    schema.get("properties").is_some()
}

/// Refuses a list in place of an object. serde would read it by the order of the keys, so that
/// adding or moving a field would change the meaning of the data. `data` is the event that was
/// read.
fn named(event: &EventDescriptor, json: &[u8], data: &Value) -> Result<(), DecodeError> {
    let given = serde_json::from_slice(json).map_err(|error| event.refuse(error))?;
    let named = rules::named(&given, data);
    named.map_err(|fault| DecodeError::broken(event.topic, fault.key(), fault.to_string()))
}

/// Checks that JSON for a topic has no key twice.
pub(in crate::event) fn distinct(
    topic: impl Into<Cow<'static, str>>,
    json: &[u8],
) -> Result<(), DecodeError> {
    let read = erased::read::<Distinct>(json);
    read.map(drop)
        .map_err(|error| DecodeError::new(topic, error))
}

impl fmt::Debug for Received {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let topic = match &self.given {
            Given::Typed(event, _) => event.topic,
            Given::Untyped(event) => &event.topic,
        };
        write!(f, "Received({topic})")
    }
}
