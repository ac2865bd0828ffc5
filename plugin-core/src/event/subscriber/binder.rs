//! Binds a plugin's methods to the table: `#[plugin]` writes one call per subscription.

use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use tokio::sync::Semaphore;

use super::bindings::Bindings;
use super::declared::Subscription;
use crate::boxed::{PluginRef, PluginType, provider};
use crate::context::{Identity, Meta};
use crate::error::{DecodeError, Result};
use crate::event::bus::Bus;
use crate::event::descriptor::Event;
use crate::event::descriptor::erased;
use crate::event::durable::delivery::Delivery;
use crate::event::durable::store::SubscriptionName;
use crate::event::durable::{Durable, Durables};
use crate::event::handler::Site;
use crate::event::handler::caller::{self, Handler};
use crate::event::inline::entry::{self, Inline};
use crate::event::middleware::Intercepted;
use crate::event::outcome::breaker::Breaker;
use crate::event::payload;
use crate::event::payload::{AnyEvent, Batch, BatchOutcome, Envelope, Payload, SharedEvent};
use crate::event::queue::acceptance::{Acceptance, StoreGate};
use crate::event::queue::group::{KeyOf, Membership};
use crate::event::queue::handler::{Queued, QueuedCall, QueuedSite};
use crate::event::queue::mailbox::Mailbox;
use crate::event::routing::bound::{AnyFilter, AnyHandler, Bound};
use crate::event::routing::table::Change;
use crate::options::{Mode, Overflow, SubscribeOptions};
use crate::pattern::Pattern;

/// Collects the changes of the table that make an instance's methods handlers.
pub struct Binder<'a> {
    pub(in crate::event) bus: &'a Bus,
    pub(in crate::event) owner: &'a Arc<Identity>,
    pub(in crate::event) mailbox: &'a Arc<Mailbox>,
    pub(in crate::event) limit: Duration,
    pub(in crate::event) handler: &'static str,
    pub(in crate::event) topic: String,
    pub(in crate::event) options: SubscribeOptions,
    pub(in crate::event) subscription: u64,
    /// Of a subscription that ends with its handle.
    pub(in crate::event) ended: Option<Arc<AtomicBool>>,
    pub(in crate::event) key: Option<KeyOf>,
    pub(in crate::event) group: Option<Membership>,
    pub(in crate::event) changes: Vec<Change>,
    pub(in crate::event) breakers: Vec<Arc<Breaker>>,
    pub(in crate::event) quota: Option<Arc<Semaphore>>,
    pub(in crate::event) role: Role,
}

/// What is bound.
pub(in crate::event) enum Role {
    /// A handler in the table.
    Handler,
    /// The intake of a durable subscription: there is no instance.
    Intake(Arc<StoreGate>),
    /// The handler that a durable subscription delivers to, and how.
    Delivery(Arc<Durable>, Option<Delivery>),
}

impl<'a> Binder<'a> {
    /// Binds all subscriptions of a plugin.
    pub(crate) fn bind(
        bus: &'a Bus,
        owner: &'a Arc<Identity>,
        mailbox: &'a Arc<Mailbox>,
        limit: Duration,
        (plugin, subscriptions): (&PluginRef, &[Subscription]),
    ) -> Bindings {
        let mut bindings = Bindings::default();
        for subscription in subscriptions {
            let mut binder = Binder::new(bus, owner, (mailbox, limit), subscription);
            let topic = subscription.source.topic();
            if let Some(durable) = bus
                .durables()
                .find(owner.name(), subscription.handler, topic)
            {
                binder.role = Role::Delivery(durable, None);
            } else {
                let (handler, options) = (subscription.handler, &subscription.options);
                binder.group = bus.groups().join(owner, (handler, topic), options);
            }
            (subscription.bind)(plugin, &mut binder);
            if let Role::Delivery(_, delivery) = binder.role {
                bindings.deliver(delivery);
            }
            bindings.guard(binder.breakers);
            bindings.limit(binder.quota);
            bindings.add(binder.subscription, binder.changes);
        }
        bindings
    }

    /// The key of an event, for the handler that comes next. It has to be declared with
    /// [`SubscribeOptions::keyed`].
    pub fn key<E: Event>(&mut self, key: fn(&E) -> u64) {
        self.set_key(move |payload| {
            let envelope = payload.as_any().downcast_ref::<Envelope<E>>();
            key(envelope.expect("a route carries one type of event").event())
        });
    }

    /// The key of an [`AnyEvent`], for the handler that comes next. It has to be declared with
    /// [`SubscribeOptions::keyed`].
    pub fn key_any(&mut self, key: fn(&AnyEvent<'_>) -> u64) {
        self.set_key(move |payload| key(&AnyEvent::new(payload)));
    }

    fn set_key(&mut self, key: impl Fn(&dyn Payload) -> u64 + Send + Sync + 'static) {
        if self.options.keyed {
            self.key = Some(Box::new(key));
        }
    }

    fn new(
        bus: &'a Bus,
        owner: &'a Arc<Identity>,
        (mailbox, limit): (&'a Arc<Mailbox>, Duration),
        subscription: &Subscription,
    ) -> Self {
        Self {
            bus,
            owner,
            mailbox,
            limit: subscription.options.timeout.unwrap_or(limit),
            handler: subscription.handler,
            topic: subscription.source.topic().to_owned(),
            options: subscription.options,
            subscription: bus.next_subscription(),
            ended: None,
            key: None,
            group: None,
            changes: Vec::new(),
            breakers: Vec::new(),
            quota: None,
            role: Role::Handler,
        }
    }

    /// Binds the intake of a durable subscription, which needs no instance.
    pub(in crate::event) fn intake(
        bus: &'a Bus,
        owner: &'a Arc<Identity>,
        (gate, mailbox): (&Arc<StoreGate>, &'a Arc<Mailbox>),
        subscription: &Subscription,
    ) -> Vec<Change> {
        let mut binder = Binder::new(bus, owner, (mailbox, Duration::MAX), subscription);
        // How its handler is served is up to the delivery.
        binder.options = SubscribeOptions::DEFAULT.priority(subscription.options.priority);
        binder.role = Role::Intake(Arc::clone(gate));
        let nobody: PluginRef = Arc::new(());
        (subscription.bind)(&nobody, &mut binder);
        binder.changes
    }

    /// A `fn` that takes an event.
    ///
    /// It captures nothing: that is checked when it is compiled.
    pub fn inline<T: PluginType, E: Event, F>(
        &mut self,
        plugin: &PluginRef,
        filter: Option<fn(&E) -> bool>,
        call: F,
    ) where
        F: Fn(&T, &Envelope<E>) -> Result<()> + Copy,
    {
        self.add_inline(filter, entry::Bound::of(provider::<T>(plugin), call));
    }

    /// An `async fn` that takes an event.
    pub fn queued<T: PluginType, E: Event, H>(
        &mut self,
        plugin: &PluginRef,
        filter: Option<fn(&E) -> bool>,
        handler: H,
    ) where
        H: for<'h> Handler<'h, T, E> + Copy + Send + Sync + 'static,
        <H as Handler<'static, T, E>>::Future: Send,
    {
        if self.is_intake() {
            return self.add_intake(filter);
        }
        let plugin = provider::<T>(plugin);
        let caller =
            move |callee| caller::borrowing::<T, E, H>(callee, Arc::clone(&plugin), handler);
        let site = self.queued_site(QueuedCall::one(self.limit, caller));
        self.add_site(filter, site);
    }

    /// An `async fn` that takes a [`Batch`].
    pub fn batch<T: PluginType, E: Event, F>(
        &mut self,
        plugin: &PluginRef,
        filter: Option<fn(&E) -> bool>,
        call: fn(Arc<T>, Batch<E>) -> F,
    ) where
        F: Future<Output = Result<Option<BatchOutcome>>> + Send + 'static,
    {
        if self.is_intake() {
            return self.add_intake(filter);
        }
        let plugin = provider::<T>(plugin);
        let site = self.queued_site(QueuedCall::batch(self.limit, move |callee| {
            let plugin = Arc::clone(&plugin);
            caller::owning_all(callee, move |events| {
                let events: Vec<_> = events.into_iter().map(typed::<E>).collect();
                let count = events.len();
                let returned = call(Arc::clone(&plugin), Batch::new(events));
                async move { payload::result_of(returned.await, count) }
            })
        }));
        self.add_site(filter, site);
    }

    /// A `fn` that takes an [`AnyEvent`].
    ///
    /// # Panics
    ///
    /// When the pattern is malformed; `#[plugin]` has checked it.
    pub fn inline_any<T: PluginType>(
        &mut self,
        plugin: &PluginRef,
        filter: Option<fn(&AnyEvent<'_>) -> bool>,
        call: fn(&T, &AnyEvent<'_>) -> Result<()>,
    ) {
        let plugin = provider::<T>(plugin);
        let handler = AnyHandler::Inline {
            site: Arc::new(self.site()),
            filter: filter.map(any_filter),
            call: Arc::new(move |event| call(&plugin, event)),
        };
        self.add_any(handler);
    }

    /// An `async fn` that takes an [`AnyEvent`].
    ///
    /// # Panics
    ///
    /// When the pattern is malformed; `#[plugin]` has checked it.
    pub fn queued_any<T: PluginType, F>(
        &mut self,
        plugin: &PluginRef,
        filter: Option<fn(&AnyEvent<'_>) -> bool>,
        call: fn(Arc<T>, SharedEvent) -> F,
    ) where
        F: Future<Output = Result<()>> + Send + 'static,
    {
        let plugin = provider::<T>(plugin);
        let call = move |event| call(Arc::clone(&plugin), event);
        self.add_queued_any(filter.map(any_filter), call);
    }

    pub(in crate::event) fn add_queued_any<F>(
        &mut self,
        filter: Option<AnyFilter>,
        call: impl Fn(SharedEvent) -> F + Send + Sync + 'static,
    ) where
        F: Future<Output = Result<()>> + Send + 'static,
    {
        let call = Arc::new(call);
        let site = self.queued_site(QueuedCall::one(self.limit, move |callee| {
            let call = Arc::clone(&call);
            caller::owning(callee, move |event| call(SharedEvent(Arc::clone(event))))
        }));
        self.add_any(AnyHandler::Queued { site, filter });
    }

    pub(in crate::event) fn add_inline<E: Event>(
        &mut self,
        filter: Option<fn(&E) -> bool>,
        handler: entry::Bound<E>,
    ) {
        let filter = filter.map(|filter| Box::new(move |event: &Envelope<E>| filter(event)) as _);
        let handler = Inline::new(Arc::new(self.site()), filter, handler);
        let index = self.bus.index::<E>();
        self.changes.push(Box::new(move |draft| {
            draft.add(index, Bound::Inline(handler))
        }));
    }

    pub(in crate::event) fn add_queued<E: Event, F>(
        &mut self,
        call: impl Fn(Arc<Envelope<E>>) -> F + Send + Sync + 'static,
    ) where
        F: Future<Output = Result<()>> + Send + 'static,
    {
        let call = Arc::new(call);
        let site = self.queued_site(QueuedCall::one(self.limit, move |callee| {
            let call = Arc::clone(&call);
            caller::owning(callee, move |event| call(typed::<E>(Arc::clone(event))))
        }));
        self.add_site::<E>(None, site);
    }

    pub(in crate::event) fn add_any(&mut self, handler: AnyHandler) {
        let pattern =
            Pattern::parse(&self.topic).expect("the pattern was checked when it was declared");
        self.changes
            .push(Box::new(move |draft| draft.add_any(&pattern, &handler)));
    }

    fn is_intake(&self) -> bool {
        matches!(self.role, Role::Intake(_))
    }

    /// The worker of an intake calls no handler.
    fn add_intake<E: Event>(&mut self, filter: Option<fn(&E) -> bool>) {
        let nothing = |callee| caller::owning(callee, |_| std::future::ready(Ok(())));
        let site = self.queued_site(QueuedCall::one(self.limit, nothing));
        self.add_site(filter, site);
    }

    fn add_site<E: Event>(&mut self, filter: Option<fn(&E) -> bool>, site: Arc<QueuedSite>) {
        if let Role::Delivery(durable, delivery) = &mut self.role {
            *delivery = Some(Delivery::new(durable, site, decode::<E>));
            return;
        }
        let filter = filter.map(|filter| Box::new(move |event: &Envelope<E>| filter(event)) as _);
        let handler = Queued::new(site, filter);
        let index = self.bus.index::<E>();
        self.changes.push(Box::new(move |draft| {
            draft.add(index, Bound::Queued(handler))
        }));
    }

    pub(in crate::event) fn site(&self) -> Site {
        Site::new(
            self.owner,
            self.handler,
            &self.topic,
            self.options,
            (
                self.subscription,
                self.ended.clone(),
                self.bus.letters().clone(),
            ),
        )
    }

    fn breaker(&mut self) -> Option<Arc<Breaker>> {
        let breaker = Arc::new(Breaker::new(self.handler, self.options.breaker?));
        self.breakers.push(Arc::clone(&breaker));
        Some(breaker)
    }

    pub(in crate::event) fn queued_site(&mut self, call: QueuedCall) -> Arc<QueuedSite> {
        if self.options.overflow == Overflow::DropOldest {
            self.mailbox.may_give_way();
        }
        let breaker = self.breaker();
        self.quota = (self.options.queue).map(|most| Arc::new(Semaphore::new(most)));
        let middleware = match self.role {
            // Those of its topic are not known: it has no place in the table.
            Role::Delivery(..) => Intercepted::engaged(self.bus.chain()),
            // Whether its target is up is noted where middleware is told.
            Role::Handler if breaker.is_some() => Intercepted::engaged(self.bus.chain()),
            Role::Handler | Role::Intake(_) => Intercepted::new(self.bus.chain()),
        };
        let acceptance = Acceptance {
            key: self.key.take(),
            group: self.group.take(),
            store: match &self.role {
                Role::Intake(gate) => Some(Arc::clone(gate)),
                Role::Handler | Role::Delivery(..) => None,
            },
            quota: self.quota.clone(),
        };
        QueuedSite::new(
            (self.site(), self.mailbox),
            (call, middleware),
            acceptance,
            breaker,
        )
    }
}

/// Only what is queued can wait for a store.
fn is_durable(subscription: &Subscription) -> bool {
    subscription.options.durable && subscription.mode == Mode::Queued
}

impl Durables {
    /// Gives the durable ones of a plugin's subscriptions their place in the table, and begins to
    /// accept events for them.
    pub(crate) fn declare(&self, bus: &Bus, owner: &Arc<Identity>, subscriptions: &[Subscription]) {
        for subscription in subscriptions.iter().filter(|one| is_durable(one)) {
            let name = SubscriptionName {
                plugin: Cow::Borrowed(owner.name()),
                handler: Cow::Borrowed(subscription.handler),
                topic: Cow::Borrowed(subscription.source.topic()),
            };
            self.open(name, bus.pending(), |gate, mailbox| {
                let intake = Binder::intake(bus, owner, (gate, mailbox), subscription);
                drop(bus.change(intake));
            });
        }
    }
}

/// Reads a stored event.
fn decode<E: Event>(data: &str, meta: Meta) -> Result<Arc<dyn Payload>, DecodeError> {
    erased::read::<E>(data.as_bytes())
        .map(|event| Arc::new(Envelope::new(meta, event)) as Arc<dyn Payload>)
        .map_err(|error| DecodeError::new(E::DESCRIPTOR.topic, error))
}

fn any_filter(filter: fn(&AnyEvent<'_>) -> bool) -> AnyFilter {
    Arc::new(filter)
}

fn typed<E: Event>(payload: Arc<dyn Payload>) -> Arc<Envelope<E>> {
    (payload.into_any())
        .downcast()
        .expect("a route carries one type of event")
}

impl std::fmt::Debug for Binder<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Binder")
            .field("handler", &self.handler)
            .field("topic", &self.topic)
            .finish_non_exhaustive()
    }
}
