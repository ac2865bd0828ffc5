//! Makes a job for the plugin's worker from a stored event.

use std::sync::Arc;

use super::Durable;
use super::ack::AckHandle;
use serde_json::Value;

use crate::context::Meta;
use crate::error::{DecodeError, Error, Result};
use crate::event::outcome::dead_letters::{DeadLetter, Failures};
use crate::event::payload::{Envelope, Payload, Untyped, interned};
use crate::event::queue::acknowledgement::Acknowledgement;
use crate::event::queue::handler::QueuedHandler;
use crate::event::queue::job::Job;
use crate::rcu::record::ThreadRecord;

use super::recent::PendingEvent;

/// Reads a stored event as the type that its handler takes.
pub(in crate::event) type Decode = fn(&str, Meta) -> Result<Arc<dyn Payload>, DecodeError>;

/// Delivers the events of a durable subscription to the handler of one instance.
pub(crate) struct DurableDelivery {
    pub(super) durable: Arc<Durable>,
    pub(super) handler: Arc<QueuedHandler>,
    decode: Decode,
}

impl DurableDelivery {
    pub(in crate::event) fn new(
        durable: &Arc<Durable>,
        handler: Arc<QueuedHandler>,
        decode: Decode,
    ) -> Self {
        Self {
            durable: Arc::clone(durable),
            handler,
            decode,
        }
    }

    /// The job for a stored event. If the event can't be read as its type any more, it ends here.
    pub(super) fn job(&self, next: &PendingEvent, ack: AckHandle) -> Option<Job> {
        let record = &next.stored.record;
        match (self.decode)(&record.data, meta(next)) {
            Ok(payload) => {
                // If the key function panics for an event, the event has no key.
                let turn = self.handler.turn(&*payload).unwrap_or(None);
                Some(Job::new(&self.handler, payload).takes(turn).delivers(ack))
            }
            Err(error) => {
                let error = Error::external("a stored event can't be read").because(error);
                self.bury(next, ack, &Failures::before(&error));
                None
            }
        }
    }

    /// Ends an event without calling a handler; it becomes a dead letter.
    pub(super) fn bury(&self, next: &PendingEvent, ack: AckHandle, failures: &Failures) {
        if !Acknowledgement::take(&ack) {
            return;
        }
        let (subscription, key) = (&self.durable.name, next.stored.record.key);
        tracing::error!(%subscription, %key, "{}", failures.error);
        self.handler.core.count_dead_letter();
        Box::new(ack).dead(self.uncalled(next, failures));
    }

    /// The dead letter of an event for which no handler is called.
    fn uncalled(&self, next: &PendingEvent, failures: &Failures) -> DeadLetter {
        let record = &next.stored.record;
        let data = serde_json::from_str(&record.data);
        let untyped = Untyped {
            topic: self.durable.name.topic.to_string(),
            data: data.unwrap_or_else(|_| Value::from(&*record.data)),
        };
        let envelope = Envelope::new(meta(next), untyped);
        self.handler.core.letter(&envelope, failures)
    }
}

/// The data of its publishing. An event that is read back belongs to the trace of its publisher.
fn meta(next: &PendingEvent) -> Meta {
    let record = &next.stored.record;
    let key = Some(record.key);
    if let Some(meta) = next.meta {
        return Meta { key, ..meta };
    }
    let new = Meta::new(ThreadRecord::current(), interned(&record.source));
    Meta {
        key,
        parent: record.parent,
        ..new
    }
}
