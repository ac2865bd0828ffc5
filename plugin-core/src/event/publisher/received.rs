//! An event that came from outside as JSON: read and checked, and not published yet.

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

/// An event that came as JSON.
pub(in crate::event) enum Given {
    Typed(&'static EventDescriptor, Box<dyn Publishable>),
    Untyped(Untyped),
}

impl Received {
    /// Whom it speaks for.
    #[must_use]
    pub fn subject(&self) -> Subject<'_> {
        match &self.given {
            Given::Typed(event, data) => event.subject.of(data.as_any()),
            Given::Untyped(_) => Subject::Undeclared,
        }
    }

    /// Whether somebody subscribes to it now: a handler of a plugin that runs, or a durable one,
    /// whose events are stored until it does. A topic that no type declares counts as heard.
    #[must_use]
    pub fn is_heard(&self) -> bool {
        match &self.given {
            Given::Typed(_, data) => data.is_heard(&self.bus),
            Given::Untyped(_) => true,
        }
    }

    /// Publishes it, as [`Publisher::publish`](crate::event::Publisher::publish).
    ///
    /// # Errors
    ///
    /// As there.
    ///
    /// # Cancel safety
    ///
    /// As there.
    pub async fn publish(self) -> Result<(), PublishError> {
        match self.given {
            Given::Typed(_, event) => event.publish(&self.bus, &self.owner).await,
            Given::Untyped(event) => publish_untyped(&self.bus, &self.owner, event).await,
        }
    }

    /// Publishes it, and waits until it is stored for every durable subscriber, as
    /// [`Publisher::publish_durable`](crate::event::Publisher::publish_durable). A topic that no type
    /// declares has none.
    ///
    /// # Errors
    ///
    /// As there.
    ///
    /// # Cancel safety
    ///
    /// As there.
    pub async fn publish_durable(self) -> Result<(), PublishError> {
        match self.given {
            Given::Typed(_, event) => event.publish_durable(&self.bus, &self.owner).await,
            Given::Untyped(event) => publish_untyped(&self.bus, &self.owner, event).await,
        }
    }
}

impl Received {
    /// Publishes it, or says that nobody got it: for who has to tell somebody outside which of the
    /// two. It waits until there is room everywhere, at most `within`; then until the event is
    /// stored for every durable subscriber; only then the others hear of it.
    ///
    /// With a `key`, events of the same key are one event to each durable subscriber: while the
    /// first is in the store, the second is not stored beside it, and both are delivered with the
    /// same [`idempotency_key`](crate::event::Envelope::idempotency_key). Once it is handled, a store has
    /// forgotten the key: whoever takes keys from outside remembers them, too.
    ///
    /// # Errors
    ///
    /// When there was no room in time, the event could not be stored, an interceptor refused it, or
    /// the system is stopping: it was not published. Only if there are several durable
    /// subscribers and it could not be stored for one of them, another may have it.
    ///
    /// # Cancel safety
    ///
    /// Dropped while it waits for room, it has published nothing; later, it is stored all the
    /// same, and those who are not durable may not hear of it.
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
    /// Whether some JSON is an event of this type, and has the lengths, patterns and ranges that
    /// its schema asks for.
    ///
    /// # Errors
    ///
    /// When it is not; the error names the place.
    pub fn check(&'static self, json: &[u8]) -> Result<(), DecodeError> {
        read(self, json).map(drop)
    }
}

/// Reads an event, and asks of it what its type's schema does.
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

/// Whether an event is an object, by its schema.
fn has_keys(event: &EventDescriptor) -> bool {
    let schema = event.schema(&mut SchemaGenerator::default());
    schema.get("properties").is_some()
}

/// Refuses a list in the place of an object, which serde reads by the order of the keys: so a field
/// that is added or moved would change what a sender says. `data` is what was read.
fn named(event: &EventDescriptor, json: &[u8], data: &Value) -> Result<(), DecodeError> {
    let given = serde_json::from_slice(json).map_err(|error| event.refuse(error))?;
    let named = rules::named(&given, data);
    named.map_err(|fault| DecodeError::broken(event.topic, fault.key(), fault.to_string()))
}

/// Whether JSON for a topic says one thing only.
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
