//! Events whose type the handler does not name.

use std::any::Any;
use std::sync::Arc;

use serde_json::Value;

use super::data::EventData;
use super::envelope::Envelope;
use super::patch::{self, Substitute};
use crate::context::{EventId, Meta};
use crate::error::Result;
use crate::traceparent::TraceContext;

/// Data that an envelope can contain: a typed event, or JSON on a topic that no type declares.
pub(crate) trait Carried: Send + Sync + 'static {
    fn topic(&self) -> &str;
    fn to_json(&self) -> serde_json::Result<Value>;
    /// The data as JSON text.
    fn encode(&self) -> serde_json::Result<String>;
    /// The result of an interceptor's change.
    fn changed(&self, change: Substitute) -> Result<Self>
    where
        Self: Sized;
}

/// An event on a topic that no type declares.
#[derive(Debug)]
pub(crate) struct Untyped {
    pub(crate) topic: String,
    pub(crate) data: Value,
}

impl Carried for Untyped {
    fn topic(&self) -> &str {
        &self.topic
    }

    fn to_json(&self) -> serde_json::Result<Value> {
        Ok(self.data.clone())
    }

    fn encode(&self) -> serde_json::Result<String> {
        serde_json::to_string(&self.data)
    }

    fn changed(&self, change: Substitute) -> Result<Self> {
        patch::untyped(self, change)
    }
}

/// An envelope with an erased type.
pub(crate) trait Payload: Send + Sync {
    fn topic(&self) -> &str;
    fn meta(&self) -> Meta {
        *self.meta_ref()
    }
    fn meta_ref(&self) -> &Meta;
    fn to_json(&self) -> serde_json::Result<Value>;
    fn encode(&self) -> serde_json::Result<String>;
    fn as_any(&self) -> &(dyn Any + Send + Sync);
    fn into_any(self: Arc<Self>) -> Arc<dyn Any + Send + Sync>;
}

impl<P: Carried> Payload for Envelope<P> {
    fn topic(&self) -> &str {
        self.event().topic()
    }

    fn meta_ref(&self) -> &Meta {
        Envelope::meta_ref(self)
    }

    fn to_json(&self) -> serde_json::Result<Value> {
        self.event().to_json()
    }

    fn encode(&self) -> serde_json::Result<String> {
        self.event().encode()
    }

    fn as_any(&self) -> &(dyn Any + Send + Sync) {
        self
    }

    fn into_any(self: Arc<Self>) -> Arc<dyn Any + Send + Sync> {
        self
    }
}

/// An event of any type, as a handler of a pattern gets it.
#[derive(Clone, Copy)]
pub struct AnyEvent<'a>(&'a dyn Payload);

impl<'a> AnyEvent<'a> {
    pub(crate) fn new(payload: &'a dyn Payload) -> Self {
        Self(payload)
    }

    /// Its topic.
    #[must_use]
    pub fn topic(&self) -> &'a str {
        self.0.topic()
    }

    /// The id of this publishing, which is unique in the process.
    #[must_use]
    pub fn id(&self) -> EventId {
        self.0.meta().id
    }

    /// Name of the plugin that published it.
    #[must_use]
    pub fn source(&self) -> &'static str {
        self.0.meta().source
    }

    pub(crate) fn meta(&self) -> Meta {
        self.0.meta()
    }

    /// The span in which it was published; `None` if its publishing began a trace.
    #[must_use]
    pub fn parent(&self) -> Option<TraceContext> {
        self.0.meta().parent
    }

    /// The span of the event: see [`Envelope::trace`].
    #[must_use]
    pub fn trace(&self) -> TraceContext {
        self.0.meta().trace()
    }

    /// The typed event, if it is an `E`.
    #[must_use]
    pub fn downcast_ref<E: EventData>(&self) -> Option<&'a E> {
        self.envelope().map(Envelope::event)
    }

    pub(crate) fn envelope<E: EventData>(&self) -> Option<&'a Envelope<E>> {
        self.0.as_any().downcast_ref()
    }

    /// The data as JSON. A typed event is serialized at each call.
    ///
    /// # Errors
    ///
    /// Returns an error if the event's own `Serialize` fails.
    pub fn to_json(&self) -> serde_json::Result<Value> {
        self.0.to_json()
    }

    /// The data as JSON text, which is faster than [`AnyEvent::to_json`].
    ///
    /// # Errors
    ///
    /// Returns an error if the event's own `Serialize` fails.
    pub fn to_json_text(&self) -> serde_json::Result<String> {
        self.0.encode()
    }

    /// One top-level field of the data; `None` if there is no such field. A typed event is
    /// serialized at each call: if the type is known, [`AnyEvent::downcast_ref`] is cheaper.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<Value> {
        match self.to_json() {
            Ok(Value::Object(mut fields)) => fields.remove(name),
            _ => None,
        }
    }
}

impl std::fmt::Debug for AnyEvent<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AnyEvent")
            .field("topic", &self.topic())
            .field("id", &self.id())
            .field("source", &self.source())
            .finish_non_exhaustive()
    }
}

/// An event of any type that a handler can keep while it awaits.
#[derive(Clone)]
pub struct SharedEvent(pub(crate) Arc<dyn Payload>);

impl SharedEvent {
    /// The event.
    #[must_use]
    pub fn view(&self) -> AnyEvent<'_> {
        AnyEvent::new(&*self.0)
    }
}

impl std::fmt::Debug for SharedEvent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.view().fmt(f)
    }
}
