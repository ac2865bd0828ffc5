//! The bus: it holds the table that publishers read, and it is the only place where the table is
//! changed.

pub(super) mod requests;

use std::any::TypeId;
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed, Ordering::SeqCst};
use std::sync::{Arc, OnceLock, Weak};
use std::time::Duration;

use crate::event::durable::Durables;
use crate::event::handler::HandlerReport;
use crate::event::interceptor::{Chain, InterceptorReport};
use crate::event::outcome::backlog::Backlog;
use crate::event::outcome::dead_letters::DeadLetters;
use crate::event::queue::group::Groups;
use crate::event::queue::mailbox::Mailbox;
use crate::event::routing::route::AnyRoute;
use crate::event::routing::table::{Table, TableBuilder, TableEdit};
use crate::event::routing::topics::Topics;
use crate::event::uplink::Uplink;
use crate::rcu::shared::Shared;
use requests::RequestRoutes;

/// Carries typed events from publishers to subscribers. A clone refers to the same bus.
#[derive(Clone)]
pub struct Bus(Arc<BusInner>);

/// A handle that does not keep the bus alive.
pub(crate) struct WeakBus(Weak<BusInner>);

impl WeakBus {
    pub(super) fn upgrade(&self) -> Option<Bus> {
        self.0.upgrade().map(Bus)
    }
}

struct BusInner {
    table: Shared<Table>,
    /// The table's interceptors, for workers, which do not keep a table.
    interceptors: Arc<Shared<Chain>>,
    topics: Topics,
    subscriptions: AtomicU64,
    groups: Groups,
    backlog: Backlog,
    letters: DeadLetters,
    requests: RequestRoutes,
    closed: AtomicBool,
    durables: Durables,
    /// The connection to the host, if this is the process of one instance.
    uplink: OnceLock<Arc<dyn Uplink>>,
}

/// A table that was replaced. Publishers that began with it may still call its inline handlers.
#[must_use]
pub(crate) struct Retired {
    bus: Bus,
    number: u64,
}

impl Retired {
    /// Waits until no publisher uses this table or an earlier one. Publishers use a table only
    /// while they call inline handlers, so this waits as long as the longest of these calls.
    pub(crate) async fn quiesce(self) {
        let mut looks = 0;
        while !self.bus.reclaim(self.number) {
            looks += 1;
            // Most calls end almost immediately.
            if looks < YIELDS {
                std::thread::yield_now();
                tokio::task::yield_now().await;
            } else if looks < REAL {
                // This waits in real time, even if a test has paused the clock: the reader can be
                // any thread of the process, and its time continues.
                drop(tokio::task::spawn_blocking(|| std::thread::park_timeout(POLL)).await);
            } else {
                tokio::time::sleep(POLL).await;
            }
        }
    }
}

impl Drop for Retired {
    /// Handlers that only earlier tables hold are dropped with these tables. This never happens
    /// under a lock, because a handler's `Drop` may unsubscribe. A table that is still being read
    /// is dropped at the next change.
    fn drop(&mut self) {
        self.bus.reclaim(self.number);
    }
}

/// Number of checks in which a stop only yields to other tasks, before it waits.
const YIELDS: usize = 64;

/// Number of checks after which it waits by the runtime's clock.
const REAL: usize = 1_000;

/// Interval of the check whether publishers still use an earlier table.
const POLL: Duration = Duration::from_millis(1);

impl Bus {
    /// A bus for types of events. Each has a topic, and a route without handlers.
    pub(super) fn new(
        letters: DeadLetters,
        events: impl Iterator<Item = (&'static str, TypeId, Arc<dyn AnyRoute>)>,
    ) -> Self {
        let mut topics = Topics::default();
        let routes = events.map(|(topic, type_id, route)| {
            topics.add(topic, type_id);
            route
        });
        let table = Table::new(routes);
        Self(Arc::new(BusInner {
            table: Shared::new(table),
            interceptors: Arc::new(Shared::new(Chain::of_all())),
            topics,
            subscriptions: AtomicU64::new(0),
            requests: RequestRoutes::default(),
            groups: Groups::default(),
            backlog: letters.backlog().clone(),
            letters,
            closed: AtomicBool::new(false),
            durables: Durables::default(),
            uplink: OnceLock::new(),
        }))
    }

    /// The counters of every handler so far, by topic; responders come last.
    #[must_use]
    pub fn handlers(&self) -> Vec<HandlerReport> {
        let mut reports = self.0.table.load().reports();
        self.0.durables.complete(&mut reports);
        reports.extend(self.0.requests.reports());
        reports
    }

    /// The counters of each interceptor of a running instance so far.
    #[must_use]
    pub fn interceptors(&self) -> Vec<InterceptorReport> {
        self.0.table.load().interceptor_reports()
    }

    /// Number of events that are accepted and not handled yet.
    #[must_use]
    pub fn backlog(&self) -> usize {
        self.0.backlog.len()
    }

    /// Waits until every accepted event is handled, including every event that the handlers
    /// published.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: it changes nothing.
    pub async fn idle(&self) {
        self.0.backlog.idle().await;
    }

    /// The index of the row of a type in the table.
    ///
    /// # Panics
    ///
    /// Panics if the type is not linked, which is impossible in a composed set.
    pub(super) fn index<E: 'static>(&self) -> usize {
        self.0.topics.of_type(TypeId::of::<E>()).unwrap_or_else(|| {
            panic!(
                "event `{}` is not linked: name its crate, and declare it with `#[event]`",
                std::any::type_name::<E>()
            )
        })
    }

    /// The index of the row of the undeclared topics.
    pub(super) fn untyped(&self) -> usize {
        self.0.topics.names().len()
    }

    /// The index of the row of a topic, if a type declares it.
    pub(super) fn declared(&self, topic: &str) -> Option<usize> {
        self.0.topics.of_topic(topic)
    }

    /// The index of the row of a topic.
    pub(super) fn position(&self, topic: &str) -> usize {
        self.declared(topic).unwrap_or_else(|| self.untyped())
    }

    /// The dead letters of the system.
    pub(crate) fn letters(&self) -> &DeadLetters {
        &self.0.letters
    }

    /// A handle that does not keep the bus alive.
    pub(crate) fn downgrade(&self) -> WeakBus {
        WeakBus(Arc::downgrade(&self.0))
    }

    #[inline(always)]
    pub(super) fn table(&self) -> &Shared<Table> {
        &self.0.table
    }

    /// Creates a mailbox for one instance.
    pub(crate) fn mailbox(&self, uid: usize, capacity: usize) -> Arc<Mailbox> {
        Arc::new(Mailbox::new(uid, capacity, &self.0.backlog))
    }

    /// The routes of requests.
    pub(super) fn requests(&self) -> &RequestRoutes {
        &self.0.requests
    }

    pub(crate) fn pending(&self) -> &Backlog {
        &self.0.backlog
    }

    /// The durable subscriptions.
    pub(crate) fn durables(&self) -> &Durables {
        &self.0.durables
    }

    pub(super) fn is_closed(&self) -> bool {
        self.0.closed.load(SeqCst)
    }

    /// Accepts no more events from now on.
    pub(crate) fn close(&self) {
        self.0.closed.store(true, SeqCst);
    }

    /// The connection to the host, if this is the process of one instance.
    pub(super) fn uplink(&self) -> Option<&Arc<dyn Uplink>> {
        self.0.uplink.get()
    }

    /// From now on, requests that have no responder in this process are sent to the host.
    pub(super) fn set_uplink(&self, uplink: &Arc<dyn Uplink>) {
        // A process has only one host.
        let _first = self.0.uplink.set(Arc::clone(uplink)).is_ok();
    }

    pub(super) fn groups(&self) -> &Groups {
        &self.0.groups
    }

    /// A number for a new subscription.
    pub(super) fn next_subscription(&self) -> u64 {
        self.0.subscriptions.fetch_add(1, Relaxed)
    }

    /// Replaces the table by one with all the given changes, in one step.
    pub(crate) fn change(&self, changes: Vec<TableEdit>) -> Retired {
        let number = self.0.table.replace(|table| {
            let mut builder = TableBuilder::new(self.0.topics.names(), table);
            for change in changes {
                change(&mut builder);
            }
            let next = builder.finish();
            self.show_interceptors(table, &next);
            next
        });
        Retired {
            bus: self.clone(),
            number,
        }
    }

    /// Makes the interceptors of the next table visible to workers. This happens before the table
    /// is in place: whoever waits until the last table is no longer used then waits for the workers
    /// too.
    fn show_interceptors(&self, last: &Table, next: &Table) {
        if !Arc::ptr_eq(last.interceptors(), next.interceptors()) {
            self.0
                .interceptors
                .replace(|_| Chain::clone(next.interceptors()));
        }
    }

    pub(super) fn chain(&self) -> &Arc<Shared<Chain>> {
        &self.0.interceptors
    }

    /// Drops the tables that are no longer read, and returns whether those up to the given number
    /// are among them.
    fn reclaim(&self, number: u64) -> bool {
        let is_over = self.0.table.reclaim(Table::settle).drop_up_to(number);
        drop(self.0.interceptors.reclaim(|_| ()));
        is_over
    }
}

impl fmt::Debug for Bus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bus")
            .field("topics", &self.untyped())
            .field("backlog", &self.backlog())
            .finish_non_exhaustive()
    }
}
