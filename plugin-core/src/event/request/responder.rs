//! The part of an instance that answers requests of one type.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::task_tracker::TaskTrackerToken;
use tokio_util::task::{AbortOnDropHandle, TaskTracker};

use super::Request;
use super::counted::Counted;
use crate::accounting::{Throttled, metered};
use crate::boxed::BoxFuture;
use crate::context::{Current, Identity, Meta};
use crate::error::{Error, RequestError, Result};
use crate::event::handler::{HandlerCore, HandlerReport};
use crate::event::outcome::backlog::Pending;
use crate::event::payload::Envelope;
use crate::guard;

/// The part of an instance that answers requests of one type.
pub(super) struct Responder<Q: Request> {
    pub(super) core: HandlerCore,
    pub(super) limit: Duration,
    pub(super) room: Arc<Semaphore>,
    pub(super) scope: AnswerScope,
    pub(super) call: AnswerCall<Q>,
}

/// The data that all responders of an instance share.
#[derive(Debug, Clone, Default)]
pub(super) struct AnswerScope {
    /// The answers in progress.
    pub(super) answers: TaskTracker,
    /// Cancelled when late answers are given up.
    pub(super) kill: CancellationToken,
}

pub(super) enum AnswerCall<Q: Request> {
    /// Runs on the task of the requester.
    Inline(InlineAnswer<Q>),
    /// Runs on a task of its own.
    Spawned(SpawnedCall<Q>),
}

type InlineAnswer<Q> = Box<dyn Fn(&Envelope<Q>) -> Result<<Q as Request>::Answer> + Send + Sync>;
type SpawnedCall<Q> = Box<
    dyn Fn(Arc<Envelope<Q>>) -> BoxFuture<'static, Result<<Q as Request>::Answer>> + Send + Sync,
>;

/// The room that a request occupies, which counts as an answer in progress.
type Held = (OwnedSemaphorePermit, TaskTrackerToken);

/// A responder with room for a request.
pub(super) struct Admitted<Q: Request> {
    responder: Arc<Responder<Q>>,
    held: Held,
}

impl<Q: Request> Admitted<Q> {
    /// Answers the request.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, the plugin's future is dropped at its next await.
    pub(super) async fn answer(
        self,
        envelope: Envelope<Q>,
        deadline: Instant,
        pending: Pending,
    ) -> Result<Q::Answer, RequestError> {
        let held = (self.held, pending);
        self.responder.answer(envelope, deadline, held).await
    }
}

impl<Q: Request> Responder<Q> {
    pub(super) fn owner(&self) -> &Identity {
        &self.core.owner
    }

    /// How many more requests it would accept now.
    pub(super) fn room(&self) -> usize {
        self.room.available_permits()
    }

    pub(super) fn report(&self) -> HandlerReport {
        self.core.report()
    }

    /// Waits until there is room for one more request; `None` if no more requests are accepted.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: a dropped future takes no room.
    pub(super) async fn admit(self: Arc<Self>) -> Option<Admitted<Q>> {
        let room = Arc::clone(&self.room).acquire_owned().await.ok()?;
        let counted = self.scope.answers.token();
        let is_open = !self.scope.answers.is_closed();
        is_open.then(|| Admitted {
            responder: self,
            held: (room, counted),
        })
    }

    /// # Cancel safety
    ///
    /// If the future is dropped, the plugin's future is dropped at its next await.
    async fn answer(
        self: Arc<Self>,
        envelope: Envelope<Q>,
        deadline: Instant,
        held: (Held, Pending),
    ) -> Result<Q::Answer, RequestError> {
        let topic = Q::DESCRIPTOR.topic;
        let not_running = || RequestError::NotRunning { topic };
        let answer = match &self.call {
            AnswerCall::Inline(call) => self.call_inline(&envelope, call, deadline),
            AnswerCall::Spawned(_) => {
                let kill = self.scope.kill.clone();
                let account = self.owner().account();
                let answer = Throttled::new(account, self.run(Arc::new(envelope), deadline));
                let mut task = AbortOnDropHandle::new(crate::spawn::spawn(async move {
                    // Local variables are dropped in reverse order, so the room is given back at
                    // the end.
                    let _held = held;
                    tokio::select! {
                        biased;
                        answer = answer => Some(answer),
                        () = kill.cancelled() => None,
                    }
                }));
                match (&mut task).await {
                    Ok(Some(answer)) => answer,
                    // It was given up together with its plugin, or with the runtime.
                    Ok(None) | Err(_) => return Err(not_running()),
                }
            }
        };
        answer.map_err(|error| RequestError::Failed { topic, error })
    }

    /// The context of a call.
    fn current(&self, meta: &Meta, deadline: Instant) -> Current {
        Current {
            deadline: Some(deadline),
            answering: Some(self.owner().uid()),
            ..self.owner().handling(meta)
        }
    }

    fn call_inline(
        &self,
        envelope: &Envelope<Q>,
        call: &InlineAnswer<Q>,
        deadline: Instant,
    ) -> Result<Q::Answer> {
        let (meta, began) = (envelope.meta(), Instant::now());
        let counted = Counted::begin(&self.core, meta, None);
        let answer = metered(self.owner().account(), || {
            guard::call(self.current(&meta, deadline), || call(envelope))
        });
        counted.end(&answer);
        self.core.warn_if_long(meta, began.elapsed());
        answer
    }

    /// One call on a task of its own: guarded, limited, counted, and measured for a sample.
    async fn run(
        self: Arc<Self>,
        envelope: Arc<Envelope<Q>>,
        deadline: Instant,
    ) -> Result<Q::Answer> {
        let meta = envelope.meta();
        let current = self.current(&meta, deadline);
        let span = tracing::info_span!(
            "request",
            plugin = self.owner().name(),
            topic = Q::DESCRIPTOR.topic,
            event = %meta.id,
            trace_id = %meta.trace().trace_id(),
            span_id = %meta.trace().span_id(),
        );
        let counted = Counted::begin(&self.core, meta, Some(deadline));
        let answer = tracing::Instrument::instrument(self.invoke(envelope, current), span).await;
        counted.end(&answer);
        answer
    }

    async fn invoke(&self, envelope: Arc<Envelope<Q>>, current: Current) -> Result<Q::Answer> {
        let AnswerCall::Spawned(call) = &self.call else {
            return Err(Error::bug("an inline call needs no task"));
        };
        let future = guard::call(current, || Ok(call(envelope)))?;
        guard::run(current, self.limit, future).await
    }
}
