//! Where an instance answers requests of one type.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::exchange::AnyLine;
use super::{Request, RequestError};
use crate::context::Current;
use crate::descriptor::{BoxFuture, Plugin, PluginRef, Respond, SubscribeOptions};
use crate::error::{Error, Result};
use crate::event::backlog::Pending;
use crate::event::bus::Bus;
use crate::event::envelope::{Envelope, Meta};
use crate::event::handler::{HandlerReport, Site};
use crate::guard;
use crate::instance::Identity;

/// Where an instance answers requests of one type.
pub(super) struct Desk<Q: Request> {
    site: Site,
    limit: Duration,
    room: Arc<Semaphore>,
    scope: Scope,
    call: Call<Q>,
}

/// What all desks of an instance have in common.
#[derive(Debug, Clone, Default)]
struct Scope {
    /// The answers under way.
    answers: TaskTracker,
    /// Cancelled when those that are late are given up.
    kill: CancellationToken,
}

enum Call<Q: Request> {
    /// On the task of who asks.
    Inline(InlineCall<Q>),
    /// On a task of its own.
    Spawned(SpawnedCall<Q>),
}

type InlineCall<Q> = Box<dyn Fn(&Envelope<Q>) -> Result<<Q as Request>::Answer> + Send + Sync>;
type SpawnedCall<Q> = Box<
    dyn Fn(Arc<Envelope<Q>>) -> BoxFuture<'static, Result<<Q as Request>::Answer>> + Send + Sync,
>;

impl<Q: Request> Desk<Q> {
    pub(super) fn owner(&self) -> &Identity {
        &self.site.owner
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
            Call::Inline(call) => self.call_inline(&envelope, call),
            Call::Spawned(_) => {
                let kill = self.scope.kill.clone();
                let answer = self.run(Arc::new(envelope), deadline);
                let mut task = AbortOnDrop(crate::spawn::spawn(async move {
                    // Locals are dropped last to first: what is held is given back at the end.
                    let _held = held;
                    tokio::select! {
                        biased;
                        answer = answer => Some(answer),
                        () = kill.cancelled() => None,
                    }
                }));
                match (&mut task.0).await {
                    Ok(Some(answer)) => answer,
                    // Given up with its plugin, or with the runtime.
                    Ok(None) | Err(_) => return Err(not_running()),
                }
            }
        };
        answer.map_err(|error| RequestError::Failed { topic, error })
    }

    fn call_inline(&self, envelope: &Envelope<Q>, call: &InlineCall<Q>) -> Result<Q::Answer> {
        let (meta, began) = (envelope.meta(), self.site.begin(1));
        let answer = guard::call(self.site.owner.handling(&meta), || call(envelope));
        if let Some(took) = self.site.took(1, began) {
            self.site.warn_if_long(meta, took);
        }
        answer.inspect_err(|error| self.site.failed(meta, error))
    }

    /// One call on a task of its own: guarded, limited, counted, measured now and then.
    async fn run(
        self: Arc<Self>,
        envelope: Arc<Envelope<Q>>,
        deadline: Instant,
    ) -> Result<Q::Answer> {
        let meta = envelope.meta();
        let current = Current {
            deadline: Some(deadline),
            answering: Some(self.owner().uid()),
            ..self.site.owner.handling(&meta)
        };
        let span = tracing::info_span!(
            "request",
            plugin = self.owner().name(),
            topic = Q::DESCRIPTOR.topic,
            event = %meta.id,
            trace_id = %meta.trace().trace_id(),
            span_id = %meta.trace().span_id(),
        );
        let counted = Counted::begin(&self.site, meta, deadline);
        let answer = tracing::Instrument::instrument(self.invoke(envelope, current), span).await;
        counted.end(&answer);
        answer
    }

    async fn invoke(&self, envelope: Arc<Envelope<Q>>, current: Current) -> Result<Q::Answer> {
        let Call::Spawned(call) = &self.call else {
            return Err(Error::bug("an inline call needs no task"));
        };
        let future = guard::call(current, || Ok(call(envelope)))?;
        guard::run(current, self.limit, future).await
    }
}

/// How a call ended, without the answer.
fn outcome<T>(answer: &Result<T>) -> Result<()> {
    answer.as_ref().map(|_| ()).map_err(Error::same)
}

/// A call that is under way: one that is dropped after its deadline counts as late, one that is
/// dropped before it was not wanted any more.
struct Counted<'a> {
    site: &'a Site,
    meta: Meta,
    began: Option<std::time::Instant>,
    deadline: Instant,
    has_ended: bool,
}

impl<'a> Counted<'a> {
    fn begin(site: &'a Site, meta: Meta, deadline: Instant) -> Self {
        Self {
            site,
            meta,
            began: site.begin(1),
            deadline,
            has_ended: false,
        }
    }

    fn end<T>(mut self, answer: &Result<T>) {
        self.note(&outcome(answer));
    }

    fn note(&mut self, result: &Result<()>) {
        self.has_ended = true;
        self.site.took(1, self.began);
        if let Err(error) = result {
            self.site.failed(self.meta, error);
        }
    }
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        if !self.has_ended && Instant::now() >= self.deadline {
            self.note(&Err(Error::timeout("no answer when its deadline came")));
        }
    }
}

struct AbortOnDrop<T>(tokio::task::JoinHandle<T>);

impl<T> Drop for AbortOnDrop<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// The desks of one instance, open until they are closed.
#[derive(Debug)]
pub(crate) struct Reception {
    scope: Scope,
    lines: Vec<(Arc<dyn AnyLine>, Arc<Semaphore>)>,
    owner: Arc<Identity>,
}

/// Opens the desks of an instance: `#[plugin]` writes one call per `#[respond]`.
#[derive(Debug)]
pub struct Desks<'a> {
    bus: &'a Bus,
    reception: Reception,
    limit: Duration,
    respond: Respond,
}

impl Reception {
    /// Opens a desk for each `#[respond]` of a plugin; `limit` is that of its calls.
    pub(crate) fn open(
        bus: &Bus,
        owner: &Arc<Identity>,
        limit: Duration,
        (plugin, responds): (&PluginRef, &'static [Respond]),
    ) -> Self {
        let mut reception = Self {
            scope: Scope::default(),
            lines: Vec::new(),
            owner: Arc::clone(owner),
        };
        for respond in responds {
            let mut desks = Desks {
                bus,
                reception,
                limit: respond.options.timeout.unwrap_or(limit),
                respond: *respond,
            };
            (respond.bind)(plugin, &mut desks);
            reception = desks.reception;
        }
        reception
    }

    /// Takes no more requests; those that wait for room are told so.
    pub(crate) fn close(&self) {
        self.scope.answers.close();
        for (line, room) in &self.lines {
            line.withdraw(&self.owner);
            room.close();
        }
    }

    /// Waits until all that was taken is answered.
    pub(crate) async fn answered(&self) {
        self.scope.answers.wait().await;
    }

    /// Gives up what is not answered, and says how much that was.
    pub(crate) fn abandon(&self) -> usize {
        self.scope.kill.cancel();
        self.scope.answers.len()
    }
}

impl Desks<'_> {
    /// A `fn` that takes a request.
    pub fn inline<T: Plugin, Q: Request>(
        &mut self,
        plugin: &PluginRef,
        call: fn(&T, &Envelope<Q>) -> Result<Q::Answer>,
    ) {
        let plugin = crate::__private::downcast::<T>(Arc::clone(plugin));
        self.open(Call::Inline(Box::new(move |request| {
            call(&plugin, request)
        })));
    }

    /// An `async fn` that takes a request.
    pub fn spawned<T: Plugin, Q: Request>(
        &mut self,
        plugin: &PluginRef,
        call: fn(Arc<T>, Arc<Envelope<Q>>) -> BoxFuture<'static, Result<Q::Answer>>,
    ) {
        let plugin = crate::__private::downcast::<T>(Arc::clone(plugin));
        self.open(Call::Spawned(Box::new(move |request| {
            call(Arc::clone(&plugin), request)
        })));
    }

    fn open<Q: Request>(&mut self, call: Call<Q>) {
        let line = self.bus.exchange().line::<Q>();
        let room = match call {
            Call::Inline(_) => Semaphore::MAX_PERMITS,
            Call::Spawned(_) => self.respond.options.concurrency,
        };
        let room = Arc::new(Semaphore::new(room));
        line.open(Arc::new(Desk {
            site: self.site(),
            limit: self.limit,
            room: Arc::clone(&room),
            scope: self.reception.scope.clone(),
            call,
        }));
        self.reception.lines.push((line, room));
    }

    fn site(&self) -> Site {
        let options = SubscribeOptions {
            timeout: self.respond.options.timeout,
            ..SubscribeOptions::DEFAULT
        };
        Site::new(
            &self.reception.owner,
            self.respond.handler,
            self.respond.request.topic,
            options,
            (
                self.bus.next_subscription(),
                None,
                self.bus.letters().clone(),
            ),
        )
    }
}
