//! Where the events of an instance go that runs in a process of its own: to the host, which
//! publishes them for it. The table of such a process has no other target.

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
    /// What each handler makes of the event.
    Outcomes,
}

/// The way to the host.
pub(crate) trait Uplink: Send + Sync {
    /// Has the host publish an event, and waits for what comes of that.
    fn publish(&self, event: &dyn Payload, asks: Asks) -> BoxFuture<'static, UplinkOutcome>;

    /// Whether one more event may be on its way that nobody waits for.
    fn has_room(&self) -> bool;

    /// Sends an event that nobody waits for.
    fn send(&self, event: &dyn Payload);

    /// Has the host ask a request, of the instance of that label, as JSON.
    fn ask(
        &self,
        topic: &'static str,
        label: &'static str,
        request: serde_json::Result<String>,
        limit: Duration,
    ) -> BoxFuture<'static, Result<Value, RequestError>>;
}

/// What came of an event at the host: what its handlers made of it, if that was asked for.
pub(crate) type UplinkOutcome = Result<Vec<HandlerOutcome>, PublishError>;
