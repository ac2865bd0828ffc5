//! The path of one request: its deadline, room at the responder, and the answer.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use super::Request;
use super::responder::{Admitted, Responder};
use super::route::RequestRoute;
use crate::context;
use crate::context::{Identity, Meta};
use crate::error::{Error, RequestError};
use crate::event::bus::Bus;
use crate::event::payload::Envelope;
use crate::rcu::record::ThreadRecord;

/// Sends a request to its responder, and waits until the deadline at most. If the future is
/// dropped, the answer in progress is dropped too.
pub(super) async fn ask<Q: Request>(
    (bus, owner): (&Bus, &Identity),
    route: &RequestRoute<Q>,
    request: Q,
    limit: Duration,
) -> Result<Q::Answer, RequestError> {
    let topic = Q::DESCRIPTOR.topic;
    // It counts itself first and then checks, as a publisher does, so that either the stop or the
    // request sees the other.
    let pending = bus.pending().begin();
    if bus.is_closed() || owner.is_muted() {
        return Err(RequestError::Stopping);
    }
    let Some(first) = route.responder() else {
        return Box::pin(at_host(bus, route.label(), request, limit)).await;
    };
    refuse_own(&first)?;
    let envelope = Envelope::new(Meta::new(ThreadRecord::current(), owner.name()), request);
    let began = Instant::now();
    let deadline = deadline(began, limit);
    let answer = async {
        let admitted = admitted(route, first).await?;
        admitted.answer(envelope, deadline, pending).await
    };
    match timeout_at(deadline, answer).await {
        Ok(answer) => answer,
        Err(_) => Err(RequestError::TimedOut {
            topic,
            limit: deadline - began,
        }),
    }
}

/// Sends the request to the host, if this is the process of one instance.
async fn at_host<Q: Request>(
    bus: &Bus,
    label: &'static str,
    request: Q,
    limit: Duration,
) -> Result<Q::Answer, RequestError> {
    let topic = Q::DESCRIPTOR.topic;
    let Some(uplink) = bus.uplink() else {
        return Err(RequestError::NotRunning { topic });
    };
    let began = Instant::now();
    let limit = deadline(began, limit) - began;
    let answer = uplink.ask(topic, label, serde_json::to_string(&request), limit);
    serde_json::from_value(answer.await?).map_err(|error| RequestError::Failed {
        topic,
        error: Error::bug("the answer has another form").because(error),
    })
}

/// Waits for room at a responder. If the responder stops before there is room, its waiters go to
/// another responder, if there is one.
async fn admitted<Q: Request>(
    route: &RequestRoute<Q>,
    mut responder: Arc<Responder<Q>>,
) -> Result<Admitted<Q>, RequestError> {
    let topic = Q::DESCRIPTOR.topic;
    loop {
        let asked = Arc::clone(&responder);
        if let Some(admitted) = responder.admit().await {
            return Ok(admitted);
        }
        let next = route.responder().filter(|next| !Arc::ptr_eq(next, &asked));
        responder = next.ok_or(RequestError::NotRunning { topic })?;
        refuse_own(&responder)?;
    }
}

/// The end of the time limit, or the deadline of the request that is being answered, if that is
/// earlier: an answer after that would not be used.
fn deadline(now: Instant, limit: Duration) -> Instant {
    // If the clock can't represent the deadline, it is so far away that it does not matter.
    let own = now
        .checked_add(limit)
        .unwrap_or_else(|| now + Duration::from_secs(86_400 * 365 * 30));
    let inherited = context::current().and_then(|current| current.deadline);
    inherited.map_or(own, |inherited| inherited.min(own))
}

/// Refuses a request of a plugin to itself in the middle of an answer, because it might wait for
/// the room that it occupies.
fn refuse_own<Q: Request>(responder: &Arc<Responder<Q>>) -> Result<(), RequestError> {
    let answering = context::current().and_then(|current| current.answering);
    if answering != Some(responder.owner().uid()) {
        return Ok(());
    }
    Err(RequestError::Failed {
        topic: Q::DESCRIPTOR.topic,
        error: Error::bug(format!(
            "`{}` asks itself while it answers: call the method in its place",
            responder.owner().name()
        )),
    })
}
