//! The right to publish, as a value: for one event type, or for events that arrive as JSON
//! (`received`).
//!
//! This module also contains what the kernel itself publishes: announcements of dead letters
//! (`announcer`) and their replays (`replay`).

pub(super) mod announcer;
pub(super) mod forwarded;
pub(super) mod received;
pub(super) mod replay;

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use serde_json::Value;

use crate::context::Identity;
use crate::error::{DecodeError, PublishAllError, PublishError, TryPublishError};
use crate::event::bus::Bus;
use crate::event::descriptor::erased;
use crate::event::descriptor::{Event, EventDescriptor};
use crate::event::dispatch::chunks::publish_all;
use crate::event::dispatch::publication::Publication;
use crate::event::dispatch::storage::publish_durable;
use crate::event::dispatch::{outcomes, reservation};
use crate::event::outcome::HandlerOutcome;
use crate::event::payload::Untyped;
use crate::pattern::{Pattern, PatternError};
use received::{Given, Received};

/// The right of one plugin to publish one event type.
///
/// Order: the events of one publisher reach each handler in the order in which they were published.
pub struct Publisher<E> {
    bus: Bus,
    owner: Arc<Identity>,
    index: usize,
    event: PhantomData<fn(E)>,
}

impl<E: Event> Publisher<E> {
    pub(crate) fn new(bus: &Bus, owner: &Arc<Identity>) -> Self {
        Self {
            index: bus.index::<E>(),
            bus: bus.clone(),
            owner: Arc::clone(owner),
            event: PhantomData,
        }
    }

    /// Publishes an event: calls the synchronous handlers, and puts the event into the mailboxes of
    /// the asynchronous ones. If a mailbox is full, it waits for room (back-pressure). The failure
    /// of a handler is counted and logged, and not returned to the publisher.
    ///
    /// # Errors
    ///
    /// Returns an error if the system is stopping, if an interceptor refuses the event, or if a
    /// mailbox is full and its subscription does not let publishers wait.
    ///
    /// # Cancel safety
    ///
    /// Not cancel safe: if the future is dropped while it waits for room, the subscribers that had
    /// room have the event and the others don't.
    pub fn publish(
        &self,
        event: E,
    ) -> impl Future<Output = Result<(), PublishError>> + Send + use<'_, E> {
        Publication::new(&self.bus, &self.owner, self.index, event)
    }

    /// Publishes events in their order, each like [`Publisher::publish`], and returns their number.
    /// The events are published in chunks: a synchronous handler gets a chunk in order before the
    /// next handler gets its first event, and a mailbox is locked once for all events that it has
    /// room for. This is faster than publishing the events one by one.
    ///
    /// # Errors
    ///
    /// As [`Publisher::publish`], for the first event that can't be published. The error says how
    /// many events were published. A subscriber with a full mailbox that does not let publishers
    /// wait misses some of these. If the system is stopping, the synchronous handlers may have got
    /// some of the later events.
    ///
    /// # Cancel safety
    ///
    /// Not cancel safe: if the future is dropped while it waits for room, some of the events are
    /// published, and the last of these perhaps not to every subscriber.
    pub fn publish_all<I>(
        &self,
        events: I,
    ) -> impl Future<Output = Result<usize, PublishAllError>> + Send + use<'_, E, I>
    where
        I: IntoIterator<Item = E, IntoIter: Send>,
    {
        publish_all(&self.bus, &self.owner, self.index, events.into_iter())
    }

    /// Publishes an event, and waits until it is stored for every durable subscriber. When this
    /// returns `Ok`, the event reaches their handlers even after a crash. If there is no durable
    /// subscriber, this is the same as [`Publisher::publish`].
    ///
    /// # Errors
    ///
    /// As [`Publisher::publish`], and also if the event can't be stored for a durable subscriber.
    /// In this case it is not stored for that subscriber later either, unless the store could not
    /// report its result.
    ///
    /// # Cancel safety
    ///
    /// As [`Publisher::publish`]. An event that was accepted is stored even if the future is
    /// dropped.
    pub async fn publish_durable(&self, event: E) -> Result<(), PublishError> {
        publish_durable(&self.bus, &self.owner, self.index, event).await
    }

    /// Publishes an event if every subscriber has room for it now; otherwise no subscriber gets it.
    ///
    /// # Errors
    ///
    /// Returns an error that contains the event if a mailbox is full, if an interceptor refuses the
    /// event, if it can't be stored for a durable subscriber, or if the system is stopping.
    pub fn try_publish(&self, event: E) -> Result<(), TryPublishError<E>> {
        reservation::try_publish(&self.bus, &self.owner, self.index, event)
    }

    /// Publishes an event, and waits until every handler has handled it. For a durable handler, it
    /// waits until the event is stored.
    ///
    /// # Errors
    ///
    /// Returns an error if the system is stopping, or if an interceptor refuses the event. Failures
    /// of handlers are in the outcomes and are not an error.
    ///
    /// # Cancel safety
    ///
    /// As [`Publisher::publish`].
    pub async fn publish_and_wait(&self, event: E) -> Result<Vec<HandlerOutcome>, PublishError> {
        outcomes::publish_and_wait(&self.bus, &self.owner, self.index, event).await
    }
}

impl<E> Clone for Publisher<E> {
    fn clone(&self) -> Self {
        Self {
            bus: self.bus.clone(),
            owner: Arc::clone(&self.owner),
            index: self.index,
            event: PhantomData,
        }
    }
}

impl<E: Event> fmt::Debug for Publisher<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Publisher<{}>", E::DESCRIPTOR.topic)
    }
}

/// The right of one plugin to publish events by topic, for topics that are known only at run time.
#[derive(Clone)]
pub struct Publishers {
    bus: Bus,
    owner: Arc<Identity>,
}

impl Publishers {
    pub(crate) fn new(bus: &Bus, owner: &Arc<Identity>) -> Self {
        Self {
            bus: bus.clone(),
            owner: Arc::clone(owner),
        }
    }

    /// The event type that declares a topic.
    #[must_use]
    pub fn event(&self, topic: &str) -> Option<&'static EventDescriptor> {
        self.bus.event(topic)
    }

    /// Checks JSON against the type of a topic and the rules of its schema, without publishing it.
    /// On a topic that no type declares, any JSON is valid.
    ///
    /// # Errors
    ///
    /// Returns an error if the JSON is not an event of that type, or breaks a rule of its schema.
    pub fn check(&self, topic: &str, json: &[u8]) -> Result<(), DecodeError> {
        self.event(topic).map_or(Ok(()), |event| event.check(json))
    }

    /// Publishes JSON on a topic, as the type that declares the topic.
    ///
    /// # Errors
    ///
    /// As [`Publisher::publish`], and also if the plugin may not publish on the topic, or if the
    /// JSON is not an event of its type or breaks a rule of its schema.
    ///
    /// # Cancel safety
    ///
    /// As [`Publisher::publish`].
    pub async fn publish(&self, topic: &str, json: &[u8]) -> Result<(), PublishError> {
        self.receive(topic, json)?.publish().await
    }

    /// Like [`Publishers::publish`], and waits until the event is stored for every durable
    /// subscriber. A topic that no type declares has no durable subscribers.
    ///
    /// # Errors
    ///
    /// As [`Publishers::publish`] and [`Publisher::publish_durable`].
    ///
    /// # Cancel safety
    ///
    /// As [`Publisher::publish_durable`].
    pub async fn publish_durable(&self, topic: &str, json: &[u8]) -> Result<(), PublishError> {
        self.receive(topic, json)?.publish_durable().await
    }

    /// Decodes JSON that was received for a topic, as the type that declares the topic, and checks
    /// the lengths, patterns and ranges of its schema. The caller can inspect the result,
    /// especially [the user whom it concerns](Received::subject), before publishing it.
    ///
    /// # Errors
    ///
    /// Returns an error if the plugin may not publish on the topic, if the topic belongs to a
    /// request, or if the JSON is not an event of its type, breaks a rule of its schema, or has a
    /// key twice.
    pub fn receive(&self, topic: &str, json: &[u8]) -> Result<Received, PublishError> {
        self.owner
            .grants()
            .publish(topic)
            .map_err(PublishError::Denied)?;
        let given = match self.bus.event(topic) {
            Some(event) if event.answer.is_some() => {
                return Err(PublishError::Request { topic: event.topic });
            }
            Some(event) => {
                let read = received::read(event, json).map_err(PublishError::Decode)?;
                Given::Typed(event, read)
            }
            None => Given::Untyped(untyped(topic, json)?),
        };
        Ok(Received {
            bus: self.bus.clone(),
            owner: Arc::clone(&self.owner),
            given,
        })
    }
}

/// An event on a topic that no type declares.
fn untyped(topic: &str, json: &[u8]) -> Result<Untyped, PublishError> {
    let topic = check_topic(topic).map_err(PublishError::Topic)?;
    let data: Value = erased::read(json)
        .map_err(|error| PublishError::Decode(DecodeError::new(topic.clone(), error)))?;
    received::distinct(topic.clone(), json).map_err(PublishError::Decode)?;
    Ok(Untyped { topic, data })
}

fn check_topic(topic: &str) -> Result<String, PatternError> {
    Pattern::parse(topic)?.topic()
}

impl fmt::Debug for Publishers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Publishers({})", self.owner.name())
    }
}
