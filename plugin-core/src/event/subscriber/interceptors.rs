//! Binds a plugin's middleware to the table: `#[plugin]` writes one call per `#[intercept]`.

use std::sync::Arc;

use super::bindings::{Bindings, Bound};
use super::declared::Middleware;
use crate::boxed::provider;
use crate::boxed::{PluginRef, PluginType};
use crate::context::Identity;
use crate::error::{Error, Result};
use crate::event::bus::Bus;
use crate::event::descriptor::Event;
use crate::event::descriptor::unmatched;
use crate::event::middleware::delivery::{Delivered, Delivery};
use crate::event::middleware::interceptor::{
    AnyInterceptor, Interceptor, OnDeliver, OnDelivered, OnPublish, Registration,
};
use crate::event::middleware::topic_filter::TopicFilter;
use crate::event::payload::{AnyEvent, Envelope, Patch, Substitute};
use crate::guard;
use crate::pattern::Pattern;

/// Puts the middleware of an instance into the chains.
pub struct Interceptors<'a> {
    owner: &'a Arc<Identity>,
    middleware: &'static Middleware,
    /// What the instance narrows the declared topics to.
    only: Option<Vec<Pattern>>,
    subscription: u64,
    bound: Bound,
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
                only: None,
                subscription: bus.next_subscription(),
                bound: Bound::default(),
            };
            (middleware.bind)(plugin, &mut interceptors);
            bindings.add(interceptors.subscription, interceptors.bound);
        }
    }

    /// Narrows the topics of the method that comes next to those that the instance names, by its
    /// config. A panic of `topics` is logged, and narrows nothing.
    pub fn only<T: PluginType>(&mut self, plugin: &PluginRef, topics: fn(&T) -> Vec<Pattern>) {
        let plugin = provider::<T>(plugin);
        let named = guard::call(self.owner.current(), || Ok(topics(&plugin)));
        self.only = named
            .inspect_err(|error| {
                let (plugin, middleware) = (self.owner.name(), self.middleware.middleware);
                tracing::error!(plugin, middleware, "its topics: {error}");
            })
            .ok();
        for pattern in self.only.iter().flatten() {
            unmatched::warn(self.owner.name(), self.middleware.middleware, pattern);
        }
    }

    /// A method of the stage `publish`.
    ///
    /// # Panics
    ///
    /// When the pattern is malformed; `#[plugin]` has checked it.
    pub fn publish<T: PluginType>(
        &mut self,
        plugin: &PluginRef,
        call: fn(&T, &AnyEvent<'_>) -> Result<Option<Patch>>,
    ) {
        let plugin = provider::<T>(plugin);
        let call: Box<OnPublish> =
            Box::new(move |event| Ok(call(&plugin, event)?.map(Substitute::Patch)));
        self.add(call, AnyInterceptor::Publish);
    }

    /// A method of the stage `publish` for one type of event.
    ///
    /// # Panics
    ///
    /// As [`Interceptors::publish`].
    pub fn publish_typed<T: PluginType, E: Event>(
        &mut self,
        plugin: &PluginRef,
        call: fn(&T, &Envelope<E>) -> Result<Option<E>>,
    ) {
        let plugin = provider::<T>(plugin);
        let call: Box<OnPublish> = Box::new(move |event| {
            let envelope = event
                .envelope()
                .ok_or_else(|| Error::bug(format!("`{}` has another type here", event.topic())))?;
            Ok(call(&plugin, envelope)?.map(|event| Substitute::Typed(Box::new(event))))
        });
        self.add(call, AnyInterceptor::Publish);
    }

    /// A method of the stage `deliver`.
    ///
    /// # Panics
    ///
    /// As [`Interceptors::publish`].
    pub fn deliver<T: PluginType>(
        &mut self,
        plugin: &PluginRef,
        call: fn(&T, &Delivery<'_>) -> Result<()>,
    ) {
        let plugin = provider::<T>(plugin);
        let call: Box<OnDeliver> = Box::new(move |delivery| call(&plugin, delivery));
        self.add(call, AnyInterceptor::Deliver);
    }

    /// A method of the stage `delivered`.
    ///
    /// # Panics
    ///
    /// As [`Interceptors::publish`].
    pub fn delivered<T: PluginType>(
        &mut self,
        plugin: &PluginRef,
        call: fn(&T, &Delivery<'_>, &Delivered<'_>) -> Result<()>,
    ) {
        let plugin = provider::<T>(plugin);
        let call: Box<OnDelivered> =
            Box::new(move |delivery, outcome| call(&plugin, delivery, outcome));
        self.add(call, AnyInterceptor::Delivered);
    }

    /// Adds an interceptor, unless the instance names no topic.
    fn add<F: ?Sized>(&mut self, call: Box<F>, stage: fn(Arc<Interceptor<F>>) -> AnyInterceptor) {
        let registration = self.registration();
        if registration.topics.is_empty() {
            return;
        }
        let interceptor = stage(Arc::new(Interceptor { registration, call }));
        self.bound
            .changes
            .push(Box::new(move |builder| builder.intercept(interceptor)));
    }

    fn registration(&mut self) -> Registration {
        let Middleware {
            middleware,
            stage,
            topics,
            priority,
            ..
        } = *self.middleware;
        let declared =
            || Pattern::parse(topics).expect("the pattern was checked when it was declared");
        let topics = self.only.take().unwrap_or_else(|| vec![declared()]);
        Registration::new(
            self.owner,
            (middleware, stage),
            (TopicFilter::new(topics), priority),
            self.subscription,
        )
    }
}

impl std::fmt::Debug for Interceptors<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Interceptors")
            .field("middleware", self.middleware)
            .finish_non_exhaustive()
    }
}
