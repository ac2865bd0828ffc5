//! Events that arrive as JSON for a topic.

use std::any::Any;
use std::sync::Arc;
use std::time::Duration;

use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_path_to_error::Track;

use crate::boxed::BoxFuture;
use crate::context::{Identity, Meta};
use crate::error::PublishError;
use crate::event::bus::Bus;
use crate::event::dispatch::atomic::publish_stored;
use crate::event::dispatch::outcomes::publish_and_wait;
use crate::event::dispatch::publication::Publication;
use crate::event::dispatch::storage::publish_durable;
use crate::event::outcome::HandlerOutcome;
use crate::event::payload::{Carried, Envelope, EventData, Payload, Untyped};
use crate::idempotency::IdempotencyKey;

/// An event with an erased type.
pub(crate) trait Publishable: Send {
    fn publish<'a>(
        self: Box<Self>,
        bus: &'a Bus,
        owner: &'a Identity,
    ) -> BoxFuture<'a, Result<(), PublishError>>;

    fn publish_durable<'a>(
        self: Box<Self>,
        bus: &'a Bus,
        owner: &'a Identity,
    ) -> BoxFuture<'a, Result<(), PublishError>>;

    fn publish_stored<'a>(
        self: Box<Self>,
        bus: &'a Bus,
        owner: &'a Identity,
        order: (Option<IdempotencyKey>, Duration),
    ) -> BoxFuture<'a, Result<(), PublishError>>;

    fn publish_and_wait<'a>(
        self: Box<Self>,
        bus: &'a Bus,
        owner: &'a Identity,
    ) -> BoxFuture<'a, Result<Vec<HandlerOutcome>, PublishError>>;

    /// Whether the event has a subscriber now.
    fn is_heard(&self, bus: &Bus) -> bool;

    /// The event itself.
    fn as_any(&self) -> &dyn Any;

    fn to_json(&self) -> serde_json::Result<Value>;

    /// The event, with the data of its earlier publishing.
    fn carry(self: Box<Self>, meta: Meta) -> Arc<dyn Payload>;
}

impl<E: EventData + Carried> Publishable for TypedEvent<E> {
    fn publish<'a>(
        self: Box<Self>,
        bus: &'a Bus,
        owner: &'a Identity,
    ) -> BoxFuture<'a, Result<(), PublishError>> {
        Box::pin(Publication::new(bus, owner, bus.index::<E>(), self.0))
    }

    fn publish_durable<'a>(
        self: Box<Self>,
        bus: &'a Bus,
        owner: &'a Identity,
    ) -> BoxFuture<'a, Result<(), PublishError>> {
        Box::pin(async move { publish_durable(bus, owner, bus.index::<E>(), self.0).await })
    }

    fn publish_stored<'a>(
        self: Box<Self>,
        bus: &'a Bus,
        owner: &'a Identity,
        order: (Option<IdempotencyKey>, Duration),
    ) -> BoxFuture<'a, Result<(), PublishError>> {
        Box::pin(publish_stored(
            bus,
            owner,
            (bus.index::<E>(), self.0),
            order,
        ))
    }

    fn publish_and_wait<'a>(
        self: Box<Self>,
        bus: &'a Bus,
        owner: &'a Identity,
    ) -> BoxFuture<'a, Result<Vec<HandlerOutcome>, PublishError>> {
        Box::pin(async move { publish_and_wait(bus, owner, bus.index::<E>(), self.0).await })
    }

    fn is_heard(&self, bus: &Bus) -> bool {
        let table = bus.table().load();
        let route = table.route::<E>(bus.index::<E>());
        route.inline.handle() || !route.queued.is_empty()
    }

    fn as_any(&self) -> &dyn Any {
        &self.0
    }

    fn to_json(&self) -> serde_json::Result<Value> {
        serde_json::to_value(&self.0)
    }

    fn carry(self: Box<Self>, meta: Meta) -> Arc<dyn Payload> {
        Arc::new(Envelope::new(meta, self.0))
    }
}

struct TypedEvent<E>(E);

/// Erases the type of an event that was read.
pub(in crate::event) fn publishable<E: EventData + Carried>(event: E) -> Box<dyn Publishable> {
    Box::new(TypedEvent(event))
}

/// Reads a value and checks that nothing follows it. Tracking keys takes as long as decoding, so it
/// is done only in a second pass after an error, to find the key that the error is about.
pub(in crate::event) fn read<T: DeserializeOwned>(
    json: &[u8],
) -> Result<T, serde_path_to_error::Error<serde_json::Error>> {
    serde_json::from_slice(json).map_err(|error| {
        let mut deserializer = serde_json::Deserializer::from_slice(json);
        match serde_path_to_error::deserialize::<_, T>(&mut deserializer) {
            Err(located) => located,
            // The value is valid, but more data follows it.
            Ok(_) => serde_path_to_error::Error::new(Track::new().path(), error),
        }
    })
}

/// Publishes on a topic that no type declares.
pub(in crate::event) async fn publish_untyped(
    bus: &Bus,
    owner: &Identity,
    event: Untyped,
) -> Result<(), PublishError> {
    Publication::new(bus, owner, bus.untyped(), event).await
}
