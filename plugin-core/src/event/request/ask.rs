//! The way of one request: a deadline, a place, the answer.

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

/// Sends a request to its responder, and waits at most until the deadline. When the future is dropped,
/// so is the answer on its way.
pub(super) async fn ask<Q: Request>(
    (bus, owner): (&Bus, &Identity),
    route: &RequestRoute<Q>,
    request: Q,
    limit: Duration,
) -> Result<Q::Answer, RequestError> {
    let topic = Q::DESCRIPTOR.topic;
    // It counts first and looks then, as a publisher does, so that a stop sees it or it the stop.
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

/// Asks the host, where this is a process of one instance.
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

/// Room at a responder. One that stops before it has room sends who waits for it to another one, if
/// there is another one.
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

/// The end of a time limit, or the deadline of the request that is being answered if that is
/// earlier: nobody waits for what comes after it.
fn deadline(now: Instant, limit: Duration) -> Instant {
    // Nobody lives to see a deadline that the clock can't tell.
    let own = now
        .checked_add(limit)
        .unwrap_or_else(|| now + Duration::from_secs(86_400 * 365 * 30));
    let inherited = context::current().and_then(|current| current.deadline);
    inherited.map_or(own, |inherited| inherited.min(own))
}

/// A plugin that asks itself in the middle of an answer might wait for the room that it takes.
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
