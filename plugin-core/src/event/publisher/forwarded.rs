//! Publishes events on behalf of an instance that runs in a process of its own, with the rights of
//! that instance.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use crate::context::Identity;
use crate::error::{PublishError, RequestError};
use crate::event::bus::Bus;
use crate::event::uplink::Asks;
use crate::event::uplink::UplinkOutcome;
use crate::permission::Right;

/// Publishes JSON on a topic that a type declares. The event comes from a binary of the same build,
/// so the rules of its schema are not checked.
pub(crate) async fn publish_for(
    bus: &Bus,
    owner: &Identity,
    (topic, json): (&str, &str),
    asks: Asks,
) -> UplinkOutcome {
    owner
        .grants()
        .publish(topic)
        .map_err(PublishError::Denied)?;
    let event = bus.event(topic).ok_or_else(|| {
        // A plugin that may publish on topics that no type declares can't run in a process of its
        // own.
        PublishError::Denied(Right::Publish(topic).denied(owner.name()))
    })?;
    if event.answer.is_some() {
        return Err(PublishError::Request { topic: event.topic });
    }
    let event = (event.decode)(json.as_bytes()).map_err(PublishError::Decode)?;
    match asks {
        Asks::Nothing => event.publish(bus, owner).await.map(|()| Vec::new()),
        Asks::Stored => event.publish_durable(bus, owner).await.map(|()| Vec::new()),
        Asks::Outcomes => event.publish_and_wait(bus, owner).await,
    }
}

/// Sends a request to the instance with a label.
pub(crate) async fn ask_for(
    bus: &Bus,
    owner: &Arc<Identity>,
    (topic, json): (&str, &str),
    to: (&'static str, Duration),
) -> Result<Value, RequestError> {
    let granted = owner.grants().request(topic);
    granted.map_err(RequestError::Denied)?;
    let answer = bus.event(topic).and_then(|event| event.answer);
    let answer = answer.ok_or_else(|| RequestError::Unknown {
        topic: topic.to_owned(),
    })?;
    let request = (answer.decode)(json.as_bytes()).map_err(RequestError::Decode)?;
    request.ask(bus, owner, to).await
}
