//! The right to send requests, as a value.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use super::Request;
use super::ask::ask;
use super::route::RequestRoute;
use crate::context::Identity;
use crate::error::RequestError;
use crate::event::bus::Bus;
use crate::provider_bindings::ProviderBindings;

/// The right of one plugin to send one type of request.
///
/// The handle remains valid when the responder restarts: each request goes to the current instance.
pub struct Requester<Q: Request> {
    bus: Bus,
    owner: Arc<Identity>,
    route: Arc<RequestRoute<Q>>,
    limit: Duration,
}

impl<Q: Request> Requester<Q> {
    /// `label` is the label of the responding instance.
    pub(crate) fn new(
        bus: &Bus,
        owner: &Arc<Identity>,
        (label, limit): (&'static str, Duration),
    ) -> Self {
        Self {
            route: RequestRoute::of(bus, label),
            bus: bus.clone(),
            owner: Arc::clone(owner),
            limit,
        }
    }

    /// Sends a request, and waits for the answer as long as the plugin's `timeout` allows.
    ///
    /// # Errors
    ///
    /// Returns an error if there is no answer in time, if the responder does not run or fails, or
    /// if the system stops.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, the method that is answering is dropped at its next await.
    pub async fn request(&self, request: Q) -> Result<Q::Answer, RequestError> {
        self.request_within(request, self.limit).await
    }

    /// Like [`Requester::request`], with another time limit, which includes the wait for room.
    /// While the caller itself answers a request, the limit is at most the time that is left for
    /// that answer.
    ///
    /// # Errors
    ///
    /// As [`Requester::request`].
    ///
    /// # Cancel safety
    ///
    /// As [`Requester::request`].
    pub async fn request_within(
        &self,
        request: Q,
        limit: Duration,
    ) -> Result<Q::Answer, RequestError> {
        ask((&self.bus, &self.owner), &self.route, request, limit).await
    }
}

impl<Q: Request> Clone for Requester<Q> {
    fn clone(&self) -> Self {
        Self {
            bus: self.bus.clone(),
            owner: Arc::clone(&self.owner),
            route: Arc::clone(&self.route),
            limit: self.limit,
        }
    }
}

impl<Q: Request> fmt::Debug for Requester<Q> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Requester<{}>", Q::DESCRIPTOR.topic)
    }
}

/// The right of one plugin to send requests by topic, for requests that are known only at run time.
#[derive(Clone)]
pub struct Requesters {
    bus: Bus,
    owner: Arc<Identity>,
    /// The instances that answer.
    bindings: ProviderBindings,
    limit: Duration,
}

impl Requesters {
    pub(crate) fn new(
        bus: &Bus,
        owner: &Arc<Identity>,
        (bindings, limit): (ProviderBindings, Duration),
    ) -> Self {
        Self {
            bus: bus.clone(),
            owner: Arc::clone(owner),
            bindings,
            limit,
        }
    }

    /// Sends a request as JSON, as the type that declares the topic, and waits for the answer as
    /// JSON.
    ///
    /// # Errors
    ///
    /// As [`Requester::request`], and also if the plugin may not send this request, if no request
    /// type has the topic, or if the JSON is not a request of its type.
    ///
    /// # Cancel safety
    ///
    /// As [`Requester::request`].
    pub async fn request(&self, topic: &str, json: &[u8]) -> Result<Value, RequestError> {
        self.request_within(topic, json, self.limit).await
    }

    /// Like [`Requesters::request`], with another time limit.
    ///
    /// # Errors
    ///
    /// As [`Requesters::request`].
    ///
    /// # Cancel safety
    ///
    /// As [`Requester::request`].
    pub async fn request_within(
        &self,
        topic: &str,
        json: &[u8],
        limit: Duration,
    ) -> Result<Value, RequestError> {
        let granted = self.owner.grants().request(topic);
        granted.map_err(RequestError::Denied)?;
        let event = self.bus.event(topic);
        let request = event.and_then(|event| Some((event.answer?, event.key)));
        let (answer, key) = request.ok_or_else(|| RequestError::Unknown {
            topic: topic.to_owned(),
        })?;
        let request = (answer.decode)(json).map_err(RequestError::Decode)?;
        let to = (self.bindings.label(key), limit);
        request.ask(&self.bus, &self.owner, to).await
    }
}

impl fmt::Debug for Requesters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Requesters({})", self.owner.name())
    }
}
