//! Binds a plugin's middleware to the table: `#[plugin]` writes one call per `#[middleware]`.

use std::sync::Arc;

use super::delivery::{Delivered, Delivery};
use super::link::{AnyLink, Link, OnDeliver, OnDelivered, OnPublish, Seat};
use crate::__private::provider;
use crate::descriptor::{Middleware, Plugin, PluginRef};
use crate::error::Result;
use crate::event::any::AnyEvent;
use crate::event::binder::Bindings;
use crate::event::bus::Bus;
use crate::event::pattern::Pattern;
use crate::event::table::Change;
use crate::instance::Identity;

/// Puts the middleware of an instance into the chains.
pub struct Interceptors<'a> {
    owner: &'a Arc<Identity>,
    middleware: &'static Middleware,
    subscription: u64,
    changes: Vec<Change>,
}

impl Interceptors<'_> {
    /// Binds all middleware of a plugin, beside its handlers.
    pub(crate) fn bind(
        bus: &Bus,
        owner: &Arc<Identity>,
        (plugin, middleware): (&PluginRef, &'static [Middleware]),
        bindings: &mut Bindings,
    ) {
        for middleware in middleware {
            let mut interceptors = Interceptors {
                owner,
                middleware,
                subscription: bus.next_subscription(),
                changes: Vec::new(),
            };
            (middleware.bind)(plugin, &mut interceptors);
            bindings.add(interceptors.subscription, interceptors.changes);
        }
    }

    /// A method of the stage `publish`.
    ///
    /// # Panics
    ///
    /// When the pattern is malformed; `#[plugin]` has checked it.
    pub fn publish<T: Plugin>(
        &mut self,
        plugin: &PluginRef,
        call: fn(&T, &AnyEvent<'_>) -> Result<()>,
    ) {
        let plugin = provider::<T>(plugin);
        let call: Box<OnPublish> = Box::new(move |event| call(&plugin, event));
        let seat = self.seat();
        self.add(AnyLink::Publish(Arc::new(Link { seat, call })));
    }

    /// A method of the stage `deliver`.
    ///
    /// # Panics
    ///
    /// As [`Interceptors::publish`].
    pub fn deliver<T: Plugin>(
        &mut self,
        plugin: &PluginRef,
        call: fn(&T, &Delivery<'_>) -> Result<()>,
    ) {
        let plugin = provider::<T>(plugin);
        let call: Box<OnDeliver> = Box::new(move |delivery| call(&plugin, delivery));
        let seat = self.seat();
        self.add(AnyLink::Deliver(Arc::new(Link { seat, call })));
    }

    /// A method of the stage `delivered`.
    ///
    /// # Panics
    ///
    /// As [`Interceptors::publish`].
    pub fn delivered<T: Plugin>(
        &mut self,
        plugin: &PluginRef,
        call: fn(&T, &Delivery<'_>, &Delivered<'_>) -> Result<()>,
    ) {
        let plugin = provider::<T>(plugin);
        let call: Box<OnDelivered> =
            Box::new(move |delivery, outcome| call(&plugin, delivery, outcome));
        let seat = self.seat();
        self.add(AnyLink::Delivered(Arc::new(Link { seat, call })));
    }

    fn seat(&self) -> Seat {
        let Middleware {
            middleware,
            stage,
            topics,
            priority,
            ..
        } = *self.middleware;
        let topics = Pattern::parse(topics).expect("the pattern was checked when it was declared");
        Seat::new(
            self.owner,
            (middleware, stage),
            (topics, priority),
            self.subscription,
        )
    }

    fn add(&mut self, link: AnyLink) {
        self.changes
            .push(Box::new(move |draft| draft.intercept(link)));
    }
}

impl std::fmt::Debug for Interceptors<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Interceptors")
            .field("middleware", self.middleware)
            .finish_non_exhaustive()
    }
}
