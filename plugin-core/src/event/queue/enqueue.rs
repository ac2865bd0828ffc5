//! How an event gets into a mailbox: at once, after a wait for room, or as the overflow policy says.

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

/// What goes into a mailbox.
pub(in crate::event) struct PendingJob {
    pub(in crate::event) payload: Arc<dyn Payload>,
    pub(in crate::event) acknowledge: Option<oneshot::Sender<HandlerOutcome>>,
    pub(in crate::event) turn: Option<Turn>,
    pub(in crate::event) share: Share,
}

/// What became of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::event) enum EnqueueOutcome {
    Yes,
    /// The subscription ended meanwhile.
    Gone,
    /// The overflow policy dropped it.
    Dropped,
    /// There was no room, and waiting was not allowed.
    Full,
    /// The store of a durable subscription takes nothing now.
    Refused,
}

/// What became of all the jobs of an event.
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

    /// Counts what became of a job, if there was one.
    pub(in crate::event) fn count_any(&mut self, accepted: Option<EnqueueOutcome>) {
        if let Some(accepted) = accepted {
            self.count(accepted);
        }
    }

    /// Every subscriber there was had gone by the time that its turn came.
    pub(in crate::event) fn nobody_was_left(&self) -> bool {
        self.jobs > 0 && self.gone == self.jobs
    }
}

impl QueuedHandler {
    /// Whether this code runs in a handler of the same plugin: it must not wait for the worker
    /// that it keeps busy.
    pub(in crate::event) fn is_ours(&self) -> bool {
        worker() == Some(self.mailbox.uid())
    }

    /// The place of an event among those of its key, if calls that run side by side, or those that
    /// wait for a retry, need one.
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

    /// The key of an event. A key is the plugin's code: when it panics, that is the handler's
    /// error.
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

    /// What a publisher is told of an event that was not accepted here.
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

/// The mailbox whose handler this code runs in.
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

    /// With its share of the handler's quota.
    pub(in crate::event) fn shares(self, share: Share) -> Self {
        Self { share, ..self }
    }

    /// Uses a permit, or, without one, does what the overflow policy says.
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

    /// Counts it as dropped, since it found no room where waiting is not possible.
    pub(in crate::event) fn give_up(self, handler: &Arc<QueuedHandler>) {
        self.job(handler).give_up();
    }

    /// Goes into a mailbox, as the overflow policy says.
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
                    // A store that fails makes no room.
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
