//! One instance under management: its fixed data, and the data that exists while it runs.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::isolation::{InstancePlace, InstanceRoute};
use super::state::{InvalidStep, State, Step};
use super::status::{Again, Board, PluginStatus};
use crate::boxed::PluginRef;
use crate::config::{Isolated, Resources, Restart, Start};
use crate::context::{Identity, InstanceId, bills_memory};
use crate::descriptor::{Descriptor, Hooks};
use crate::error::Error;
use crate::event::{
    CircuitBreaker, DeadLetterStore, Deliveries, EventStore, Mailbox, Reception, Subscriber,
    Subscription,
};
use crate::init::Handover;
use crate::meter::OwnFigures;
use crate::options::Mode;
use crate::place::Place;
use crate::provider_bindings::ProviderBindings;
use crate::schedule::Timetable;
use crate::service::ServiceTrait;
use crate::tasks::Tasks;

/// An instance under management.
#[derive(Debug)]
pub(super) struct Instance {
    pub(super) id: InstanceId,
    pub(super) descriptor: &'static Descriptor,
    setup: Mutex<Arc<Setup>>,
    pub(super) board: Board,
    /// The current life of the instance, as a number that is unique in this process.
    life: AtomicU64,
    live: Mutex<Option<Live>>,
    /// Whether another life of the same instance runs, which keeps the data that this one would
    /// leave.
    is_beside: AtomicBool,
    /// The directory that `init` asked for.
    pub(super) home: Mutex<Option<Place>>,
    /// The metrics that the instance itself records.
    pub(super) figures: Arc<OwnFigures>,
    /// The way to its services while it runs in a process of its own.
    pub(super) route: Arc<InstanceRoute>,
}

/// The setup that config gives to an instance: its identity, the input of its start, and its
/// handlers and schedules.
#[derive(Debug, Clone)]
pub(super) struct Setup {
    pub(super) identity: Arc<Identity>,
    pub(super) timetable: Arc<Timetable>,
    /// Where the instance should run according to config, and why.
    pub(super) isolated: Isolated,
    /// Where the instance runs.
    pub(super) place: InstancePlace,
    /// The hooks of the instance in that place.
    pub(super) hooks: Hooks,
    /// The plugin's own section of config.
    pub(super) config: serde_json::Value,
    /// The instances that provide services and answers to this one.
    pub(super) bindings: Arc<ProviderBindings>,
    /// The declared handlers, with the options that config sets.
    pub(super) subscriptions: Arc<[Subscription]>,
    pub(super) timeout: Duration,
    pub(super) mailbox: usize,
    pub(super) resources: Resources,
    pub(super) start: Start,
    pub(super) restart: Restart,
}

/// The parts of an instance that exist from `init` to the end of a stop.
#[derive(Debug)]
pub(super) struct Live {
    pub(super) plugin: PluginRef,
    /// The setup with which it was started.
    pub(super) setup: Arc<Setup>,
    pub(super) mailbox: Arc<Mailbox>,
    pub(super) subscriber: Subscriber,
    /// The connection to the lives before and after this one.
    pub(super) handover: Handover,
    /// Whether `start` was called, or the plugin has no `start`.
    pub(super) has_started: bool,
    /// Present if the instance may spawn tasks.
    pub(super) tasks: Option<Tasks>,
    /// Present if the instance has handlers with a mailbox, from the time when it runs.
    pub(super) worker: Option<JoinHandle<()>>,
    /// Present if the instance answers requests, from the time when it runs.
    pub(super) reception: Option<Reception>,
    pub(super) deliveries: Deliveries,
    /// The circuit breakers of its handlers.
    pub(super) breakers: Vec<Arc<CircuitBreaker>>,
    /// The limits on unfinished events of its handlers.
    pub(super) quotas: Vec<Arc<Semaphore>>,
}

impl Setup {
    /// This setup for an instance whose present life continues.
    pub(super) fn of_life(self, before: &Self) -> Self {
        Self {
            identity: Arc::clone(&before.identity),
            timetable: Arc::clone(&before.timetable),
            ..self
        }
    }

    /// Applies the limits that do not need a new start.
    fn limit(&self) {
        let account = self.identity.account();
        account.limit_cpu(self.resources.cpu);
        let files = self.resources.file_handles;
        account.limit_files(files.map(|files| usize::try_from(files).unwrap_or(usize::MAX)));
    }
}

impl Live {
    /// Accepts no more events. Publishers that wait for room get an error.
    pub(super) fn close(&self) {
        self.mailbox.close();
        self.quotas.iter().for_each(|quota| quota.close());
    }
}

impl Instance {
    pub(super) fn new(id: InstanceId, descriptor: &'static Descriptor, setup: Setup) -> Self {
        setup.limit();
        Self {
            id,
            descriptor,
            setup: Mutex::new(Arc::new(setup)),
            board: Board::new(),
            life: AtomicU64::new(0),
            live: Mutex::new(None),
            is_beside: AtomicBool::new(false),
            home: Mutex::default(),
            figures: Arc::default(),
            route: Arc::default(),
        }
    }

    pub(super) fn name(&self) -> &'static str {
        self.setup().identity.name()
    }

    /// The setup from the present config, which also applies to the next start.
    pub(super) fn setup(&self) -> Arc<Setup> {
        let setup = self.setup.lock();
        Arc::clone(&setup.unwrap_or_else(PoisonError::into_inner))
    }

    /// Sets the setup from another config, which applies from the next start on.
    pub(super) fn set_up(&self, setup: Setup) {
        setup.limit();
        let now = self.setup.lock();
        *now.unwrap_or_else(PoisonError::into_inner) = Arc::new(setup);
    }

    /// The name of its section of config, which its replicas share.
    pub(super) fn section(&self) -> &'static str {
        self.setup().identity.section()
    }

    /// The state of the instance.
    pub(super) fn state(&self) -> State {
        self.board.read().state
    }

    /// Whether it receives events.
    pub(super) fn is_running(&self) -> bool {
        self.state() == State::Running
    }

    /// Whether it can have tasks: `start` may spawn some, and runs of schedules are tasks.
    pub(super) fn may_spawn(&self) -> bool {
        self.setup().hooks.start.is_some() || self.setup().timetable.is_needed()
    }

    /// Number of handlers that share its mailbox.
    pub(super) fn queued(&self) -> usize {
        let setup = self.setup();
        let handlers = setup.subscriptions.iter();
        (handlers.filter(|one| one.mode == Mode::Queued)).count()
    }

    /// Sets whether another life of the same instance runs.
    pub(super) fn set_beside(&self, is_beside: bool) {
        self.is_beside.store(is_beside, Relaxed);
    }

    /// Whether another life of the same instance runs.
    pub(super) fn is_beside(&self) -> bool {
        self.is_beside.load(Relaxed)
    }

    /// Whether the plugin stores the events of durable subscriptions.
    pub(super) fn is_event_store(&self) -> bool {
        self.provides::<dyn EventStore>()
    }

    /// Whether the plugin stores dead letters.
    pub(super) fn keeps_letters(&self) -> bool {
        self.provides::<dyn DeadLetterStore>()
    }

    fn provides<S: ServiceTrait + ?Sized>(&self) -> bool {
        let key = S::DESCRIPTOR.key;
        (self.descriptor.provides.iter()).any(|provide| provide.service.key == key)
    }

    /// The number of the present life. Reports of an earlier life are ignored.
    pub(super) fn life(&self) -> u64 {
        self.life.load(Relaxed)
    }

    /// Begins a new life, whose number no instance of this process has had.
    pub(super) fn begin_life(&self) {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        self.life.store(NEXT.fetch_add(1, Relaxed), Relaxed);
    }

    /// Makes a transition in the table of states.
    pub(super) fn step(&self, step: Step) -> Result<(), InvalidStep> {
        let mut result = Ok(());
        self.board.change(|entry| match entry.state.next(step) {
            Ok(state) => {
                entry.state = state;
                entry.again = None;
                entry.since = Instant::now();
            }
            Err(invalid) => result = Err(invalid),
        });
        result
    }

    /// Marks the instance as failed, with the error.
    pub(super) fn fail(&self, error: &Error) {
        // If it has failed before, only the text changes.
        let _already_failed = self.step(Step::Fail);
        self.board
            .change(|entry| entry.last_error = Some(error.to_string()));
    }

    /// Sets the time of the planned restart; `None` if there is none.
    pub(super) fn plan(&self, again: Option<Again>) {
        self.board.change(|entry| entry.again = again);
    }

    /// The directory in which the instance keeps data, if it has one.
    pub(super) fn home(&self) -> Option<Place> {
        let home = self.home.lock();
        home.unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn live(&self) -> MutexGuard<'_, Option<Live>> {
        self.live.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn status(&self, unstored: usize) -> PluginStatus {
        let (entry, process_id) = (self.board.read(), self.process_id());
        let live = self.live();
        let setup = self.setup();
        let account = setup.identity.account();
        PluginStatus {
            name: setup.identity.name(),
            version: self.descriptor.version.to_string(),
            kind: self.descriptor.kind,
            life: self.life(),
            isolation: setup.isolated.isolation,
            isolation_because: setup.isolated.because.clone(),
            process_id,
            state: entry.state,
            in_state: entry.since.elapsed(),
            ready: entry.state == State::Running && entry.health.serves(),
            health: entry.health,
            restarts: entry.restarts,
            last_error: entry.last_error,
            next_attempt: entry.again.map(Again::told),
            cpu: account.cpu(),
            cpu_share: account.cpu_share(),
            throttled: account.throttled(),
            memory: bills_memory().then(|| account.memory() as u64),
            open_files: account.open_files(),
            limits: setup.resources.limits(setup.isolated.isolation),
            tasks: (live.as_ref())
                .and_then(|live| live.tasks.as_ref())
                .map_or(0, Tasks::len),
            queued: live.as_ref().map_or(0, |live| live.mailbox.unfinished()),
            waits: setup.identity.waits().snapshot(),
            queue_capacity: setup.mailbox,
            unstored,
            events: setup.identity.events(),
            latency: setup.identity.counters().latency(),
            breakers: (live.iter())
                .flat_map(|live| &live.breakers)
                .map(|breaker| breaker.status())
                .collect(),
        }
    }
}
