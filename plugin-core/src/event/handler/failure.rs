//! What happens after a call that failed: it is counted, reported, repeated, or its event becomes a
//! dead letter.

use std::sync::atomic::Ordering::Relaxed;
use std::time::Instant;

use super::HandlerCore;
use crate::context::{DropReason, Meta};
use crate::counted::counted;
use crate::error::{Error, ErrorKind, Result};
use crate::event::outcome::breaker::{CircuitBreaker, Transition};
use crate::event::outcome::dead_letters::Failures;
use crate::event::payload::Payload;

impl HandlerCore {
    /// Counts a repeated call, and starts the clock.
    pub(in crate::event) fn begin_again(&self, events: u64) -> Option<Instant> {
        self.counters.retry(events);
        self.owner.counters().retry(events);
        Some(Instant::now())
    }

    /// Counts a failed call.
    pub(in crate::event) fn count_failure(&self, error: &Error) {
        self.counters.fail();
        self.owner.counters().fail();
        if error.kind() == ErrorKind::Timeout {
            self.timeouts.fetch_add(1, Relaxed);
        }
    }

    /// Logs a transition of the handler's circuit breaker.
    pub(in crate::event) fn tell_transition(
        &self,
        transition: Transition,
        (breaker, result): (&CircuitBreaker, &Result<()>),
    ) {
        let (plugin, handler, topic) = (self.owner.name(), self.name, &*self.topic);
        let cause = || {
            result
                .as_ref()
                .err()
                .map(ToString::to_string)
                .unwrap_or_default()
        };
        let next_probe = breaker.open_for();
        match transition {
            Transition::Nothing => {}
            Transition::Opened { failures } => tracing::warn!(
                plugin,
                handler,
                topic,
                ?next_probe,
                "{} in a row failed: the breaker is open, and events wait: {}",
                counted(failures, "call"),
                cause()
            ),
            Transition::StillDown => tracing::info!(
                plugin,
                handler,
                topic,
                ?next_probe,
                "still failing, the breaker stays open: {}",
                cause()
            ),
            Transition::Closed { after } => tracing::info!(
                plugin,
                handler,
                topic,
                ?after,
                "the target is back: the breaker is closed, and events are handled again"
            ),
        }
    }

    /// Counts an event that became a dead letter.
    pub(in crate::event) fn count_dead_letter(&self) {
        self.counters.dead_letter();
        self.owner.counters().dead_letter();
    }

    /// Counts an event that is neither handled nor kept as a dead letter.
    #[cold]
    pub(in crate::event) fn drop_event(&self, reason: DropReason) {
        self.counters.drop_events(reason, 1);
        self.owner.counters().drop_events(reason, 1);
    }

    /// Counts and reports a failure of the code that decides whether an event is handled, and in
    /// which order. The event is not handled.
    #[cold]
    pub(in crate::event) fn failed_to_choose(&self, meta: Meta, error: &Error) {
        self.failed(meta, error);
        self.drop_event(DropReason::Filter);
    }

    /// Makes a dead letter of an event that an inline handler failed to handle.
    #[cold]
    pub(in crate::event) fn bury(&self, payload: &dyn Payload, error: &Error) {
        let letter = self.letter(payload, &Failures::first(error));
        self.letters.file_now(letter);
        self.count_dead_letter();
    }

    /// Counts and logs a failure.
    pub(in crate::event) fn failed(&self, meta: Meta, error: &Error) {
        self.count_failure(error);
        self.tell(meta, error);
    }

    /// Logs a failure without further consequences.
    fn tell(&self, meta: Meta, error: &Error) {
        self.tell_of(meta, error, 0);
    }

    /// Logs an event that finally failed, and how many others failed in the same call for the same
    /// reason.
    pub(in crate::event) fn tell_of(&self, meta: Meta, error: &Error, others: usize) {
        let others = (others > 0).then_some(others);
        tracing::error!(
            plugin = self.owner.name(),
            handler = self.name,
            topic = %self.topic,
            event = %meta.id,
            others,
            trace_id = %meta.trace().trace_id(),
            span_id = %meta.trace().span_id(),
            kind = error.kind().as_str(),
            "handler failed: {error}"
        );
    }
}
