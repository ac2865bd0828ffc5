//! Publishing that waits for the store.

use tokio::sync::oneshot;

use super::guard::PublishGuard;
use super::take_in::call_inline;
use crate::context::Identity;
use crate::error::PublishError;
use crate::event::bus::Bus;
use crate::event::outcome::HandlerOutcome;
use crate::event::payload::Carried;
use crate::event::queue::enqueue::EnqueueOutcome;
use crate::event::queue::handler::QueuedHandler;
use crate::event::routing::target::Sending;
use crate::event::uplink::Asks;

/// Publishes, and waits until the event is stored for every durable subscriber.
pub(in crate::event) async fn publish_durable<P: Carried>(
    bus: &Bus,
    owner: &Identity,
    index: usize,
    event: P,
) -> Result<(), PublishError> {
    let Some((envelope, queued)) = call_inline(bus, owner, index, event)? else {
        return Ok(());
    };
    let publishing = PublishGuard::begin(bus, owner, index)?;
    let sending = Sending {
        current: &publishing,
        envelope: &envelope,
        asks: Asks::Stored,
    };
    let mut refused = Ok(());
    let mut awaited = Vec::new();
    for target in &*queued {
        let Some(sent) = target.send(&sending).await else {
            continue;
        };
        if let Some(at_host) = sent.at_host {
            refused = refused.and((*at_host).map(drop));
        }
        let Some(handler) = sent.handler else {
            continue;
        };
        match (sent.accepted, sent.answer) {
            (EnqueueOutcome::Yes, Some(answer)) => awaited.push((handler, answer)),
            (EnqueueOutcome::Full | EnqueueOutcome::Refused, _) => {
                refused = Err(handler.refused(sent.accepted));
            }
            (EnqueueOutcome::Gone, _) if handler.acceptance.is_durable() => {
                refused = Err(handler.refused(EnqueueOutcome::Refused));
            }
            _ => {}
        }
    }
    drop(publishing);
    for (handler, answer) in awaited {
        let stored = stored(&handler, answer).await;
        refused = refused.and(stored);
    }
    refused
}

pub(in crate::event) async fn stored(
    handler: &QueuedHandler,
    answer: oneshot::Receiver<HandlerOutcome>,
) -> Result<(), PublishError> {
    match answer.await {
        Ok(outcome) => outcome
            .result
            .map_err(|error| handler.not_stored(error.to_string())),
        Err(_) => Err(handler.not_stored("the event store has stopped".to_owned())),
    }
}
