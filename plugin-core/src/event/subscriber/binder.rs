//! Binds a plugin's methods to the table: `#[plugin]` generates one call for each subscription.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;

use super::bindings::{Bindings, Bound};
use super::declared::Subscription;
use super::interest::Interest;
use crate::boxed::{PluginRef, PluginType, provider};
use crate::context::{Identity, Meta};
use crate::error::{DecodeError, Result};
use crate::event::bus::Bus;
use crate::event::descriptor::Event;
use crate::event::descriptor::erased;
use crate::event::durable::Durable;
use crate::event::durable::delivery::DurableDelivery;
use crate::event::handler::HandlerCore;
use crate::event::handler::caller::{self, Handler};
use crate::event::inline::entry::{Inline, InlineCall};
use crate::event::interceptor::Intercepted;
use crate::event::outcome::breaker::CircuitBreaker;
use crate::event::payload;
use crate::event::payload::{AnyEvent, Batch, BatchOutcome, Envelope, Payload, SharedEvent};
use crate::event::queue::acceptance::{Acceptance, StoreGate};
use crate::event::queue::handler::{Queued, QueuedCall, QueuedHandler};
use crate::event::queue::mailbox::Mailbox;
use crate::event::routing::bound::{AnyFilter, AnyHandler, BoundHandler};
use crate::event::routing::table::{TableBuilder, TableEdit};
use crate::event::uplink::Uplink;
use crate::options::{Overflow, SubscribeOptions};
use crate::pattern::Pattern;

/// Turns the methods of an instance into handlers: each call binds one method as its subscription
/// declares.
pub struct Binder<'a> {
    pub(super) bus: &'a Bus,
    pub(super) home: Home<'a>,
    pub(super) interest: Interest,
    pub(super) role: BindingRole,
    pub(super) bound: Bound,
}

/// The instance whose handlers are bound.
#[derive(Clone, Copy)]
pub(super) struct Home<'a> {
    pub(super) owner: &'a Arc<Identity>,
    pub(super) mailbox: &'a Arc<Mailbox>,
    /// Time limit of a call of its handlers, unless they set their own.
    pub(super) limit: Duration,
}

/// The role of what is bound.
pub(super) enum BindingRole {
    /// A handler in the table.
    Handler,
    /// The intake of a durable subscription, which has no instance.
    Intake(Arc<StoreGate>),
    /// The handler that a durable subscription delivers to, and its delivery.
    Delivery(Arc<Durable>, Option<DurableDelivery>),
    /// A method that the host of this process calls, and how it is called.
    Outside(Option<QueuedCall>),
    /// The target that represents the host.
    Uplink(Arc<dyn Uplink>),
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
        let home = Home {
            owner,
            mailbox,
            limit,
        };
        let mut bindings = Bindings::default();
        for subscription in subscriptions {
            let (handler, topic) = (subscription.handler, subscription.source.topic());
            let interest = Interest::declared(bus, handler, topic, subscription.options);
            let mut binder = Binder::new(bus, home, interest);
            if let Some(durable) = bus.durables().find(owner.name(), handler, topic) {
                binder.role = BindingRole::Delivery(durable, None);
            } else {
                let options = &subscription.options;
                binder.interest.group = bus.groups().join(owner, (handler, topic), options);
            }
            (subscription.bind)(plugin, &mut binder);
            if let BindingRole::Delivery(_, delivery) = binder.role {
                bindings.deliver(delivery);
            }
            bindings.add(binder.interest.subscription.number, binder.bound);
        }
        bindings
    }

    /// Sets the key function for the next handler. The handler has to be declared with
    /// [`SubscribeOptions::keyed`].
    pub fn key<E: Event>(&mut self, key: fn(&E) -> u64) {
        self.set_key(move |payload| {
            let envelope = payload.as_any().downcast_ref::<Envelope<E>>();
            key(envelope.expect("a route carries one type of event").event())
        });
    }

    /// Sets the key function for the next handler, which takes an [`AnyEvent`]. The handler has to
    /// be declared with [`SubscribeOptions::keyed`].
    pub fn key_any(&mut self, key: fn(&AnyEvent<'_>) -> u64) {
        self.set_key(move |payload| key(&AnyEvent::new(payload)));
    }

    fn set_key(&mut self, key: impl Fn(&dyn Payload) -> u64 + Send + Sync + 'static) {
        if self.interest.options.keyed {
            self.interest.key = Some(Box::new(key));
        }
    }

    pub(super) fn new(bus: &'a Bus, home: Home<'a>, interest: Interest) -> Self {
        Self {
            bus,
            home,
            interest,
            role: BindingRole::Handler,
            bound: Bound::default(),
        }
    }

    /// Binds the intake of a durable subscription, which needs no instance. Returns its number in
    /// the table as well.
    pub(super) fn intake(
        bus: &'a Bus,
        home: Home<'a>,
        gate: &Arc<StoreGate>,
        subscription: &Subscription,
    ) -> (u64, Vec<TableEdit>) {
        // The options of its handler apply to the delivery, not to the intake.
        let options = SubscribeOptions::DEFAULT.priority(subscription.options.priority);
        let topic = subscription.source.topic();
        let interest = Interest::declared(bus, subscription.handler, topic, options);
        let number = interest.subscription.number;
        let mut binder = Binder::new(bus, home, interest);
        binder.role = BindingRole::Intake(Arc::clone(gate));
        let nobody: PluginRef = Arc::new(());
        (subscription.bind)(&nobody, &mut binder);
        (number, binder.bound.changes)
    }

    /// A `fn` that takes an event.
    ///
    /// It must not capture anything, which is checked at compile time.
    pub fn inline<T: PluginType, E: Event, F>(
        &mut self,
        plugin: &PluginRef,
        filter: Option<fn(&E) -> bool>,
        call: F,
    ) where
        F: Fn(&T, &Envelope<E>) -> Result<()> + Copy + Send + Sync + 'static,
    {
        if self.is_called_from_outside(plugin) {
            let call = self.call_of(plugin, false, |limit| {
                let plugin = provider::<T>(plugin);
                QueuedCall::one(limit, move |callee| {
                    let plugin = Arc::clone(&plugin);
                    caller::inline(callee, move |event| call(&plugin, event))
                })
            });
            return self.add_queued_event(filter, call);
        }
        self.add_inline(filter, InlineCall::of(provider::<T>(plugin), call));
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
        let call = self.call_of(plugin, false, |limit| {
            let plugin = provider::<T>(plugin);
            QueuedCall::one(limit, move |callee| {
                caller::borrowing::<T, E, H>(callee, Arc::clone(&plugin), handler)
            })
        });
        self.add_queued_event(filter, call);
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
        let call = self.call_of(plugin, true, |limit| {
            let plugin = provider::<T>(plugin);
            QueuedCall::batch(limit, move |callee| {
                let plugin = Arc::clone(&plugin);
                caller::owning_all(callee, move |events| {
                    let events: Vec<_> = events.into_iter().map(typed::<E>).collect();
                    let count = events.len();
                    let returned = call(Arc::clone(&plugin), Batch::new(events));
                    async move { payload::result_of(returned.await, count) }
                })
            })
        });
        self.add_queued_event(filter, call);
    }

    /// A `fn` that takes an [`AnyEvent`].
    ///
    /// # Panics
    ///
    /// Panics if the pattern is malformed, which `#[plugin]` has checked.
    pub fn inline_any<T: PluginType>(
        &mut self,
        plugin: &PluginRef,
        filter: Option<fn(&AnyEvent<'_>) -> bool>,
        call: fn(&T, &AnyEvent<'_>) -> Result<()>,
    ) {
        let filter = filter.map(any_filter);
        if self.is_called_from_outside(plugin) {
            let call = self.call_of(plugin, false, |limit| {
                let plugin = provider::<T>(plugin);
                QueuedCall::one(limit, move |callee| {
                    let plugin = Arc::clone(&plugin);
                    caller::inline_any(callee, move |event| call(&plugin, event))
                })
            });
            return self.add_queued_any_call(filter, call);
        }
        let plugin = provider::<T>(plugin);
        let handler = AnyHandler::Inline {
            core: Arc::new(self.core()),
            filter,
            call: Arc::new(move |event| call(&plugin, event)),
        };
        self.add_any(handler);
    }

    /// An `async fn` that takes an [`AnyEvent`].
    ///
    /// # Panics
    ///
    /// Panics if the pattern is malformed, which `#[plugin]` has checked.
    pub fn queued_any<T: PluginType, F>(
        &mut self,
        plugin: &PluginRef,
        filter: Option<fn(&AnyEvent<'_>) -> bool>,
        call: fn(Arc<T>, SharedEvent) -> F,
    ) where
        F: Future<Output = Result<()>> + Send + 'static,
    {
        let call = self.call_of(plugin, false, |limit| {
            let plugin = provider::<T>(plugin);
            any_call(limit, move |event| call(Arc::clone(&plugin), event))
        });
        self.add_queued_any_call(filter.map(any_filter), call);
    }

    pub(in crate::event) fn add_queued_any<F>(
        &mut self,
        filter: Option<AnyFilter>,
        call: impl Fn(SharedEvent) -> F + Send + Sync + 'static,
    ) where
        F: Future<Output = Result<()>> + Send + 'static,
    {
        self.add_queued_any_call(filter, |limit| any_call(limit, call));
    }

    fn add_queued_any_call(
        &mut self,
        filter: Option<AnyFilter>,
        call: impl FnOnce(Duration) -> QueuedCall,
    ) {
        let call = call(self.limit());
        if let BindingRole::Outside(outside) = &mut self.role {
            *outside = Some(call);
            return;
        }
        let handler = self.queued_handler(call);
        self.add_any(AnyHandler::Queued { handler, filter });
    }

    pub(in crate::event) fn add_inline<E: Event>(
        &mut self,
        filter: Option<fn(&E) -> bool>,
        call: InlineCall<E>,
    ) {
        let filter = filter.map(|filter| Box::new(move |event: &Envelope<E>| filter(event)) as _);
        let handler = Inline::new(Arc::new(self.core()), filter, call);
        let index = self.bus.index::<E>();
        self.bound.changes.push(Box::new(move |builder| {
            builder.add(index, BoundHandler::Inline(handler))
        }));
    }

    pub(in crate::event) fn add_queued<E: Event, F>(
        &mut self,
        call: impl Fn(Arc<Envelope<E>>) -> F + Send + Sync + 'static,
    ) where
        F: Future<Output = Result<()>> + Send + 'static,
    {
        self.add_queued_event::<E>(None, |limit| {
            let call = Arc::new(call);
            QueuedCall::one(limit, move |callee| {
                let call = Arc::clone(&call);
                caller::owning(callee, move |event| call(typed::<E>(Arc::clone(event))))
            })
        });
    }

    pub(in crate::event) fn add_any(&mut self, handler: AnyHandler) {
        let pattern = Pattern::parse(&self.interest.topic)
            .expect("the pattern was checked when it was declared");
        self.bound
            .changes
            .push(Box::new(move |builder| builder.add_any(&pattern, &handler)));
    }

    /// Binds the handler that `call` makes. The worker of an intake calls no handler.
    fn add_queued_event<E: Event>(
        &mut self,
        filter: Option<fn(&E) -> bool>,
        call: impl FnOnce(Duration) -> QueuedCall,
    ) {
        let call = match self.role {
            BindingRole::Intake(_) => QueuedCall::one(Duration::MAX, |callee| {
                caller::owning(callee, |_| std::future::ready(Ok(())))
            }),
            _ => call(self.limit()),
        };
        if let BindingRole::Outside(outside) = &mut self.role {
            *outside = Some(call);
            return;
        }
        let handler = self.queued_handler(call);
        if let BindingRole::Delivery(durable, delivery) = &mut self.role {
            *delivery = Some(DurableDelivery::new(durable, handler, decode::<E>));
            return;
        }
        let filter = filter.map(|filter| Box::new(move |event: &Envelope<E>| filter(event)) as _);
        let handler = Queued::new(handler, filter);
        let index = self.bus.index::<E>();
        let change =
            move |builder: &mut TableBuilder<'_>| builder.add(index, BoundHandler::Queued(handler));
        self.bound.changes.push(Box::new(change));
    }

    pub(super) fn core(&self) -> HandlerCore {
        let Interest {
            handler,
            topic,
            options,
            subscription,
            ..
        } = &self.interest;
        HandlerCore::new(
            self.home.owner,
            (handler, topic),
            *options,
            subscription.clone(),
            self.bus.letters().clone(),
        )
    }

    pub(super) fn limit(&self) -> Duration {
        (self.interest.options.timeout).unwrap_or(self.home.limit)
    }

    pub(super) fn queued_handler(&mut self, call: QueuedCall) -> Arc<QueuedHandler> {
        let Interest {
            handler, options, ..
        } = self.interest;
        if options.overflow == Overflow::DropOldest {
            self.home.mailbox.may_give_way();
        }
        let breaker =
            (options.breaker).map(|breaker| Arc::new(CircuitBreaker::new(handler, breaker)));
        let quota = (options.queue).map(|most| Arc::new(Semaphore::new(most)));
        let interceptors = match self.role {
            // The interceptors of its topic are not known, because it has no place in the table.
            BindingRole::Delivery(..) => Intercepted::engaged(self.bus.chain()),
            // The code that calls interceptors also records whether the target works.
            BindingRole::Handler if breaker.is_some() => Intercepted::engaged(self.bus.chain()),
            _ => Intercepted::new(self.bus.chain()),
        };
        let acceptance = Acceptance {
            key: self.interest.key.take(),
            group: self.interest.group.take(),
            store: match &self.role {
                BindingRole::Intake(gate) => Some(Arc::clone(gate)),
                _ => None,
            },
            uplink: match &self.role {
                BindingRole::Uplink(uplink) => Some(Arc::clone(uplink)),
                _ => None,
            },
            quota: quota.clone(),
        };
        self.bound.breakers.extend(breaker.clone());
        self.bound.quotas.extend(quota);
        let place = (self.core(), self.home.mailbox);
        QueuedHandler::new(place, (call, interceptors), acceptance, breaker)
    }
}

/// How a method that takes an event of any type is called.
fn any_call<F>(
    limit: Duration,
    call: impl Fn(SharedEvent) -> F + Send + Sync + 'static,
) -> QueuedCall
where
    F: Future<Output = Result<()>> + Send + 'static,
{
    let call = Arc::new(call);
    QueuedCall::one(limit, move |callee| {
        let call = Arc::clone(&call);
        caller::owning(callee, move |event| call(SharedEvent(Arc::clone(event))))
    })
}

fn any_filter(filter: fn(&AnyEvent<'_>) -> bool) -> AnyFilter {
    Arc::new(filter)
}

/// Reads a stored event.
fn decode<E: Event>(data: &str, meta: Meta) -> Result<Arc<dyn Payload>, DecodeError> {
    erased::read::<E>(data.as_bytes())
        .map(|event| Arc::new(Envelope::new(meta, event)) as Arc<dyn Payload>)
        .map_err(|error| DecodeError::new(E::DESCRIPTOR.topic, error))
}

fn typed<E: Event>(payload: Arc<dyn Payload>) -> Arc<Envelope<E>> {
    (payload.into_any())
        .downcast()
        .expect("a route carries one type of event")
}

impl std::fmt::Debug for Binder<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Binder")
            .field("handler", &self.interest.handler)
            .field("topic", &self.interest.topic)
            .finish_non_exhaustive()
    }
}
