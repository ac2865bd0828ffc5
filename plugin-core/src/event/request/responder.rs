//! Where an instance answers requests of one type.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::{AbortOnDropHandle, TaskTracker};

use super::Request;
use super::counted::Counted;
use crate::accounting::{Throttled, metered};
use crate::boxed::BoxFuture;
use crate::context::{Current, Identity, Meta};
use crate::error::{Error, RequestError, Result};
use crate::event::handler::{HandlerReport, Site};
use crate::event::outcome::backlog::Pending;
use crate::event::payload::Envelope;
use crate::guard;

/// Where an instance answers requests of one type.
pub(super) struct Responder<Q: Request> {
    pub(super) site: Site,
    pub(super) limit: Duration,
    pub(super) room: Arc<Semaphore>,
    pub(super) scope: AnswerScope,
    pub(super) call: AnswerCall<Q>,
}

/// What all responders of an instance have in common.
#[derive(Debug, Clone, Default)]
pub(super) struct AnswerScope {
    /// The answers under way.
    pub(super) answers: TaskTracker,
    /// Cancelled when those that are late are given up.
    pub(super) kill: CancellationToken,
}

pub(super) enum AnswerCall<Q: Request> {
    /// On the task of who asks.
    Inline(InlineAnswer<Q>),
    /// On a task of its own.
    Spawned(SpawnedCall<Q>),
}

type InlineAnswer<Q> = Box<dyn Fn(&Envelope<Q>) -> Result<<Q as Request>::Answer> + Send + Sync>;
type SpawnedCall<Q> = Box<
    dyn Fn(Arc<Envelope<Q>>) -> BoxFuture<'static, Result<<Q as Request>::Answer>> + Send + Sync,
>;

impl<Q: Request> Responder<Q> {
    pub(super) fn owner(&self) -> &Identity {
        &self.site.owner
    }

    /// How many more requests it would take now.
    pub(super) fn room(&self) -> usize {
        self.room.available_permits()
    }

    pub(super) fn report(&self) -> HandlerReport {
        self.site.report()
    }

    /// Takes the request, when there is room.
    ///
    /// # Cancel safety
    ///
    /// Dropping it drops the plugin's future at its next await.
    pub(super) async fn answer(
        self: Arc<Self>,
        envelope: Envelope<Q>,
        deadline: Instant,
        pending: Pending,
    ) -> Result<Q::Answer, RequestError> {
        let topic = Q::DESCRIPTOR.topic;
        let not_running = || RequestError::NotRunning { topic };
        let room = Arc::clone(&self.room).acquire_owned().await;
        let room = room.map_err(|_| not_running())?;
        let counted = self.scope.answers.token();
        if self.scope.answers.is_closed() {
            return Err(not_running());
        }
        let held = (room, counted, pending);
        let answer = match &self.call {
            AnswerCall::Inline(call) => self.call_inline(&envelope, call, deadline),
            AnswerCall::Spawned(_) => {
                let kill = self.scope.kill.clone();
                let account = self.owner().account();
                let answer = Throttled::new(account, self.run(Arc::new(envelope), deadline));
                let mut task = AbortOnDropHandle::new(crate::spawn::spawn(async move {
                    // Locals are dropped last to first: what is held is given back at the end.
                    let _held = held;
                    tokio::select! {
                        biased;
                        answer = answer => Some(answer),
                        () = kill.cancelled() => None,
                    }
                }));
                match (&mut task).await {
                    Ok(Some(answer)) => answer,
                    // Given up with its plugin, or with the runtime.
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
        let counted = Counted::begin(&self.site, meta, None);
        let answer = metered(self.owner().account(), || {
            guard::call(self.current(&meta, deadline), || call(envelope))
        });
        counted.end(&answer);
        self.site.warn_if_long(meta, began.elapsed());
        answer
    }

    /// One call on a task of its own: guarded, limited, counted, measured now and then.
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
        let counted = Counted::begin(&self.site, meta, Some(deadline));
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
