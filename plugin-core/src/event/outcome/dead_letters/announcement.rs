//! What is told of a letter that is new.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::letter::{DeadLetter, DeadLetterId};
use crate::context::EventId;

/// An event went to the dead letters. The failure of a handler of this event is not announced, so
/// that it can't cause itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EventDeadLettered {
    /// Name of the letter.
    pub letter: DeadLetterId,
    /// Topic of the event.
    pub topic: String,
    /// Id of the event, as the log has it.
    pub event: EventId,
    /// Name of the plugin whose handler failed.
    pub plugin: String,
    /// Name of the handler.
    pub handler: String,
    /// What kind of failure: `config`, `external`, `denied`, `timeout` or `bug`.
    pub kind: String,
    /// What the last call said.
    pub error: String,
    /// Calls that failed; zero if the plugin stopped before the first had ended.
    pub attempts: u32,
    /// Replays that failed.
    pub replays: u32,
}

impl EventDeadLettered {
    /// Topic of the event.
    pub(in crate::event) const TOPIC: &'static str = "event.dead_lettered";

    /// What there is to tell of a letter; `None` if its event is one of these.
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
