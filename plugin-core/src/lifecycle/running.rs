//! A running system, as its owner holds it.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio_util::sync::DropGuard;

use super::handle::ManagerHandle;
use super::kernel::Kernel;
use super::report::{StartReport, StopReport};
use super::status::SystemStatus;
use crate::descriptor::Descriptor;
use crate::error::RequestError;
use crate::event::{
    Bus, DeadLetters, Event, Mailbox, Publisher, Publishers, Request as Ask, Requester, Requesters,
    Subscriber, Worker,
};
use crate::provider_bindings::ProviderBindings;
use crate::schedule::ScheduleStatus;
use crate::service::{Service, ServiceTrait};

/// A running system. When it is dropped, the system stops in the background; to wait for that
/// and to know how it went, use [`Running::stop`].
#[derive(Debug)]
pub struct Running {
    kernel: Arc<Kernel>,
    supervisor: JoinHandle<StopReport>,
    stop: DropGuard,
    report: StartReport,
    host: Host,
}

/// How long the owner waits for an answer: as long as a plugin without a `timeout` of its own.
const LIMIT: std::time::Duration = std::time::Duration::from_secs(30);

/// What the owner subscribes with.
#[derive(Debug)]
struct Host {
    subscriber: Subscriber,
    mailbox: Arc<Mailbox>,
    worker: JoinHandle<()>,
}

/// What the operator's signals ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shutdown {
    /// Handle what was accepted, then stop. A second one insists.
    Drain,
    /// Give up hooks and drains, and stop now.
    Insist,
}

impl Running {
    pub(super) fn new(
        kernel: Arc<Kernel>,
        supervisor: JoinHandle<StopReport>,
        (stop, report): (DropGuard, StartReport),
    ) -> Self {
        let host = Host::new(&kernel);
        Self {
            kernel,
            supervisor,
            stop,
            report,
            host,
        }
    }

    /// How the start went.
    #[must_use]
    pub fn start_report(&self) -> &StartReport {
        &self.report
    }

    /// A publisher of one type of event, for the owner.
    #[must_use]
    pub fn publisher<E: Event>(&self) -> Publisher<E> {
        Publisher::new(&self.kernel.bus, &self.kernel.host)
    }

    /// A publisher of events by topic, for the owner.
    #[must_use]
    pub fn publishers(&self) -> Publishers {
        Publishers::new(&self.kernel.bus, &self.kernel.host)
    }

    /// Asks whoever answers, with the time limit of a plugin that config gives none.
    ///
    /// # Errors
    ///
    /// As [`Requester::request`].
    ///
    /// # Cancel safety
    ///
    /// As [`Requester::request`].
    pub async fn request<Q: Ask>(&self, request: Q) -> Result<Q::Answer, RequestError> {
        self.requester().request(request).await
    }

    /// A requester of one type of request, for the owner.
    #[must_use]
    pub fn requester<Q: Ask>(&self) -> Requester<Q> {
        Requester::new(&self.kernel.bus, &self.kernel.host, ("", LIMIT))
    }

    /// A requester by topic, for the owner.
    #[must_use]
    pub fn requesters(&self) -> Requesters {
        Requesters::new(
            &self.kernel.bus,
            &self.kernel.host,
            (ProviderBindings::default(), LIMIT),
        )
    }

    /// Subscriptions of the owner's own.
    #[must_use]
    pub fn subscriber(&self) -> Subscriber {
        self.host.subscriber.clone()
    }

    /// A handle of a service, if a plugin provides it: of the instance without a label.
    #[must_use]
    pub fn service<T: ServiceTrait + ?Sized>(&self) -> Option<Service<T>> {
        self.kernel.switchboard.one("")
    }

    /// The same of an instance: `database-plugin@reports`.
    #[must_use]
    pub fn service_of<T: ServiceTrait + ?Sized>(&self, instance: &str) -> Option<Service<T>> {
        let instances = self.kernel.instances();
        let found = instances.find(instance).first()?;
        let key = T::DESCRIPTOR.key;
        let provides = |instance: &Descriptor| {
            (instance.provides.iter()).any(|provide| provide.service.key == key)
        };
        provides(found.descriptor).then(|| self.kernel.switchboard.one(found.id.label))?
    }

    /// The bus, for those who watch it.
    #[must_use]
    pub fn bus(&self) -> &Bus {
        &self.kernel.bus
    }

    /// The state of each plugin and of the whole.
    #[must_use]
    pub fn status(&self) -> SystemStatus {
        self.kernel.status()
    }

    /// Every schedule and how it does.
    #[must_use]
    pub fn schedules(&self) -> Vec<ScheduleStatus> {
        self.kernel.schedules()
    }

    /// Sends operations: start, stop, restart of one plugin.
    #[must_use]
    pub fn handle(&self) -> ManagerHandle {
        ManagerHandle::new(Arc::clone(&self.kernel))
    }

    /// Events that handlers failed with for good, to look at. [`ManagerHandle::dead_letters`]
    /// replays and drops them.
    #[must_use]
    pub fn dead_letters(&self) -> DeadLetters {
        self.kernel.bus.letters().clone()
    }

    /// Waits until every accepted event is handled, and every event that the handlers published.
    ///
    /// # Cancel safety
    ///
    /// It changes nothing, so it can be dropped at any time.
    pub async fn idle(&self) {
        self.kernel.bus.idle().await;
    }

    /// Waits until every accepted event is handled, or waits for a target that is down, or, for as
    /// long as a drain may take, for a store that fails. Says of which handlers there are such.
    ///
    /// # Cancel safety
    ///
    /// It changes nothing, so it can be dropped at any time.
    pub async fn idle_or_waiting(&self) -> Vec<Waiting> {
        tokio::select! {
            biased;
            () = self.kernel.bus.idle() => Vec::new(),
            waiting = only_waits(&self.kernel) => waiting,
        }
    }

    /// Gives up hooks and drains that still run, now and in the stop that follows.
    pub fn insist(&self) {
        self.kernel.insist.cancel();
    }

    /// Stops everything: closes the doors, finishes the work, stops in reverse order.
    ///
    /// # Cancel safety
    ///
    /// The stop goes on in the background when this is dropped.
    pub async fn stop(self) -> StopReport {
        self.serve(std::future::ready(Some(Shutdown::Drain)), || {
            std::future::pending()
        })
        .await
    }

    /// Serves until the first signal, or until a failure stops the system; then stops everything.
    /// `more` gives the signals after the first: each of them insists. A source of signals that
    /// ends (`None`) is the same as to ask for a drain.
    ///
    /// # Cancel safety
    ///
    /// The stop goes on in the background when this is dropped.
    pub async fn serve<F>(
        self,
        first: impl Future<Output = Option<Shutdown>>,
        mut more: impl FnMut() -> F,
    ) -> StopReport
    where
        F: Future<Output = Option<Shutdown>>,
    {
        let Self {
            kernel,
            mut supervisor,
            stop,
            host,
            ..
        } = self;
        let mut finish = std::pin::pin!(async {
            let ended = (&mut supervisor).await;
            host.end(&kernel).await;
            crate::ending::ended();
            ended.expect("the supervisor's task guards plugin code, and nobody aborts it")
        });
        tokio::select! {
            biased;
            report = &mut finish => return report,
            signal = first => {
                if signal == Some(Shutdown::Insist) {
                    kernel.insist.cancel();
                }
            }
        }
        drop(stop);
        loop {
            tokio::select! {
                biased;
                report = &mut finish => return report,
                signal = more(), if !kernel.insist.is_cancelled() => match signal {
                    Some(_) => kernel.insist.cancel(),
                    None => return finish.await,
                }
            }
        }
    }
}

impl Host {
    fn new(kernel: &Kernel) -> Self {
        let mailbox = kernel.bus.mailbox(kernel.host.uid(), 1024);
        let subscriber = Subscriber::new(
            kernel.bus.clone(),
            Arc::clone(&kernel.host),
            Arc::clone(&mailbox),
            std::time::Duration::MAX,
        );
        subscriber.activate(crate::event::Bindings::default());
        let worker = crate::spawn::spawn(Worker::new(Arc::clone(&mailbox)).run());
        Self {
            subscriber,
            mailbox,
            worker,
        }
    }

    /// Handles what was accepted, within the time that a drain has, and ends.
    async fn end(mut self, kernel: &Kernel) {
        self.subscriber.deactivate().await;
        self.mailbox.close();
        tokio::select! {
            biased;
            // Handlers are guarded: the worker ends in good order.
            _ended = &mut self.worker => {}
            () = kernel.insist.cancelled() => {}
            () = tokio::time::sleep(kernel.drain_timeout()) => {
                tracing::warn!(left = self.mailbox.unfinished(), "events of the host were not handled in time");
            }
        }
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        self.mailbox.close();
        self.worker.abort();
        self.mailbox.abandon();
    }
}

/// How often, and how many times, somebody looks whether events only wait for a target.
const LOOK: Duration = Duration::from_millis(200);
const LOOKS: u32 = 5;

/// A handler some of whose events wait for others than it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Waiting {
    /// Name of its plugin.
    pub plugin: String,
    /// Its name.
    pub handler: String,
    /// What they wait for.
    pub wait: WaitsFor,
}

/// What events wait for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum WaitsFor {
    /// The handler's target, which is down: the events are stored.
    Target,
    /// The event store, which fails: it takes no events, or keeps those that are handled.
    Store,
}

/// Returns when nothing is to be done but to wait for targets that are down, or for a store that
/// has failed for as long as a drain may take.
async fn only_waits(kernel: &Kernel) -> Vec<Waiting> {
    let mut looks = 0;
    loop {
        tokio::time::sleep(LOOK).await;
        let (mut waiting, mut events) = (Vec::new(), 0);
        for instance in &*kernel.instances() {
            for (handler, count) in instance
                .live()
                .iter()
                .flat_map(|live| live.deliveries.waiting())
            {
                let (plugin, handler) = (instance.name().to_owned(), handler.to_owned());
                waiting.push(Waiting {
                    plugin,
                    handler,
                    wait: WaitsFor::Target,
                });
                events += count;
            }
        }
        let (stuck, count) = kernel.bus.durables().stuck();
        let patience = match stuck.is_empty() {
            true => LOOK * LOOKS,
            false => kernel.drain_timeout().max(LOOK * LOOKS),
        };
        waiting.extend(stuck.into_iter().map(|(plugin, handler)| Waiting {
            plugin,
            handler,
            wait: WaitsFor::Store,
        }));
        looks = if !waiting.is_empty() && kernel.bus.backlog() <= events + count {
            looks + 1
        } else {
            0
        };
        if looks > 0 && LOOK * looks >= patience {
            return waiting;
        }
    }
}
