//! The failures of a handler with one event, and the dead letter that is made from them.

use std::time::SystemTime;

use serde_json::Value;

use super::letter::{DeadLetter, DeadLetterId};
use crate::context::Identity;
use crate::error::Error;
use crate::event::payload::Payload;
use crate::guard;
use crate::timestamp::Timestamp;

/// The failed calls with one event.
pub(crate) struct Failures {
    /// The id of the dead letter, if the event becomes one.
    id: DeadLetterId,
    /// Number of attempts that were used up.
    pub(crate) attempts: u32,
    /// Number of calls that only showed that the handler's target was down, and used up no attempt.
    probes: u32,
    first: SystemTime,
    last: SystemTime,
    pub(crate) error: Error,
}

impl Failures {
    /// The first call failed.
    pub(crate) fn first(error: &Error) -> Self {
        let now = SystemTime::now();
        Self {
            id: DeadLetterId::next(),
            attempts: 1,
            probes: 0,
            first: now,
            last: now,
            error: error.same(),
        }
    }

    /// No call was complete before the plugin stopped.
    pub(crate) fn none(is_shut: bool) -> Self {
        Self::before(&Error::retriable(match is_shut {
            true => {
                "the plugin stopped while the circuit breaker of its handler was open, and the event waited for it"
            }
            false => "the plugin stopped before it had handled the event",
        }))
    }

    /// No call was made, because of an error.
    pub(crate) fn before(error: &Error) -> Self {
        Self {
            attempts: 0,
            ..Self::first(error)
        }
    }

    /// One more call failed.
    pub(crate) fn again(&mut self, error: &Error) {
        self.attempts += 1;
        self.last = SystemTime::now().max(self.last);
        self.error = error.same();
    }

    /// A call showed that the handler's target is down.
    pub(crate) fn probed(&mut self, error: &Error) {
        self.probes += 1;
        self.last = SystemTime::now();
        self.error = error.same();
    }

    pub(crate) fn probes(&self) -> u32 {
        self.probes
    }

    /// There will be no further call, although one would be due.
    pub(crate) fn stopped(&mut self, is_shut: bool) {
        self.error = (self.error.same()).context(match is_shut {
            true => {
                "the plugin stopped while the circuit breaker of its handler was open; the last call"
            }
            false => "the plugin stopped before the next retry; the last call",
        });
    }
}

impl DeadLetter {
    /// The dead letter of an event and the handler that failed to handle it.
    pub(crate) fn of(
        (owner, handler): (&Identity, &str),
        payload: &dyn Payload,
        failures: &Failures,
    ) -> Self {
        let meta = payload.meta();
        let (data, error) = match data(owner, payload) {
            Ok(data) => (data, failures.error.to_string()),
            Err(unwritten) => (
                Value::Null,
                format!(
                    "{} (its data can't be written: {unwritten})",
                    failures.error
                ),
            ),
        };
        Self {
            id: failures.id,
            topic: payload.topic().to_owned(),
            data,
            event: meta.id,
            key: Some(meta.delivery_key()),
            trace: Some(meta.trace()),
            source: meta.source.to_owned(),
            plugin: owner.name().to_owned(),
            handler: handler.to_owned(),
            error,
            kind: failures.error.kind().as_str().to_owned(),
            attempts: failures.attempts.saturating_add(failures.probes),
            first_at: Timestamp(failures.first).to_string(),
            last_at: Timestamp(failures.last).to_string(),
            replays: 0,
        }
    }
}

/// The event's data. Serializing it runs the plugin's code, which may panic.
fn data(owner: &Identity, payload: &dyn Payload) -> Result<Value, Error> {
    guard::call(owner.current(), || Ok(payload.to_json()?))
}
