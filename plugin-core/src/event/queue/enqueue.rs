//! How an event gets into a mailbox: at once, after a wait for room, or according to the overflow
//! policy.

use std::sync::Arc;

use tokio::sync::oneshot;

use super::acceptance::Share;
use super::capacity::NoPermit;
use super::handler::QueuedHandler;
use super::job::Job;
use super::mailbox::{Displaced, Permit};
use super::turn::Turn;
use crate::context;
use crate::error::PublishError;
use crate::event::outcome::HandlerOutcome;
use crate::event::payload::Payload;
use crate::guard;
use crate::options::Overflow;

/// The parts of a job that is put into a mailbox.
pub(in crate::event) struct PendingJob {
    pub(in crate::event) payload: Arc<dyn Payload>,
    pub(in crate::event) acknowledge: Option<oneshot::Sender<HandlerOutcome>>,
    pub(in crate::event) turn: Option<Turn>,
    pub(in crate::event) share: Share,
}

/// The result of putting a job into a mailbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::event) enum EnqueueOutcome {
    Yes,
    /// The subscription has ended meanwhile.
    Gone,
    /// The overflow policy dropped it.
    Dropped,
    /// There was no room, and waiting was not allowed.
    Full,
    /// The store of a durable subscription accepts nothing now.
    Refused,
}

/// The results of all jobs of an event.
#[derive(Default)]
pub(in crate::event) struct JobCount {
    jobs: usize,
    gone: usize,
}

impl JobCount {
    pub(in crate::event) fn count(&mut self, accepted: EnqueueOutcome) {
        self.jobs += 1;
        self.gone += usize::from(accepted == EnqueueOutcome::Gone);
    }

    /// Counts the result of a job, if there was a job.
    pub(in crate::event) fn count_any(&mut self, accepted: Option<EnqueueOutcome>) {
        if let Some(accepted) = accepted {
            self.count(accepted);
        }
    }

    /// Whether all subscribers were gone when it was their turn.
    pub(in crate::event) fn nobody_was_left(&self) -> bool {
        self.jobs > 0 && self.gone == self.jobs
    }
}

impl QueuedHandler {
    /// Whether this code runs in a handler of the same plugin. Such code must not wait for the
    /// worker, because it keeps the worker busy.
    pub(in crate::event) fn is_ours(&self) -> bool {
        worker() == Some(self.mailbox.uid())
    }

    /// The turn of an event within its key, if concurrent calls or waiting retries require one.
    pub(in crate::event) fn turn(&self, event: &dyn Payload) -> Result<Option<Turn>, ()> {
        let options = &self.core.options;
        if options.concurrency == 1 && options.retry.is_none() {
            return Ok(None);
        }
        let key = self.key(event)?;
        Ok(key.map(|key| Turn {
            key,
            _affinity: None,
        }))
    }

    /// The key of an event. The key function is the plugin's code: if it panics, that is an error
    /// of the handler.
    pub(in crate::event) fn key(&self, event: &dyn Payload) -> Result<Option<u64>, ()> {
        let Some(key) = &self.acceptance.key else {
            return Ok(None);
        };
        let meta = event.meta();
        guard::call(self.core.owner.handling(&meta), || Ok(key(event)))
            .map(Some)
            .map_err(|error| {
                self.core.failed_to_choose(meta, &error.context("its key"));
            })
    }

    /// The error for the publisher of an event that was not accepted here.
    pub(in crate::event) fn refused(&self, accepted: EnqueueOutcome) -> PublishError {
        if accepted == EnqueueOutcome::Full {
            return PublishError::Full {
                plugin: self.core.owner.name(),
                handler: self.core.name,
            };
        }
        let reason = self.acceptance.refusal();
        self.not_stored(reason.unwrap_or_else(|| "the event store has stopped".to_owned()))
    }

    pub(in crate::event) fn not_stored(&self, reason: String) -> PublishError {
        PublishError::Store {
            plugin: self.core.owner.name(),
            handler: self.core.name,
            reason,
        }
    }
}

/// The mailbox of the worker on which this code runs.
pub(in crate::event) fn worker() -> Option<usize> {
    context::current().and_then(|current| current.worker)
}

impl PendingJob {
    fn job(self, handler: &Arc<QueuedHandler>) -> Job {
        Job::new(handler, self.payload)
            .acknowledges(self.acknowledge)
            .takes(self.turn)
            .shares(self.share)
    }

    /// Adds its share of the handler's quota.
    pub(in crate::event) fn shares(self, share: Share) -> Self {
        Self { share, ..self }
    }

    /// Uses a permit, or, without one, applies the overflow policy.
    pub(in crate::event) fn deposit(
        self,
        handler: &Arc<QueuedHandler>,
        permit: Option<Permit<'_>>,
    ) -> EnqueueOutcome {
        let job = self.job(handler);
        let (dropped, accepted) = match (permit, handler.core.options.overflow) {
            (Some(permit), _) => {
                return if permit.fill(job) {
                    EnqueueOutcome::Yes
                } else {
                    EnqueueOutcome::Gone
                };
            }
            (None, Overflow::DropOldest) => match handler.mailbox.displace(job) {
                Displaced::Oldest(oldest) => (oldest, EnqueueOutcome::Yes),
                Displaced::Nothing(job) => (job, EnqueueOutcome::Dropped),
            },
            (None, Overflow::DropNewest) => (job, EnqueueOutcome::Dropped),
            (None, Overflow::Fail | Overflow::Wait) => return EnqueueOutcome::Full,
        };
        dropped.give_up();
        accepted
    }

    /// Counts the event as dropped, because it found no room where waiting is not possible.
    pub(in crate::event) fn give_up(self, handler: &Arc<QueuedHandler>) {
        self.job(handler).give_up();
    }

    /// Puts the job into a mailbox, according to the overflow policy.
    pub(in crate::event) async fn enqueue(self, handler: &Arc<QueuedHandler>) -> EnqueueOutcome {
        let acceptance = &handler.acceptance;
        if acceptance.refusal().is_some() {
            return EnqueueOutcome::Refused;
        }
        let may_wait = handler.core.options.overflow == Overflow::Wait;
        let pending = match acceptance.try_share() {
            Ok(share) => self.shares(share),
            Err(NoPermit::Closed) => return EnqueueOutcome::Gone,
            Err(NoPermit::Full) if !may_wait => return self.deposit(handler, None),
            Err(NoPermit::Full) if handler.is_ours() => return EnqueueOutcome::Full,
            Err(NoPermit::Full) => match acceptance.share().await {
                Ok(share) => self.shares(share),
                Err(_) => return EnqueueOutcome::Gone,
            },
        };
        let permit = match handler.mailbox.try_reserve() {
            Ok(permit) => Some(permit),
            Err(NoPermit::Closed) => return EnqueueOutcome::Gone,
            Err(NoPermit::Full) if may_wait => {
                if handler.is_ours() {
                    return EnqueueOutcome::Full;
                }
                match &acceptance.store {
                    None => match handler.mailbox.reserve().await {
                        Ok(permit) => Some(permit),
                        Err(_) => return EnqueueOutcome::Gone,
                    },
                    // If the store fails, no room becomes free.
                    Some(store) => tokio::select! {
                        biased;
                        permit = handler.mailbox.reserve() => match permit {
                            Ok(permit) => Some(permit),
                            Err(_) => return EnqueueOutcome::Gone,
                        },
                        () = store.refuses() => return EnqueueOutcome::Refused,
                    },
                }
            }
            Err(NoPermit::Full) => None,
        };
        pending.deposit(handler, permit)
    }
}
