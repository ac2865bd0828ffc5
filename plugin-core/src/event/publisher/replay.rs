//! The replay of a dead letter: delivers it only to the handler that failed.

use std::sync::Arc;

use tokio::sync::oneshot;

use crate::context;
use crate::context::Meta;
use crate::error::{DecodeError, Error};
use crate::event::bus::Bus;
use crate::event::handler::HandlerCore;
use crate::event::outcome::dead_letters::{DeadLetter, Failures, Replay};
use crate::event::payload::{Envelope, Payload, Untyped, interned};
use crate::event::queue::handler::QueuedHandler;
use crate::event::queue::job::Job;
use crate::event::queue::redelivery::Redelivered;
use crate::rcu::record::ThreadRecord;

/// The reason why a letter was not delivered. The letter is kept.
#[derive(Debug)]
pub(crate) enum ReplayError {
    /// It is not a valid event of its topic's type any more.
    Decode(DecodeError),
    /// This many handlers have its name; there has to be exactly one.
    Handlers(usize),
    /// The mailbox was closed.
    Stopping,
    /// It was delivered, and is a dead letter again.
    Failed(Error),
}

impl Bus {
    /// Delivers a letter again, and waits for the outcome of its handler.
    ///
    /// # Cancel safety
    ///
    /// Once the event is in the mailbox, it is delivered even if this future is dropped.
    pub(crate) async fn replay(&self, replay: Replay) -> Result<(), ReplayError> {
        let payload = self.payload(replay.letter())?;
        let handler = match self.address(replay.letter(), &*payload)? {
            Redelivered::Queued(handler) => handler,
            Redelivered::Inline(core, result) => {
                return settle(&core, &*payload, &replay, result).await;
            }
        };
        let (acknowledge, answer) = oneshot::channel();
        let job = Job::new(&handler, payload).acknowledges(Some(acknowledge));
        enqueue(&handler, job.replays(replay)).await?;
        let outcome = answer.await.map_err(|_| ReplayError::Stopping)?;
        outcome.result.map_err(ReplayError::Failed)
    }

    /// The event of a letter, with its old id.
    fn payload(&self, letter: &DeadLetter) -> Result<Arc<dyn Payload>, ReplayError> {
        let meta = Meta {
            id: letter.event,
            source: interned(&letter.source),
            parent: letter.trace.or_else(|| context::lineage().trace()),
            key: letter.key,
        };
        let Some(event) = self.event(&letter.topic) else {
            let (topic, data) = (letter.topic.clone(), letter.data.clone());
            return Ok(Arc::new(Envelope::new(meta, Untyped { topic, data })));
        };
        let decoded = (event.decode)(letter.data.to_string().as_bytes());
        Ok(decoded.map_err(ReplayError::Decode)?.carry(meta))
    }

    /// The handler that a letter names. An inline handler is called immediately, while the table is
    /// held.
    fn address(
        &self,
        letter: &DeadLetter,
        payload: &dyn Payload,
    ) -> Result<Redelivered, ReplayError> {
        let record = ThreadRecord::current();
        let reading = record.readers.enter();
        let route = self
            .table()
            .read(record, &reading)
            .any_route(self.position(&letter.topic));
        let mut named = route.named(&letter.plugin, &letter.handler);
        named.retain(|handler| handler.admits(payload));
        match &named[..] {
            [handler] => Ok(handler.receive(payload)),
            _ => Err(ReplayError::Handlers(named.len())),
        }
    }
}

/// Completes the replay of a letter that an inline handler got.
async fn settle(
    core: &HandlerCore,
    payload: &dyn Payload,
    replay: &Replay,
    result: Result<(), Error>,
) -> Result<(), ReplayError> {
    let Err(error) = result else {
        replay.done().await;
        return Ok(());
    };
    let letter = core.letter(payload, &Failures::first(&error));
    replay.file_again(letter).await;
    core.count_dead_letter();
    Err(ReplayError::Failed(error))
}

async fn enqueue(handler: &QueuedHandler, job: Job) -> Result<(), ReplayError> {
    let permit = handler.mailbox.reserve().await;
    let accepted = permit.is_ok_and(|permit| permit.fill(job));
    accepted.then_some(()).ok_or(ReplayError::Stopping)
}
