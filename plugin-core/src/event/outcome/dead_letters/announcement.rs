//! The announcement of a new dead letter.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::letter::{DeadLetter, DeadLetterId};
use crate::context::EventId;

/// An event became a dead letter. If a handler of this event fails, that is not announced, so that
/// the event can't cause itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EventDeadLettered {
    /// Id of the letter.
    pub letter: DeadLetterId,
    /// Topic of the event.
    pub topic: String,
    /// Id of the event, as the log shows it.
    pub event: EventId,
    /// Name of the plugin whose handler failed.
    pub plugin: String,
    /// Name of the handler.
    pub handler: String,
    /// The kind of failure: `config`, `external`, `denied`, `timeout` or `bug`.
    pub kind: String,
    /// The error of the last call.
    pub error: String,
    /// Number of failed calls; zero if the plugin stopped before the end of the first one.
    pub attempts: u32,
    /// Number of failed replays.
    pub replays: u32,
}

impl EventDeadLettered {
    /// Topic of the event.
    pub(in crate::event) const TOPIC: &'static str = "event.dead_lettered";

    /// The announcement of a letter; `None` if the event of the letter is itself such an
    /// announcement.
    pub(crate) fn of(letter: &DeadLetter) -> Option<Self> {
        (letter.topic != Self::TOPIC).then(|| Self {
            letter: letter.id,
            topic: letter.topic.clone(),
            event: letter.event,
            plugin: letter.plugin.clone(),
            handler: letter.handler.clone(),
            kind: letter.kind.clone(),
            error: letter.error.clone(),
            attempts: letter.attempts,
            replays: letter.replays,
        })
    }
}
