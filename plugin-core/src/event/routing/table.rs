//! The dispatch table: one route for each event type; it is replaced as a whole.
//!
//! Invariants: a table never changes once it is visible; its routes are at the indexes of the bus's
//! topics, and the route of undeclared topics is the last; in every table of a bus, the type of the
//! route at an index is that of the event.

use std::any::Any;
use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use super::bound::{AnyHandler, BoundHandler};
use super::route::{AnyRoute, AnyRouteBuilder, Route, RouteBuilder};
use crate::event::handler::HandlerReport;
use crate::event::interceptor::Chain;
use crate::event::payload::{Carried, Untyped};
use crate::pattern::Pattern;

pub(crate) struct Table {
    rows: Box<[Row]>,
    /// The interceptors of all topics.
    pub(in crate::event) interceptors: Arc<Chain>,
    /// The rows that the next table has changed.
    changed: OnceLock<Vec<usize>>,
}

#[derive(Clone)]
struct Row {
    /// The address of the route, so that its type is found without an indirection.
    address: *const (),
    route: Arc<dyn AnyRoute>,
}

#[expect(unsafe_code, reason = "the address is of what the row holds")]
// SAFETY: the address is that of `route`, which is `Send + Sync`.
unsafe impl Send for Row {}
#[expect(unsafe_code, reason = "the address is of what the row holds")]
// SAFETY: as above.
unsafe impl Sync for Row {}

impl Row {
    fn new(route: Arc<dyn AnyRoute>) -> Self {
        Self {
            address: Arc::as_ptr(&route).cast(),
            route,
        }
    }
}

impl Table {
    pub(in crate::event) fn new(routes: impl Iterator<Item = Arc<dyn AnyRoute>>) -> Self {
        let untyped: Arc<dyn AnyRoute> = Arc::new(Route::<Untyped>::empty());
        Self {
            rows: routes.chain([untyped]).map(Row::new).collect(),
            interceptors: Arc::new(Chain::of_all()),
            changed: OnceLock::new(),
        }
    }

    /// The route at an index of the bus.
    #[inline(always)]
    #[expect(
        unsafe_code,
        reason = "a look-up of the type would cost more than the rest"
    )]
    pub(in crate::event) fn route<P: Carried>(&self, index: usize) -> &Route<P> {
        debug_assert!((&*self.rows[index].route as &dyn Any).is::<Route<P>>());
        // SAFETY: the bus assigns indexes by type, all its tables have the same number of rows, and
        // the route at an index has that type: see the invariants. The row keeps the route alive.
        unsafe { &*self.rows.get_unchecked(index).address.cast::<Route<P>>() }
    }

    /// The route at an index of the bus, with its type erased.
    pub(in crate::event) fn any_route(&self, index: usize) -> &dyn AnyRoute {
        &*self.rows[index].route
    }

    pub(in crate::event) fn untyped(&self) -> usize {
        self.rows.len() - 1
    }

    pub(in crate::event) fn reports(&self) -> Vec<HandlerReport> {
        let mut reports = BTreeMap::new();
        for row in &self.rows {
            row.route.reports(&mut reports);
        }
        reports.into_values().collect()
    }

    /// It is not read any more: the counts of the rows that its successor changed are final.
    pub(in crate::event) fn settle(&self) {
        for &at in self.changed.get().into_iter().flatten() {
            self.rows[at].route.settle();
        }
    }
}

/// The next table, while it is being built.
pub(crate) struct TableBuilder<'a> {
    pub(in crate::event) topics: &'a [&'static str],
    pub(in crate::event) table: &'a Table,
    pub(in crate::event) interceptors: Arc<Chain>,
    builders: BTreeMap<usize, Box<dyn AnyRouteBuilder>>,
}

/// One edit of a table.
pub(crate) type TableEdit = Box<dyn FnOnce(&mut TableBuilder<'_>) + Send>;

impl<'a> TableBuilder<'a> {
    pub(in crate::event) fn new(topics: &'a [&'static str], table: &'a Table) -> Self {
        Self {
            topics,
            table,
            interceptors: Arc::clone(&table.interceptors),
            builders: BTreeMap::new(),
        }
    }

    pub(in crate::event) fn add<P: Carried>(&mut self, index: usize, handler: BoundHandler<P>) {
        let builder: &mut dyn Any = &mut **self.builder(index);
        builder
            .downcast_mut::<RouteBuilder<P>>()
            .expect("the bus gives out indexes by type")
            .add(handler);
    }

    /// Adds a handler to every route whose topic the pattern matches.
    pub(in crate::event) fn add_any(&mut self, pattern: &Pattern, handler: &AnyHandler) {
        for (at, topic) in self.topics.iter().enumerate() {
            if pattern.matches(topic) {
                self.builder(at).add_any(handler.clone());
            }
        }
        let wanted = pattern.clone();
        let only = move |envelope: &crate::event::payload::Envelope<Untyped>| {
            wanted.matches(&envelope.topic)
        };
        let handler = handler.clone().bind_only::<Untyped>(only);
        self.add(self.table.untyped(), handler);
    }

    /// Removes subscriptions.
    pub(in crate::event) fn remove(&mut self, gone: &dyn Fn(u64) -> bool) {
        self.release(gone);
        for at in 0..self.table.rows.len() {
            if self.builders.contains_key(&at) || self.table.rows[at].route.has(gone) {
                self.builder(at).remove(gone);
            }
        }
    }

    /// The next table, ready to become visible.
    pub(in crate::event) fn finish(self) -> Table {
        let mut rows = self.table.rows.clone();
        let changed = self.builders.keys().copied().collect();
        for (at, builder) in self.builders {
            let route = builder.finish(self.interceptors.of(self.topics.get(at).copied()));
            route.open();
            rows[at] = Row::new(route);
        }
        // A table is replaced only once.
        let _first = self.table.changed.set(changed);
        Table {
            rows,
            interceptors: self.interceptors,
            changed: OnceLock::new(),
        }
    }

    pub(in crate::event) fn builder(&mut self, at: usize) -> &mut Box<dyn AnyRouteBuilder> {
        self.builders
            .entry(at)
            .or_insert_with(|| self.table.rows[at].route.builder())
    }
}
