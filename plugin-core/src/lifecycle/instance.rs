//! One instance under management: what is fixed of it, and what lives while it runs.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::isolation::{InstancePlace, ServiceRoute};
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
    /// Which life of which instance this is.
    life: AtomicU64,
    live: Mutex<Option<Live>>,
    /// Whether another life of the same instance runs, which keeps what this one is to keep.
    is_beside: AtomicBool,
    /// The directory that `init` asked for.
    pub(super) home: Mutex<Option<Place>>,
    /// What it tells of itself.
    pub(super) figures: Arc<OwnFigures>,
    /// The way to its services while it runs in a process of its own.
    pub(super) route: Arc<ServiceRoute>,
}

/// What config makes of an instance: who it is, what it is started with, and what it does by itself.
#[derive(Debug, Clone)]
pub(super) struct Setup {
    pub(super) identity: Arc<Identity>,
    pub(super) timetable: Arc<Timetable>,
    /// Where config has it run, and why.
    pub(super) isolated: Isolated,
    /// Where it runs.
    pub(super) place: InstancePlace,
    /// The hooks of an instance there.
    pub(super) hooks: Hooks,
    /// The plugin's own section.
    pub(super) config: serde_json::Value,
    /// Which instances it takes services and answers from.
    pub(super) bindings: Arc<ProviderBindings>,
    /// The declared handlers, with what config says of them.
    pub(super) subscriptions: Arc<[Subscription]>,
    pub(super) timeout: Duration,
    pub(super) mailbox: usize,
    pub(super) resources: Resources,
    pub(super) start: Start,
    pub(super) restart: Restart,
}

/// What exists between `init` and the end of a stop.
#[derive(Debug)]
pub(super) struct Live {
    pub(super) plugin: PluginRef,
    /// What it was started with.
    pub(super) setup: Arc<Setup>,
    pub(super) mailbox: Arc<Mailbox>,
    pub(super) subscriber: Subscriber,
    /// Between this life and those before and after it.
    pub(super) handover: Handover,
    /// Whether `start` was called, or there is none to call.
    pub(super) has_started: bool,
    /// Of one that may spawn tasks.
    pub(super) tasks: Option<Tasks>,
    /// Of one that may subscribe, from when it runs.
    pub(super) worker: Option<JoinHandle<()>>,
    /// Of one that answers requests, from when it runs.
    pub(super) reception: Option<Reception>,
    pub(super) deliveries: Deliveries,
    /// Of its handlers that have one.
    pub(super) breakers: Vec<Arc<CircuitBreaker>>,
    /// Of its handlers whose unfinished events are bounded.
    pub(super) quotas: Vec<Arc<Semaphore>>,
}

impl Setup {
    /// The same, for an instance that goes on with the life that it has.
    pub(super) fn of_life(self, before: &Self) -> Self {
        Self {
            identity: Arc::clone(&before.identity),
            timetable: Arc::clone(&before.timetable),
            ..self
        }
    }

    /// From here on the limits hold that wait for no start.
    fn limit(&self) {
        let account = self.identity.account();
        account.limit_cpu(self.resources.cpu);
        let files = self.resources.file_handles;
        account.limit_files(files.map(|files| usize::try_from(files).unwrap_or(usize::MAX)));
    }
}

impl Live {
    /// Accepts no more events; publishers that wait for room are told.
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

    /// What config makes of it: of now, and of its next start.
    pub(super) fn setup(&self) -> Arc<Setup> {
        let setup = self.setup.lock();
        Arc::clone(&setup.unwrap_or_else(PoisonError::into_inner))
    }

    /// Has it be what another config makes of it, from its next start on.
    pub(super) fn set_up(&self, setup: Setup) {
        setup.limit();
        let now = self.setup.lock();
        *now.unwrap_or_else(PoisonError::into_inner) = Arc::new(setup);
    }

    /// The name of its section of config, which its replicas share.
    pub(super) fn section(&self) -> &'static str {
        self.setup().identity.section()
    }

    /// Where it is in its life.
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

    /// How many handlers its mailbox is for.
    pub(super) fn queued(&self) -> usize {
        let setup = self.setup();
        let handlers = setup.subscriptions.iter();
        (handlers.filter(|one| one.mode == Mode::Queued)).count()
    }

    /// Takes note whether another life of the same instance runs.
    pub(super) fn set_beside(&self, is_beside: bool) {
        self.is_beside.store(is_beside, Relaxed);
    }

    /// Whether another life of the same instance runs.
    pub(super) fn is_beside(&self) -> bool {
        self.is_beside.load(Relaxed)
    }

    /// Whether it keeps the events of durable subscriptions.
    pub(super) fn is_event_store(&self) -> bool {
        self.provides::<dyn EventStore>()
    }

    /// Whether it keeps dead letters.
    pub(super) fn keeps_letters(&self) -> bool {
        self.provides::<dyn DeadLetterStore>()
    }

    fn provides<S: ServiceTrait + ?Sized>(&self) -> bool {
        let key = S::DESCRIPTOR.key;
        (self.descriptor.provides.iter()).any(|provide| provide.service.key == key)
    }

    /// Which life of which instance this is: reports of an earlier one are void.
    pub(super) fn life(&self) -> u64 {
        self.life.load(Relaxed)
    }

    /// Begins a life that no instance of this process has had.
    pub(super) fn begin_life(&self) {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        self.life.store(NEXT.fetch_add(1, Relaxed), Relaxed);
    }

    /// Takes a step of the table.
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

    /// Marks it failed and says why.
    pub(super) fn fail(&self, error: &Error) {
        // A failure of what has already failed changes nothing but the text.
        let _already_failed = self.step(Step::Fail);
        self.board
            .change(|entry| entry.last_error = Some(error.to_string()));
    }

    /// Says when it is to be started again; `None` when it is not.
    pub(super) fn plan(&self, again: Option<Again>) {
        self.board.change(|entry| entry.again = again);
    }

    /// The directory that its instance keeps things in, if it has one.
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
