//! The dispatch table: one route per type of event, swapped as a whole.
//!
//! Invariants: a table never changes once it is visible; its routes stand at the indexes of the
//! bus's topics, the route of undeclared topics last.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::any::{Carried, Untyped};
use super::handler::{AnyHandler, Bound, HandlerReport};
use super::pattern::Pattern;
use super::route::{AnyRoute, Route};

#[derive(Clone)]
pub(crate) struct Table {
    routes: Vec<Arc<dyn AnyRoute>>,
}

impl Table {
    pub(super) fn new(routes: impl Iterator<Item = Arc<dyn AnyRoute>>) -> Self {
        let mut routes: Vec<_> = routes.collect();
        routes.push(Arc::new(Route::<Untyped>::default()));
        Self { routes }
    }

    /// The route at an index of the bus.
    pub(super) fn route<P: Carried>(&self, index: usize) -> &Route<P> {
        self.routes[index]
            .as_any()
            .downcast_ref()
            .expect("the bus gives out indexes by type")
    }

    pub(super) fn untyped(&self) -> usize {
        self.routes.len() - 1
    }

    pub(super) fn reports(&self) -> Vec<HandlerReport> {
        let mut reports = BTreeMap::new();
        for route in &self.routes {
            route.reports(&mut reports);
        }
        reports.into_values().collect()
    }
}

/// A table that is being changed: the next one.
pub(crate) struct Draft<'a> {
    pub(super) topics: &'a [&'static str],
    pub(super) table: Table,
}

/// One change of a draft.
pub(crate) type Change = Box<dyn FnOnce(&mut Draft<'_>) + Send>;

impl Draft<'_> {
    pub(super) fn add<P: Carried>(&mut self, index: usize, handler: Bound<P>) {
        let next = self.table.route::<P>(index).with(handler);
        self.table.routes[index] = Arc::new(next);
    }

    /// Adds a handler to every route whose topic the pattern matches.
    pub(super) fn add_any(&mut self, pattern: &Pattern, handler: &AnyHandler) {
        for (at, topic) in self.topics.iter().enumerate() {
            if pattern.matches(topic) {
                self.table.routes[at] = self.table.routes[at].with_any(handler.clone());
            }
        }
        let untyped = self.table.untyped();
        let wanted = pattern.clone();
        let handler = handler.clone().bind::<Untyped>().only(wanted);
        self.add(untyped, handler);
    }

    /// Takes subscriptions out.
    pub(super) fn remove(&mut self, gone: &dyn Fn(u64) -> bool) {
        for route in &mut self.table.routes {
            if let Some(next) = route.without(gone) {
                *route = next;
            }
        }
    }
}

impl Bound<Untyped> {
    /// The handler for those undeclared topics alone that the pattern matches.
    fn only(mut self, pattern: Pattern) -> Self {
        let filter = match &mut self {
            Self::Inline(handler) => &mut handler.filter,
            Self::Queued(handler) => &mut handler.filter,
        };
        let inner = filter.take();
        *filter = Some(Box::new(move |envelope| {
            pattern.matches(envelope.topic.as_str())
                && inner.as_ref().is_none_or(|filter| filter(envelope))
        }));
        self
    }
}
