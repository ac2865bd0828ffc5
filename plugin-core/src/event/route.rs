//! The handlers of one type of event, in the order in which they are called.
//!
//! Invariants: a route never changes once it is in a table; `entries` stand in the order of
//! `inline`, which holds what they lead to; the route's count is open in the totals of
//! its handlers from before it is visible until nobody reads it any more.

use std::any::Any;
use std::collections::BTreeMap;
use std::sync::Arc;

use super::addressee::Addressee;
use super::any::Carried;
use super::handler::{AnyHandler, Bound, HandlerReport, Queued};
use super::inline::{Entry, Inline};
use super::record::Slot;
use super::sampling::Sampling;
use super::tally::Tally;
use super::target::{Target, targets};

/// Who listens to a type of event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Serves {
    /// Nobody.
    Nobody,
    /// Inline handlers alone.
    Inline,
    /// Queued handlers, and maybe inline ones.
    Mailboxes,
}

/// The handlers of one type of payload.
pub(crate) struct Route<P> {
    pub(super) entries: Box<[Entry<P>]>,
    serves: Serves,
    /// Where the events are counted that were published while this was the route.
    pub(super) slot: Slot,
    pub(super) sampling: Sampling,
    calls: Arc<Tally>,
    pub(super) inline: Vec<Arc<Inline<P>>>,
    handlers: Vec<Arc<Queued<P>>>,
    /// The queued handlers as those who get an event. Shared, so that a publisher can let go of
    /// the table before it waits for room.
    pub(super) queued: Arc<[Target<P>]>,
}

impl<P: Carried> Route<P> {
    fn new(inline: Vec<Arc<Inline<P>>>, handlers: Vec<Arc<Queued<P>>>) -> Self {
        let calls = Arc::new(Tally::new());
        let serves = match (inline.is_empty(), handlers.is_empty()) {
            (_, false) => Serves::Mailboxes,
            (false, true) => Serves::Inline,
            (true, true) => Serves::Nobody,
        };
        Self {
            serves,
            slot: calls.slot(),
            sampling: Sampling::default(),
            entries: inline.iter().map(|handler| handler.entry()).collect(),
            calls,
            inline,
            queued: targets(&handlers),
            handlers,
        }
    }

    pub(super) fn empty() -> Self {
        Self::new(Vec::new(), Vec::new())
    }

    /// Who listens.
    #[inline(always)]
    pub(super) fn serves(&self) -> Serves {
        self.serves
    }

    /// Those whose count is the route's.
    fn counted(&self) -> impl Iterator<Item = &Arc<Inline<P>>> {
        self.inline.iter().filter(|handler| handler.takes_all())
    }
}

/// A route whose type of payload is not named.
pub(crate) trait AnyRoute: Any + Send + Sync {
    /// A copy to change.
    fn draft(&self) -> Box<dyn AnyDraft>;
    /// Whether it has one of some subscriptions.
    fn has(&self, gone: &dyn Fn(u64) -> bool) -> bool;
    /// It is about to be visible: what it counts are its handlers' events.
    fn open(&self);
    /// Nobody reads it any more: its count is final.
    fn settle(&self);
    /// The handlers of a plugin that have a name; of subscriptions made at run time there may be many.
    fn named(&self, plugin: &str, handler: &str) -> Vec<Arc<dyn Addressee>>;
    /// What its handlers did, by subscription: one of a pattern stands in many routes.
    fn reports(&self, into: &mut BTreeMap<u64, HandlerReport>);
}

impl<P: Carried> AnyRoute for Route<P> {
    fn draft(&self) -> Box<dyn AnyDraft> {
        Box::new(RouteDraft {
            inline: self.inline.clone(),
            queued: self.handlers.clone(),
        })
    }

    fn has(&self, gone: &dyn Fn(u64) -> bool) -> bool {
        let inline = self.inline.iter().map(|handler| handler.site.subscription);
        let queued = (self.handlers.iter()).map(|handler| handler.site.site.subscription);
        inline.chain(queued).any(gone)
    }

    fn open(&self) {
        self.counted()
            .for_each(|handler| handler.site.opened(&self.calls));
    }

    fn settle(&self) {
        self.counted()
            .for_each(|handler| handler.site.settled(&self.calls));
    }

    fn named(&self, plugin: &str, handler: &str) -> Vec<Arc<dyn Addressee>> {
        let inline = (self.inline.iter())
            .filter(|other| other.site.is_named(plugin, handler))
            .map(|other| Arc::clone(other) as Arc<dyn Addressee>);
        let queued = (self.handlers.iter())
            .filter(|other| other.site.site.is_named(plugin, handler))
            .map(|other| Arc::clone(other) as Arc<dyn Addressee>);
        inline.chain(queued).collect()
    }

    fn reports(&self, into: &mut BTreeMap<u64, HandlerReport>) {
        let inline = self.inline.iter().map(|handler| &*handler.site);
        let queued = self.handlers.iter().map(|handler| &handler.site.site);
        for site in inline.chain(queued) {
            into.entry(site.subscription)
                .or_insert_with(|| site.report());
        }
    }
}

/// A route that is being put together.
pub(super) struct RouteDraft<P> {
    inline: Vec<Arc<Inline<P>>>,
    queued: Vec<Arc<Queued<P>>>,
}

impl<P: Carried> RouteDraft<P> {
    pub(super) fn add(&mut self, handler: Bound<P>) {
        match handler {
            Bound::Inline(handler) => self.inline.push(Arc::new(handler)),
            Bound::Queued(handler) => self.queued.push(Arc::new(handler)),
        }
    }
}

/// A draft whose type of payload is not named.
pub(crate) trait AnyDraft: Any {
    fn add_any(&mut self, handler: AnyHandler);
    fn remove(&mut self, gone: &dyn Fn(u64) -> bool);
    fn finish(self: Box<Self>) -> Arc<dyn AnyRoute>;
}

impl<P: Carried> AnyDraft for RouteDraft<P> {
    fn add_any(&mut self, handler: AnyHandler) {
        self.add(handler.bind());
    }

    fn remove(&mut self, gone: &dyn Fn(u64) -> bool) {
        self.inline
            .retain(|handler| !gone(handler.site.subscription));
        self.queued
            .retain(|handler| !gone(handler.site.site.subscription));
    }

    fn finish(mut self: Box<Self>) -> Arc<dyn AnyRoute> {
        self.inline.sort_by_key(|handler| handler.site.rank());
        self.queued.sort_by_key(|handler| handler.site.site.rank());
        Arc::new(Route::new(self.inline, self.queued))
    }
}
