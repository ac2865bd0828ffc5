//! The handlers of one type of event, in the order in which they are called.
//!
//! Invariant: a route never changes once it is in a table.

use std::any::Any;
use std::collections::BTreeMap;
use std::sync::Arc;

use super::bound::{AnyHandler, BoundHandler};
use super::target::{Target, targets};
use crate::event::handler::HandlerReport;
use crate::event::inline::InlineHandlers;
use crate::event::inline::entry::Inline;
use crate::event::interceptor::Chain;
use crate::event::payload::Carried;
use crate::event::queue::handler::Queued;
use crate::event::queue::redelivery::Addressee;

/// The receivers of an event type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::event) enum RouteKind {
    /// No receivers.
    Nobody,
    /// Only inline handlers.
    Inline,
    /// Queued handlers, and possibly inline ones.
    Mailboxes,
    /// Any receivers, after the interceptors have accepted the event.
    Intercepted,
}

/// The handlers of one type of payload.
pub(crate) struct Route<P> {
    kind: RouteKind,
    pub(in crate::event) inline: InlineHandlers<P>,
    pub(in crate::event) interceptors: Option<Arc<Chain>>,
    handlers: Vec<Arc<Queued<P>>>,
    /// The queued handlers as targets. They are shared, so that a publisher can release the table
    /// before it waits for room.
    pub(in crate::event) queued: Arc<[Target<P>]>,
}

impl<P: Carried> Route<P> {
    fn new(
        inline: Vec<Arc<Inline<P>>>,
        handlers: Vec<Arc<Queued<P>>>,
        interceptors: Option<Arc<Chain>>,
    ) -> Self {
        let kind = match (inline.is_empty(), handlers.is_empty()) {
            _ if interceptors
                .as_ref()
                .is_some_and(|chain| chain.has_publish()) =>
            {
                RouteKind::Intercepted
            }
            (_, false) => RouteKind::Mailboxes,
            (false, true) => RouteKind::Inline,
            (true, true) => RouteKind::Nobody,
        };
        Self {
            kind,
            inline: InlineHandlers::new(inline, interceptors.as_ref()),
            interceptors,
            queued: targets(&handlers),
            handlers,
        }
    }

    pub(in crate::event) fn empty() -> Self {
        Self::new(Vec::new(), Vec::new(), None)
    }

    /// The kind of receivers.
    #[inline(always)]
    pub(in crate::event) fn kind(&self) -> RouteKind {
        self.kind
    }
}

/// A route with an erased type of payload.
pub(crate) trait AnyRoute: Any + Send + Sync {
    /// A builder for a changed copy.
    fn builder(&self) -> Box<dyn AnyRouteBuilder>;
    /// Whether it contains one of the given subscriptions.
    fn has(&self, gone: &dyn Fn(u64) -> bool) -> bool;
    /// It is about to become visible: what it counts are events of its handlers.
    fn open(&self);
    /// It is not read any more: its count is final.
    fn settle(&self);
    /// The handlers of a plugin with this name. Several subscriptions at run time may have the same
    /// name.
    fn named(&self, plugin: &str, handler: &str) -> Vec<Arc<dyn Addressee>>;
    /// The counters of its handlers, by subscription. The handler of a pattern is in many routes.
    fn reports(&self, into: &mut BTreeMap<u64, HandlerReport>);
}

impl<P: Carried> AnyRoute for Route<P> {
    fn builder(&self) -> Box<dyn AnyRouteBuilder> {
        Box::new(RouteBuilder {
            inline: self.inline.handlers().to_vec(),
            queued: self.handlers.clone(),
        })
    }

    fn has(&self, gone: &dyn Fn(u64) -> bool) -> bool {
        let inline = (self.inline.handlers().iter()).map(|entry| entry.core.subscription.number);
        let queued = (self.handlers.iter()).map(|entry| entry.handler.core.subscription.number);
        inline.chain(queued).any(gone)
    }

    fn open(&self) {
        self.inline.open();
    }

    fn settle(&self) {
        self.inline.settle();
    }

    fn named(&self, plugin: &str, handler: &str) -> Vec<Arc<dyn Addressee>> {
        let queued = (self.handlers.iter())
            .filter(|entry| entry.handler.core.is_named(plugin, handler))
            .map(|entry| Arc::clone(entry) as Arc<dyn Addressee>);
        self.inline.named(plugin, handler).chain(queued).collect()
    }

    fn reports(&self, into: &mut BTreeMap<u64, HandlerReport>) {
        let inline = (self.inline.handlers().iter()).map(|entry| &*entry.core);
        let queued = self.handlers.iter().map(|entry| &entry.handler.core);
        for core in inline.chain(queued).filter(|core| core.handles()) {
            into.entry(core.subscription.number)
                .or_insert_with(|| core.report());
        }
    }
}

/// A route that is being built.
pub(in crate::event) struct RouteBuilder<P> {
    inline: Vec<Arc<Inline<P>>>,
    queued: Vec<Arc<Queued<P>>>,
}

impl<P: Carried> RouteBuilder<P> {
    pub(in crate::event) fn add(&mut self, handler: BoundHandler<P>) {
        match handler {
            BoundHandler::Inline(handler) => self.inline.push(Arc::new(handler)),
            BoundHandler::Queued(handler) => self.queued.push(Arc::new(handler)),
        }
    }
}

/// A builder with an erased type of payload.
pub(crate) trait AnyRouteBuilder: Any {
    fn add_any(&mut self, handler: AnyHandler);
    fn remove(&mut self, gone: &dyn Fn(u64) -> bool);
    /// The route, with the interceptors of its topic.
    fn finish(self: Box<Self>, interceptors: Option<Arc<Chain>>) -> Arc<dyn AnyRoute>;
}

impl<P: Carried> AnyRouteBuilder for RouteBuilder<P> {
    fn add_any(&mut self, handler: AnyHandler) {
        self.add(handler.bind());
    }

    fn remove(&mut self, gone: &dyn Fn(u64) -> bool) {
        self.inline
            .retain(|entry| !gone(entry.core.subscription.number));
        self.queued
            .retain(|entry| !gone(entry.handler.core.subscription.number));
    }

    fn finish(mut self: Box<Self>, interceptors: Option<Arc<Chain>>) -> Arc<dyn AnyRoute> {
        self.inline.sort_by_key(|entry| entry.core.rank());
        self.queued.sort_by_key(|entry| entry.handler.core.rank());
        if interceptors.as_ref().is_some_and(|chain| chain.has_calls()) {
            (self.queued.iter()).for_each(|entry| entry.handler.interceptors.engage());
        }
        Arc::new(Route::new(self.inline, self.queued, interceptors))
    }
}
