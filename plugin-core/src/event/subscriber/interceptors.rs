//! Binds a plugin's interceptors to the table: `#[plugin]` generates one call for each
//! `#[intercept]`.

use std::sync::Arc;

use super::bindings::{Bindings, Bound};
use super::declared::Interceptor;
use crate::boxed::provider;
use crate::boxed::{PluginRef, PluginType};
use crate::context::Identity;
use crate::error::{Error, Result};
use crate::event::bus::Bus;
use crate::event::descriptor::Event;
use crate::event::descriptor::unmatched;
use crate::event::interceptor::bound::{
    AnyInterceptor, BoundInterceptor, OnDeliver, OnDelivered, OnPublish, Registration,
};
use crate::event::interceptor::delivery::{Delivered, Delivery};
use crate::event::interceptor::topic_filter::TopicFilter;
use crate::event::payload::{AnyEvent, Envelope, Patch, Substitute};
use crate::guard;
use crate::pattern::Pattern;

/// Puts the interceptors of an instance into the chains.
pub struct Interceptors<'a> {
    owner: &'a Arc<Identity>,
    declared: &'static Interceptor,
    /// The topics to which the instance narrows the declared ones.
    only: Option<Vec<Pattern>>,
    subscription: u64,
    bound: Bound,
}

impl Interceptors<'_> {
    /// Binds all interceptors of a plugin, together with its handlers.
    pub(crate) fn bind(
        bus: &Bus,
        owner: &Arc<Identity>,
        (plugin, declared): (&PluginRef, &'static [Interceptor]),
        bindings: &mut Bindings,
    ) {
        for declared in declared {
            let mut interceptors = Interceptors {
                owner,
                declared,
                only: None,
                subscription: bus.next_subscription(),
                bound: Bound::default(),
            };
            (declared.bind)(plugin, &mut interceptors);
            bindings.add(interceptors.subscription, interceptors.bound);
        }
    }

    /// Narrows the topics of the next method to those that the instance names, by its config. A
    /// panic of `topics` is logged, and then the topics are not narrowed.
    pub fn only<T: PluginType>(&mut self, plugin: &PluginRef, topics: fn(&T) -> Vec<Pattern>) {
        let plugin = provider::<T>(plugin);
        let named = guard::call(self.owner.current(), || Ok(topics(&plugin)));
        self.only = named
            .inspect_err(|error| {
                let (plugin, interceptor) = (self.owner.name(), self.declared.name);
                tracing::error!(plugin, interceptor, "its topics: {error}");
            })
            .ok();
        for pattern in self.only.iter().flatten() {
            unmatched::warn(self.owner.name(), self.declared.name, pattern);
        }
    }

    /// A method of the stage `publish`.
    ///
    /// # Panics
    ///
    /// Panics if the pattern is malformed, which `#[plugin]` has checked.
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

    /// Adds an interceptor, unless the instance names no topics.
    fn add<F: ?Sized>(
        &mut self,
        call: Box<F>,
        stage: fn(Arc<BoundInterceptor<F>>) -> AnyInterceptor,
    ) {
        let registration = self.registration();
        if registration.topics.is_empty() {
            return;
        }
        let interceptor = stage(Arc::new(BoundInterceptor { registration, call }));
        self.bound
            .changes
            .push(Box::new(move |builder| builder.intercept(interceptor)));
    }

    fn registration(&mut self) -> Registration {
        let Interceptor {
            name,
            stage,
            topics,
            priority,
            ..
        } = *self.declared;
        let declared =
            || Pattern::parse(topics).expect("the pattern was checked when it was declared");
        let topics = self.only.take().unwrap_or_else(|| vec![declared()]);
        Registration::new(
            self.owner,
            (name, stage),
            (TopicFilter::new(topics), priority),
            self.subscription,
        )
    }
}

impl std::fmt::Debug for Interceptors<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Interceptors")
            .field("declared", self.declared)
            .finish_non_exhaustive()
    }
}
