//! Publishing that waits for the outcome of each handler.

use std::sync::Arc;

use super::guard::PublishGuard;
use super::take_in::Remaining;
use crate::context::{Identity, Meta};
use crate::error::{Error, PublishError};
use crate::event::bus::Bus;
use crate::event::outcome::HandlerOutcome;
use crate::event::payload::{Carried, Envelope};
use crate::event::queue::enqueue::EnqueueOutcome;
use crate::event::routing::target::{Sending, Sent};
use crate::event::uplink::Asks;
use crate::rcu::record::ThreadRecord;

/// Publishes, and waits for the outcome of each handler.
pub(in crate::event) async fn publish_and_wait<P: Carried>(
    bus: &Bus,
    owner: &Identity,
    index: usize,
    event: P,
) -> Result<Vec<HandlerOutcome>, PublishError> {
    let mut outcomes = Vec::new();
    let (envelope, queued) = call_inline_told(bus, owner, (index, event), &mut outcomes)?;
    if queued.is_empty() {
        return Ok(outcomes);
    }
    let publishing = PublishGuard::begin(bus, owner, index)?;
    let sending = Sending {
        current: &publishing,
        envelope: &envelope,
        asks: Asks::Outcomes,
    };
    let mut awaited = Vec::new();
    for target in &*queued {
        let Some(mut sent) = target.send(&sending).await else {
            continue;
        };
        if let Some(at_host) = sent.at_host.take() {
            outcomes.extend((*at_host)?);
        }
        let Sent {
            accepted,
            handler: Some(handler),
            answer,
            ..
        } = sent
        else {
            continue;
        };
        match (accepted, answer) {
            _ if handler.is_ours() => outcomes.push(handler.core.outcome(Err(Error::bug(
                "a handler can't wait for a handler of its own plugin, which comes after it",
            )))),
            (EnqueueOutcome::Yes, Some(answer)) => awaited.push((handler, answer)),
            (EnqueueOutcome::Yes, None) | (EnqueueOutcome::Gone, _) => {}
            (EnqueueOutcome::Refused, _) => {
                let error = handler.refused(accepted).to_string();
                outcomes.push(handler.core.outcome(Err(Error::retriable(error))));
            }
            (EnqueueOutcome::Full | EnqueueOutcome::Dropped, _) => {
                outcomes.push(
                    handler
                        .core
                        .outcome(Err(Error::retriable("the mailbox is full"))),
                );
            }
        }
    }
    drop(publishing);
    for (handler, answer) in awaited {
        outcomes.push(answer.await.unwrap_or_else(|_| {
            let gone = Error::retriable("the plugin stopped before it came to the event");
            handler.core.outcome(Err(gone))
        }));
    }
    Ok(outcomes)
}

/// Like [`call_inline`], and returns the outcome of each handler.
fn call_inline_told<P: Carried>(
    bus: &Bus,
    owner: &Identity,
    (index, event): (usize, P),
    outcomes: &mut Vec<HandlerOutcome>,
) -> Result<Remaining<P>, PublishError> {
    if owner.is_muted() {
        owner.drop_at_stop(1);
        return Err(PublishError::Stopping);
    }
    let record = ThreadRecord::current();
    let reading = record.readers.enter();
    let route = bus.table().read(record, &reading).route::<P>(index);
    let mut envelope = Envelope::new(Meta::new(record, owner.name()), event);
    route.admit(owner, &reading, &mut envelope)?;
    record.count(owner.published().slot());
    route
        .inline
        .call_told(record, &reading, &envelope, |handler, result| {
            outcomes.push(handler.core.outcome(result));
        });
    Ok((Arc::new(envelope), Arc::clone(&route.queued)))
}
