//! The handlers of one type of event, in the order in which they are called.

use std::any::Any;
use std::collections::BTreeMap;
use std::sync::Arc;

use super::any::Carried;
use super::handler::{AnyHandler, Bound, HandlerReport, Inline, Queued};

/// The handlers of one type of payload. Immutable once it is in a table.
pub(crate) struct Route<P> {
    pub(super) inline: Vec<Arc<Inline<P>>>,
    /// Shared, so that a publisher can let go of the table before it waits for room.
    pub(super) queued: Arc<[Arc<Queued<P>>]>,
}

impl<P> Default for Route<P> {
    fn default() -> Self {
        Self {
            inline: Vec::new(),
            queued: Arc::default(),
        }
    }
}

impl<P> Clone for Route<P> {
    fn clone(&self) -> Self {
        Self {
            inline: self.inline.clone(),
            queued: Arc::clone(&self.queued),
        }
    }
}

impl<P: Carried> Route<P> {
    /// The route with one more handler.
    pub(super) fn with(&self, handler: Bound<P>) -> Self {
        let mut next = self.clone();
        match handler {
            Bound::Inline(handler) => {
                next.inline.push(Arc::new(handler));
                next.inline.sort_by_key(|handler| handler.site.rank());
            }
            Bound::Queued(handler) => {
                let mut queued = next.queued.to_vec();
                queued.push(Arc::new(handler));
                queued.sort_by_key(|handler| handler.site.site.rank());
                next.queued = queued.into();
            }
        }
        next
    }
}

/// A route whose type of payload is not named.
pub(crate) trait AnyRoute: Send + Sync {
    fn as_any(&self) -> &(dyn Any + Send + Sync);
    fn with_any(&self, handler: AnyHandler) -> Arc<dyn AnyRoute>;
    /// The route without some subscriptions; `None` if it has none of them.
    fn without(&self, gone: &dyn Fn(u64) -> bool) -> Option<Arc<dyn AnyRoute>>;
    /// What its handlers did, by subscription: one of a pattern stands in many routes.
    fn reports(&self, into: &mut BTreeMap<u64, HandlerReport>);
}

impl<P: Carried> AnyRoute for Route<P> {
    fn as_any(&self) -> &(dyn Any + Send + Sync) {
        self
    }

    fn with_any(&self, handler: AnyHandler) -> Arc<dyn AnyRoute> {
        Arc::new(self.with(handler.bind()))
    }

    fn without(&self, gone: &dyn Fn(u64) -> bool) -> Option<Arc<dyn AnyRoute>> {
        let mut next = self.clone();
        next.inline
            .retain(|handler| !gone(handler.site.subscription));
        next.queued = (self.queued.iter())
            .filter(|handler| !gone(handler.site.site.subscription))
            .cloned()
            .collect();
        let changed =
            next.inline.len() < self.inline.len() || next.queued.len() < self.queued.len();
        changed.then(|| Arc::new(next) as Arc<dyn AnyRoute>)
    }

    fn reports(&self, into: &mut BTreeMap<u64, HandlerReport>) {
        let inline = self.inline.iter().map(|handler| &*handler.site);
        let queued = self.queued.iter().map(|handler| &handler.site.site);
        for site in inline.chain(queued) {
            into.entry(site.subscription)
                .or_insert_with(|| site.report());
        }
    }
}
