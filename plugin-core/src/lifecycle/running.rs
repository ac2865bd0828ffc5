//! The handle by which the owner of a running system uses it.

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

/// A running system. If it is dropped, the system stops in the background; to wait for the stop and
/// get its report, use [`Running::stop`].
#[derive(Debug)]
pub struct Running {
    kernel: Arc<Kernel>,
    supervisor: JoinHandle<StopReport>,
    stop: DropGuard,
    report: StartReport,
    host: Host,
}

/// How long the owner waits for an answer: the time limit of a plugin without its own `timeout`.
const LIMIT: std::time::Duration = std::time::Duration::from_secs(30);

/// The parts with which the owner subscribes.
#[derive(Debug)]
struct Host {
    subscriber: Subscriber,
    mailbox: Arc<Mailbox>,
    worker: JoinHandle<()>,
}

/// What a signal of the operator requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shutdown {
    /// Handle the accepted events, then stop. A second such signal insists.
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

    /// The report on the start.
    #[must_use]
    pub fn start_report(&self) -> &StartReport {
        &self.report
    }

    /// A publisher for one type of event, for the owner.
    #[must_use]
    pub fn publisher<E: Event>(&self) -> Publisher<E> {
        Publisher::new(&self.kernel.bus, &self.kernel.host)
    }

    /// A publisher of events by topic, for the owner.
    #[must_use]
    pub fn publishers(&self) -> Publishers {
        Publishers::new(&self.kernel.bus, &self.kernel.host)
    }

    /// Sends a request and waits for its answer, with the default time limit of a plugin.
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

    /// Makes subscriptions for the owner.
    #[must_use]
    pub fn subscriber(&self) -> Subscriber {
        self.host.subscriber.clone()
    }

    /// A handle of a service, if a plugin provides it. The provider is the instance without a
    /// label.
    #[must_use]
    pub fn service<T: ServiceTrait + ?Sized>(&self) -> Option<Service<T>> {
        self.kernel.switchboard.one("")
    }

    /// A handle of a service that a certain instance provides, such as `database-plugin@reports`.
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

    /// The bus, for observers.
    #[must_use]
    pub fn bus(&self) -> &Bus {
        &self.kernel.bus
    }

    /// The state of each plugin and of the whole system.
    #[must_use]
    pub fn status(&self) -> SystemStatus {
        self.kernel.status()
    }

    /// The status of every schedule.
    #[must_use]
    pub fn schedules(&self) -> Vec<ScheduleStatus> {
        self.kernel.schedules()
    }

    /// The handle that sends operations, such as start, stop and restart of one plugin.
    #[must_use]
    pub fn handle(&self) -> ManagerHandle {
        ManagerHandle::new(Arc::clone(&self.kernel))
    }

    /// Reads dead letters: events that a handler has finally failed to handle.
    /// [`ManagerHandle::dead_letters`] replays and drops them.
    #[must_use]
    pub fn dead_letters(&self) -> DeadLetters {
        self.kernel.bus.letters().clone()
    }

    /// Waits until every accepted event is handled, including every event that the handlers
    /// published.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: it changes nothing.
    pub async fn idle(&self) {
        self.kernel.bus.idle().await;
    }

    /// Waits until every accepted event is handled, or waits for a target that is down, or has
    /// waited for a failing store for as long as a drain may take. Returns the handlers whose
    /// events wait.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: it changes nothing.
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

    /// Stops the whole system: accepts nothing new, handles the accepted events, then stops the
    /// plugins in reverse start order.
    ///
    /// # Cancel safety
    ///
    /// If this future is dropped, the stop continues in the background.
    pub async fn stop(self) -> StopReport {
        self.serve(std::future::ready(Some(Shutdown::Drain)), || {
            std::future::pending()
        })
        .await
    }

    /// Serves until the first signal, or until a failure stops the system, and then stops
    /// everything. `more` supplies the signals after the first one; each of them insists. If the
    /// source of signals ends (`None`), that is treated like a request for a drain.
    ///
    /// # Cancel safety
    ///
    /// If this future is dropped, the stop continues in the background.
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

    /// Handles the accepted events, within the time limit of a drain, and ends.
    async fn end(mut self, kernel: &Kernel) {
        self.subscriber.deactivate().await;
        self.mailbox.close();
        tokio::select! {
            biased;
            // Handlers are guarded, so the worker ends without a panic.
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

/// Interval and number of the checks whether events only wait for a target.
const LOOK: Duration = Duration::from_millis(200);
const LOOKS: u32 = 5;

/// A handler with events that wait for something other than the handler.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Waiting {
    /// Name of its plugin.
    pub plugin: String,
    /// Name of the handler.
    pub handler: String,
    /// What the events wait for.
    pub wait: WaitsFor,
}

/// Something that events wait for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum WaitsFor {
    /// The handler's target, which is down; the events are stored.
    Target,
    /// The event store, which fails: it accepts no events, or can't remove those that are handled.
    Store,
}

/// Returns when all remaining events wait for targets that are down, or for a store that has failed
/// for as long as a drain may take.
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
