//! The destination of events from an instance that runs in a process of its own: the host, which
//! publishes them on its behalf. The table of such a process has no other target.

use std::time::Duration;

use serde_json::Value;

use crate::boxed::BoxFuture;
use crate::error::{PublishError, RequestError};
use crate::event::outcome::HandlerOutcome;
use crate::event::payload::Payload;

/// What a publisher waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Asks {
    Nothing,
    /// Until its event is stored for all durable subscriptions.
    Stored,
    /// The outcome of each handler.
    Outcomes,
}

/// The connection to the host.
pub(crate) trait Uplink: Send + Sync {
    /// Lets the host publish an event, and waits for the result.
    fn publish(&self, event: &dyn Payload, asks: Asks) -> BoxFuture<'static, UplinkOutcome>;

    /// Whether one more event may be sent for which nobody waits.
    fn has_room(&self) -> bool;

    /// Sends an event for which nobody waits.
    fn send(&self, event: &dyn Payload);

    /// Lets the host send a request, as JSON, to the instance with this label.
    fn ask(
        &self,
        topic: &'static str,
        label: &'static str,
        request: serde_json::Result<String>,
        limit: Duration,
    ) -> BoxFuture<'static, Result<Value, RequestError>>;
}

/// The result of an event at the host, with the outcomes of its handlers if they were asked for.
pub(crate) type UplinkOutcome = Result<Vec<HandlerOutcome>, PublishError>;
