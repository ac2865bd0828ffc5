//! From a stored event to a job of the plugin's worker.

use std::sync::Arc;

use super::{Done, Durable, Receipt};
use serde_json::Value;

use crate::context::Meta;
use crate::error::{DecodeError, Error, Result};
use crate::event::descriptor::Event;
use crate::event::descriptor::erased;
use crate::event::outcome::dead_letters::{DeadLetter, Failures};
use crate::event::payload::{Envelope, Payload, Untyped};
use crate::event::publisher::replay::interned;
use crate::event::queue::handler::QueuedSite;
use crate::event::queue::job::{Job, Turn};
use crate::rcu::record as thread;

use super::tail::Next;
use crate::guard;

type Decode = fn(&str, Meta) -> Result<Arc<dyn Payload>, DecodeError>;

/// How the events of a durable subscription reach the handler of one instance.
pub(crate) struct Delivery {
    pub(super) durable: Arc<Durable>,
    pub(super) site: Arc<QueuedSite>,
    decode: Decode,
}

impl Delivery {
    pub(in crate::event) fn new<E: Event>(durable: &Arc<Durable>, site: Arc<QueuedSite>) -> Self {
        *durable.done() = Done::Now(Arc::clone(&site));
        Self {
            durable: Arc::clone(durable),
            site,
            decode: decode::<E>,
        }
    }

    /// The job for a stored event. One that is no event of its type any more is ended here.
    pub(super) fn job(&self, next: &Next, receipt: Receipt) -> Option<Job> {
        let record = &next.stored.record;
        match (self.decode)(&record.data, meta(next)) {
            Ok(payload) => {
                let turn = self.turn(&*payload);
                Some(Job::new(&self.site, payload).takes(turn).delivers(receipt))
            }
            Err(error) => {
                let error = Error::external("a stored event can't be read").because(error);
                self.bury(next, receipt, &Failures::before(&error));
                None
            }
        }
    }

    /// Ends an event that no handler is to be called with: it is dead.
    pub(super) fn bury(&self, next: &Next, receipt: Receipt, failures: &Failures) {
        if !receipt.take() {
            return;
        }
        let (subscription, key) = (&self.durable.name, next.stored.record.key);
        tracing::error!(%subscription, %key, "{}", failures.error);
        self.site.site.count_dead_letter();
        receipt.dead(self.uncalled(next, failures));
    }

    /// Its place among those of its key, if calls that run side by side, or those that wait for a
    /// retry, need one. A key is the plugin's code: an event for which it panics has none.
    fn turn(&self, payload: &dyn Payload) -> Option<Turn> {
        let (site, options) = (&self.site.site, &self.site.site.options);
        if options.concurrency == 1 && options.retry.is_none() {
            return None;
        }
        let key = self.site.key.as_ref()?;
        let meta = payload.meta();
        guard::call(site.owner.handling(&meta), || Ok(key(payload)))
            .map_err(|error| site.failed(meta, &error.context("its key")))
            .map(|key| Turn { key, _pin: None })
            .ok()
    }

    /// The letter of an event that no handler is called with.
    fn uncalled(&self, next: &Next, failures: &Failures) -> DeadLetter {
        let record = &next.stored.record;
        let data = serde_json::from_str(&record.data);
        let untyped = Untyped {
            topic: self.durable.name.topic.to_string(),
            data: data.unwrap_or_else(|_| Value::from(&*record.data)),
        };
        let envelope = Envelope::new(meta(next), untyped);
        self.site.site.letter(&envelope, failures)
    }
}

fn decode<E: Event>(data: &str, meta: Meta) -> Result<Arc<dyn Payload>, DecodeError> {
    erased::read::<E>(data.as_bytes())
        .map(|event| Arc::new(Envelope::new(meta, event)) as Arc<dyn Payload>)
        .map_err(|error| DecodeError::new(E::DESCRIPTOR.topic, error))
}

/// What is known of its publishing. An event that is read back stands in the trace of its publisher.
fn meta(next: &Next) -> Meta {
    let record = &next.stored.record;
    let key = Some(record.key);
    if let Some(meta) = next.meta {
        return Meta { key, ..meta };
    }
    let new = Meta::new(thread::Record::current(), interned(&record.source));
    Meta {
        key,
        parent: record.parent,
        ..new
    }
}
