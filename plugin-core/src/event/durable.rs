//! Durable subscriptions: publish → intake → store → pump → mailbox → handler → settled.
//!
//! Each durable subscription is in the table from before the first `init` until the end of the
//! stop, even while its plugin does not run; events that are published meanwhile are stored. Its
//! intake puts events into the store. While the plugin runs, a pump reads them from the store in
//! order, passes them to the mailbox, and settles those that were handled.
//!
//! Invariants: an event is in the intake, in the store, or settled; only its intake appends to a
//! subscription's queue, and only its pump settles; the bus is idle only when every running pump
//! has found its queue empty.

mod ack;
pub(super) mod connection;
pub(super) mod delivery;
mod flight;
mod intake;
mod pump;
mod quarantine;
mod recent;
mod settler;
#[expect(unsafe_code, reason = "linkme puts the service into a link section")]
pub mod store;
mod ticket;

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::task::JoinHandle;

use crate::error::Result;
use crate::event::durable::store::{EventStore, Stock, SubscriptionName};
use crate::event::handler::HandlerReport;
use crate::event::outcome::backlog::Backlog;
use crate::event::outcome::dead_letters::DeadLetter;
use crate::event::queue::acceptance::StoreGate;
use crate::event::queue::handler::QueuedHandler;
use crate::event::queue::mailbox::Mailbox;
use crate::idempotency::IdempotencyKey;
use crate::service::Service;

pub(crate) use connection::ask;
pub(crate) use delivery::DurableDelivery;
pub(crate) use pump::Deliveries;

use connection::{StoreConnection, StoreReplaced, StoreState};
use intake::Intake;
use quarantine::{CrashSuspects, Quarantine};
use recent::RecentEvents;

/// Most events of a subscription that are accepted and not stored yet.
const INTAKE: usize = 1024;

/// The mailbox of an intake belongs to no plugin, so a handler may wait for room in it.
const NO_WORKER: usize = 0;

/// The reason why no events are accepted while the plugin that stores them is stopped.
const NO_STORE: &str = "the event store does not run";

/// One durable subscription.
pub(crate) struct Durable {
    pub(super) name: SubscriptionName,
    /// Its number in the table.
    number: AtomicU64,
    /// Events that are accepted and not stored yet.
    intake: Arc<Mailbox>,
    /// Whether events are accepted.
    pub(in crate::event) gate: Arc<StoreGate>,
    /// The number of waiting events that the store was told last; [`u64::MAX`] if that call failed.
    told: AtomicU64,
    /// Whether the pump's last call to the store failed.
    asks_in_vain: AtomicBool,
    recent: RecentEvents,
    in_flight: CrashSuspects,
    /// The counters of the plugin's present handler, or of the last one.
    done: Mutex<LastHandler>,
}

/// The counters of handlers. The handlers of a stopped plugin are not kept, because they hold the
/// plugin.
#[derive(Default)]
enum LastHandler {
    #[default]
    Nothing,
    Now(Arc<QueuedHandler>),
    Before(Box<HandlerReport>),
}

impl LastHandler {
    fn report(&self) -> Option<HandlerReport> {
        match self {
            Self::Nothing => None,
            Self::Now(handler) => Some(handler.core.report()),
            Self::Before(report) => Some(HandlerReport::clone(report)),
        }
    }
}

impl Durable {
    fn new(name: SubscriptionName, backlog: &Backlog) -> Self {
        Self {
            name,
            number: AtomicU64::new(0),
            intake: Arc::new(Mailbox::new(NO_WORKER, INTAKE, backlog)),
            gate: Arc::default(),
            told: AtomicU64::new(0),
            asks_in_vain: AtomicBool::new(false),
            recent: RecentEvents::new(backlog.clone()),
            in_flight: CrashSuspects::default(),
            done: Mutex::default(),
        }
    }

    /// Waits until the intake is empty or can't store its events.
    async fn flushed(&self) {
        let is_flushed = || self.intake.unfinished() == 0 || self.gate.has_failed();
        self.gate.steps_until(is_flushed).await;
    }

    /// How many items keep the bus busy only because the store fails.
    fn stuck(&self) -> usize {
        let unstored = match self.gate.has_failed() {
            true => self.intake.unfinished(),
            false => 0,
        };
        let pumped = self.asks_in_vain.load(Relaxed) && self.recent.is_busy();
        unstored + usize::from(pumped)
    }

    /// Releases the handler of the plugin and keeps its counters.
    fn let_go(&self) {
        let mut done = self.done();
        let last = done.report().map_or(LastHandler::Nothing, |report| {
            LastHandler::Before(Box::new(report))
        });
        let handler = std::mem::replace(&mut *done, last);
        drop(done);
        // It is dropped without the lock, because it may be the last reference to the plugin.
        drop(handler);
    }

    fn done(&self) -> MutexGuard<'_, LastHandler> {
        self.done.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Durable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Durable({})", self.name)
    }
}

/// All durable subscriptions of a system, and the connection to their store.
#[derive(Debug, Default)]
pub(crate) struct Durables {
    all: Mutex<Vec<Arc<Durable>>>,
    intakes: Mutex<Vec<JoinHandle<()>>>,
    /// Accepted events that ended intakes could not store.
    lost: Arc<AtomicUsize>,
    link: StoreConnection,
    quarantine: Quarantine,
}

impl Durables {
    /// Begins to accept events for a subscription after `enter` has put its intake into the table,
    /// and returns the subscription's number. If the same subscription existed before and still has
    /// events to store, its intake continues, so that their order is kept.
    pub(in crate::event) fn open(
        &self,
        name: SubscriptionName,
        backlog: &Backlog,
        enter: impl FnOnce(&Arc<StoreGate>, &Arc<Mailbox>) -> u64,
    ) {
        let durable = match self.find(&name.plugin, &name.handler, &name.topic) {
            Some(before) => before,
            None => self.begin(Durable::new(name, backlog)),
        };
        match self.link.is_down() {
            true => durable.gate.shut(NO_STORE),
            false => durable.gate.open(),
        }
        let number = enter(&durable.gate, &durable.intake);
        durable.number.store(number, Relaxed);
    }

    fn begin(&self, durable: Durable) -> Arc<Durable> {
        let durable = Arc::new(durable);
        let intake = Intake::new(Arc::clone(&durable), self.link.listen());
        let lost = Arc::clone(&self.lost);
        let mut intakes = self.intakes();
        // Removes the intakes of subscriptions that do not exist any more.
        intakes.retain(|intake| !intake.is_finished());
        intakes.push(crate::spawn::spawn(async move {
            lost.fetch_add(intake.run().await, Relaxed);
        }));
        drop(intakes);
        self.all().push(Arc::clone(&durable));
        durable
    }

    /// The numbers in the table of a plugin's subscriptions.
    pub(in crate::event) fn numbers(&self, plugin: &str) -> Vec<u64> {
        let own = self.of(plugin).into_iter();
        own.map(|durable| durable.number.load(Relaxed)).collect()
    }

    /// Accepts no more events for the subscriptions of a plugin, and stores those that were
    /// accepted, as long as that works.
    pub(in crate::event) async fn flush(&self, plugin: &str) {
        for durable in self.of(plugin) {
            durable.gate.shut("its plugin was unloaded");
            durable.flushed().await;
        }
    }

    /// Removes the subscriptions of a plugin that are not in the table any more, except for those
    /// with events that are not stored yet.
    pub(in crate::event) fn forget(&self, plugin: &str) {
        self.all().retain(|durable| {
            let unstored = durable.intake.unfinished();
            if durable.name.plugin != plugin || unstored > 0 {
                return true;
            }
            durable.intake.close();
            false
        });
        let unstored = self.unstored(plugin);
        if unstored > 0 {
            tracing::warn!(
                plugin,
                unstored,
                "it is unloaded; accepted events of its durable subscriptions wait in memory for the store"
            );
        }
    }

    fn of(&self, plugin: &str) -> Vec<Arc<Durable>> {
        let all = self.all();
        let own = all.iter().filter(|durable| durable.name.plugin == plugin);
        own.cloned().collect()
    }

    /// Whether there are no durable subscriptions.
    pub(crate) fn is_empty(&self) -> bool {
        self.all().is_empty()
    }

    /// The durable subscription of a handler of a plugin.
    pub(super) fn find(&self, plugin: &str, handler: &str, topic: &str) -> Option<Arc<Durable>> {
        let is_it = |one: &&Arc<Durable>| {
            one.name.plugin == plugin && one.name.handler == handler && one.name.topic == topic
        };
        self.all().iter().find(is_it).cloned()
    }

    /// Uses a store from now on.
    pub(crate) fn provide(&self, store: &Service<dyn EventStore>) {
        let all = self.all().clone();
        for durable in &all {
            durable.gate.open();
            durable.recent.rewind();
        }
        self.link.set(StoreState::Up(store.clone()));
        crate::spawn::spawn(connection::tell_of_strangers(store.clone(), all));
    }

    /// Notifies when the present store is replaced.
    pub(crate) fn replaced(&self) -> StoreReplaced {
        self.link.replaced()
    }

    /// Makes a dead letter pending again if its handler is durable; `None` if it is not.
    pub(crate) async fn revive(&self, letter: &DeadLetter) -> Option<Result<()>> {
        let durable = self.find(&letter.plugin, &letter.handler, &letter.topic)?;
        let store = self.link.now()?.provider();
        let mut letter = letter.clone();
        letter.key.get_or_insert_with(IdempotencyKey::next);
        let revived = connection::ask(&store, |store| store.revive(&durable.name, &letter)).await;
        durable.recent.rewind();
        Some(revived)
    }

    /// The stored events; empty if there is no store.
    pub(crate) async fn stock(&self) -> Result<Vec<Stock>> {
        match self.link.now() {
            Some(store) => connection::ask(&store.provider(), |store| store.stock()).await,
            None => Ok(Vec::new()),
        }
    }

    /// Tells the store that the system stops, so that it does not wait for further events to write
    /// together.
    pub(crate) async fn hurry(&self) {
        let Some(store) = self.link.now() else { return };
        if let Err(error) = connection::ask(&store.provider(), |store| store.hurry()).await {
            tracing::debug!("the event store goes on as ever: {error}");
        }
    }

    /// The handlers whose events wait only for a failing store, with the names of their plugins,
    /// and how many items keep the bus busy for that reason.
    pub(crate) fn stuck(&self) -> (Vec<(String, String)>, usize) {
        let (mut handlers, mut events) = (Vec::new(), 0);
        for durable in self.all().iter() {
            let stuck = durable.stuck();
            if stuck > 0 {
                let SubscriptionName {
                    plugin, handler, ..
                } = &durable.name;
                handlers.push((plugin.to_string(), handler.to_string()));
                events += stuck;
            }
        }
        (handlers, events)
    }

    /// Accepts no more events, and stores those that were accepted, as long as that works.
    pub(crate) async fn suspend(&self) {
        let all = self.all().clone();
        for durable in &all {
            durable.gate.shut(NO_STORE);
        }
        for durable in &all {
            durable.flushed().await;
        }
    }

    /// Releases the store.
    pub(crate) fn cut(&self) {
        self.link.set(StoreState::Down);
    }

    /// Ends the intakes; returns how many accepted events are not stored.
    pub(crate) async fn close(&self) -> usize {
        self.link.set(StoreState::Closed);
        for durable in self.all().iter() {
            durable.gate.shut("the system is stopping");
            durable.intake.close();
        }
        let intakes = std::mem::take(&mut *self.intakes());
        for intake in intakes {
            // If an intake panicked, it is not known what it held.
            drop(intake.await);
        }
        self.lost.load(Relaxed)
    }

    /// Number of accepted events of a plugin's subscriptions that are not stored.
    pub(crate) fn unstored(&self, plugin: &str) -> usize {
        let own = self.of(plugin).into_iter();
        own.map(|durable| durable.intake.unfinished()).sum()
    }

    /// Replaces the counters of intakes by those of the handlers.
    pub(super) fn complete(&self, reports: &mut [HandlerReport]) {
        for report in reports {
            let durable = self.find(report.plugin, report.handler, &report.topic);
            if let Some(mut done) = durable.and_then(|durable| durable.done().report()) {
                // What could not be stored never came to the handlers.
                done.dropped = done.dropped + report.dropped;
                *report = done;
            }
        }
    }

    fn all(&self) -> MutexGuard<'_, Vec<Arc<Durable>>> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn intakes(&self) -> MutexGuard<'_, Vec<JoinHandle<()>>> {
        self.intakes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
