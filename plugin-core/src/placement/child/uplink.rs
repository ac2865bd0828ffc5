//! The connection for events and requests from a child to its host.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use serde_json::Value;

use crate::boxed::BoxFuture;
use crate::context;
use crate::error::{Error, PublishError, RequestError};
use crate::event::{Asks, Payload, Uplink, UplinkOutcome};
use crate::placement::connection::Connection;
use crate::placement::wire::{WireAnswer, WireAsks, WireCall, WirePublication, WireRequest};

/// Most events in transit for which nobody waits.
const CREDITS: usize = 256;

/// The connection to the host.
pub(super) struct HostUplink {
    pub(super) connection: Arc<Connection>,
    /// Name of the instance.
    pub(super) instance: &'static str,
    /// Number of events in transit for which nobody waits.
    pub(super) under_way: Arc<AtomicUsize>,
}

impl HostUplink {
    fn publication(event: &dyn Payload, asks: WireAsks) -> serde_json::Result<WireCall> {
        Ok(WireCall::Publish(WirePublication {
            topic: event.topic().to_owned(),
            data: event.encode()?,
            parent: event.meta_ref().parent.map(|parent| parent.to_stored()),
            asks,
            in_handler: context::current().is_some_and(|current| current.worker.is_some()),
        }))
    }
}

fn outcome(answer: Option<WireAnswer>, instance: &'static str, topic: &str) -> UplinkOutcome {
    match answer {
        Some(WireAnswer::Published(outcomes)) => Ok(outcomes.into_iter().map(Into::into).collect()),
        Some(WireAnswer::NotPublished(error)) => Err(error.of(instance, topic)),
        // The host has ended or uses another protocol, so it accepts no more events.
        _ => Err(PublishError::Stopping),
    }
}

/// The error for an event whose own `Serialize` fails.
fn unwritten(instance: &'static str, error: serde_json::Error) -> PublishError {
    PublishError::Refused {
        plugin: instance,
        interceptor: "isolation",
        error: Error::bug("the event can't be written as JSON").because(error),
    }
}

impl Uplink for HostUplink {
    fn publish(&self, event: &dyn Payload, asks: Asks) -> BoxFuture<'static, UplinkOutcome> {
        let instance = self.instance;
        let call = match Self::publication(event, asks.into()) {
            Ok(call) => self.connection.call(call),
            Err(error) => {
                let refused = Err(unwritten(instance, error));
                return Box::pin(std::future::ready(refused));
            }
        };
        let topic = event.topic().to_owned();
        Box::pin(async move { outcome(call.await, instance, &topic) })
    }

    fn has_room(&self) -> bool {
        self.under_way.load(Relaxed) < CREDITS && !self.connection.is_over()
    }

    fn send(&self, event: &dyn Payload) {
        let (instance, topic) = (self.instance, event.topic().to_owned());
        let call = Self::publication(event, WireAsks::Nothing);
        let call = match call {
            Ok(call) => self.connection.call(call),
            Err(error) => {
                let error = unwritten(instance, error);
                return tracing::error!(topic, "an event was not published: {error}");
            }
        };
        let under_way = Arc::clone(&self.under_way);
        under_way.fetch_add(1, Relaxed);
        drop(crate::spawn::spawn(async move {
            let outcome = outcome(call.await, instance, &topic);
            under_way.fetch_sub(1, Relaxed);
            if let Err(error) = outcome {
                tracing::warn!(topic, "an event was not published: {error}");
            }
        }));
    }

    fn ask(
        &self,
        topic: &'static str,
        label: &'static str,
        request: serde_json::Result<String>,
        limit: Duration,
    ) -> BoxFuture<'static, Result<Value, RequestError>> {
        let instance = self.instance;
        let data = match request {
            Ok(data) => data,
            Err(error) => {
                let error = Error::bug("the request can't be written as JSON").because(error);
                let failed = Err(RequestError::Failed { topic, error });
                return Box::pin(std::future::ready(failed));
            }
        };
        let call = self.connection.call(WireCall::Ask(WireRequest {
            topic: topic.to_owned(),
            label: label.to_owned(),
            data,
            parent: context::lineage().trace().map(|trace| trace.to_stored()),
            limit,
        }));
        Box::pin(async move {
            match call.await {
                Some(WireAnswer::Value(answer)) => Ok(answer),
                Some(WireAnswer::NotAnswered(error)) => Err(error.of(instance, topic)),
                _ => Err(RequestError::Stopping),
            }
        })
    }
}
