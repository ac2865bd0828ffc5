//! The handlers of events: the declared methods of a plugin (`declared`), how they are bound to an
//! instance (`binder`, `interceptors`), and subscriptions at run time, which end when their handle
//! is dropped.
//!
//! A binder combines what is wanted (`interest`) with the code that runs, and collects the
//! resulting changes (`bindings`).

pub(super) mod binder;
pub(super) mod bindings;
pub(super) mod declared;
mod durable;
pub(super) mod interceptors;
mod interest;
pub(super) mod observer;
pub(super) mod outside;

use std::fmt;
use std::future::Future;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::context::Identity;
use crate::error::{Error, IntoOutcome, Result};
use crate::event::bus::{Bus, Retired};
use crate::event::descriptor::Event;
use crate::event::descriptor::unmatched;
use crate::event::handler::Subscribed;
use crate::event::inline::entry::InlineCall;
use crate::event::payload::{AnyEvent, Envelope, SharedEvent};
use crate::event::queue::mailbox::Mailbox;
use crate::event::routing::bound::AnyHandler;
use crate::event::routing::table::TableEdit;
use crate::pattern::Pattern;
use binder::{Binder, Home};
use bindings::{Bindings, Bound};
use interest::Interest;

/// The right of one plugin to subscribe at run time. A subscription that is made before the plugin
/// runs begins when the plugin runs. All subscriptions end when it stops.
#[derive(Clone)]
pub struct Subscriber(Arc<SubscriberInner>);

struct SubscriberInner {
    bus: Bus,
    owner: Arc<Identity>,
    mailbox: Arc<Mailbox>,
    limit: Duration,
    /// Whether the plugin has this handle.
    handed_out: AtomicBool,
    state: Mutex<SubscriptionState>,
}

/// Whether the plugin receives events.
enum SubscriptionState {
    /// Not yet: these changes are made when it does.
    Before(Bindings),
    Active(Vec<u64>),
    /// Another life receives events in its place, since the change that replaced this table.
    Replaced(Retired),
    Ended,
}

impl Subscriber {
    pub(crate) fn new(
        bus: Bus,
        owner: Arc<Identity>,
        mailbox: Arc<Mailbox>,
        limit: Duration,
    ) -> Self {
        Self(Arc::new(SubscriberInner {
            bus,
            owner,
            mailbox,
            limit,
            handed_out: AtomicBool::new(false),
            state: Mutex::new(SubscriptionState::Before(Bindings::default())),
        }))
    }

    /// The mailbox for its events.
    pub(crate) fn mailbox(&self) -> &Arc<Mailbox> {
        &self.0.mailbox
    }

    /// The handle for the plugin.
    pub(crate) fn hand_out(&self) -> Self {
        self.0.handed_out.store(true, Relaxed);
        self.clone()
    }

    /// Whether the plugin may subscribe, now or later.
    pub(crate) fn is_handed_out(&self) -> bool {
        self.0.handed_out.load(Relaxed)
    }

    /// Calls a function for each `E`, on the publisher's task, so the function must be short.
    ///
    /// # Errors
    ///
    /// Returns an error if the plugin may not subscribe to the topic, or is stopping.
    pub fn subscribe<E, R>(
        &self,
        handler: impl Fn(&Envelope<E>) -> R + Send + Sync + 'static,
    ) -> Result<SubscriptionHandle>
    where
        E: Event,
        R: IntoOutcome,
    {
        self.bind(E::DESCRIPTOR.topic, |binder| {
            let call = move |event: &Envelope<E>| handler(event).into_outcome();
            binder.add_inline::<E>(None, InlineCall::closure(call));
        })
    }

    /// Runs a future for each `E`, on the plugin's worker.
    ///
    /// # Errors
    ///
    /// Returns an error if the plugin may not subscribe to the topic, or is stopping.
    pub fn subscribe_async<E, F>(
        &self,
        handler: impl Fn(Arc<Envelope<E>>) -> F + Send + Sync + 'static,
    ) -> Result<SubscriptionHandle>
    where
        E: Event,
        F: Future<Output: IntoOutcome> + Send + 'static,
    {
        self.bind(E::DESCRIPTOR.topic, |binder| {
            binder.add_queued::<E, _>(move |event| {
                let future = handler(event);
                async move { future.await.into_outcome() }
            });
        })
    }

    /// Calls a function for each event whose topic matches a pattern and that a filter accepts, on
    /// the publisher's task, so the function must be short.
    ///
    /// # Errors
    ///
    /// Returns an error if the pattern is malformed, or if the plugin may not subscribe to it, or
    /// is stopping.
    pub fn subscribe_with_filter<R: IntoOutcome>(
        &self,
        pattern: &str,
        handler: impl Fn(&AnyEvent<'_>) -> R + Send + Sync + 'static,
        filter: impl Fn(&AnyEvent<'_>) -> bool + Send + Sync + 'static,
    ) -> Result<SubscriptionHandle> {
        self.check(pattern)?;
        self.bind(pattern, |binder| {
            let handler = AnyHandler::Inline {
                core: Arc::new(binder.core()),
                filter: Some(Arc::new(filter)),
                call: Arc::new(move |event| handler(event).into_outcome()),
            };
            binder.add_any(handler);
        })
    }

    /// Runs a future for each event whose topic matches a pattern, on the plugin's worker.
    ///
    /// # Errors
    ///
    /// Returns an error if the pattern is malformed, or if the plugin may not subscribe to it, or
    /// is stopping.
    pub fn subscribe_any_async<F>(
        &self,
        pattern: &str,
        handler: impl Fn(SharedEvent) -> F + Send + Sync + 'static,
    ) -> Result<SubscriptionHandle>
    where
        F: Future<Output: IntoOutcome> + Send + 'static,
    {
        self.check(pattern)?;
        self.bind(pattern, |binder| {
            binder.add_queued_any(None, move |event| {
                let future = handler(event);
                async move { future.await.into_outcome() }
            });
        })
    }

    fn check(&self, pattern: &str) -> Result<()> {
        let pattern = Pattern::parse(pattern)?;
        unmatched::warn(self.0.owner.name(), "subscribe", &pattern);
        Ok(())
    }

    fn bind(&self, topic: &str, bind: impl FnOnce(&mut Binder<'_>)) -> Result<SubscriptionHandle> {
        self.bind_for(Interest::at_run_time(&self.0.bus, topic), bind)
    }

    fn bind_for(
        &self,
        interest: Interest,
        bind: impl FnOnce(&mut Binder<'_>),
    ) -> Result<SubscriptionHandle> {
        let inner = &*self.0;
        inner.owner.grants().subscribe(&interest.topic)?;
        let home = Home {
            owner: &inner.owner,
            mailbox: &inner.mailbox,
            limit: inner.limit,
        };
        let mut binder = Binder::new(&inner.bus, home, interest);
        bind(&mut binder);
        let subscription = binder.interest.subscription;
        drop(self.begin(subscription.number, binder.bound)?);
        Ok(SubscriptionHandle {
            subscriber: self.clone(),
            subscription,
        })
    }

    /// The caller has to drop the returned value without the lock: it may contain handlers, whose
    /// `Drop` may unsubscribe.
    fn begin(&self, subscription: u64, bound: Bound) -> Result<Option<Retired>> {
        match &mut *self.state() {
            SubscriptionState::Before(bindings) => {
                bindings.add(subscription, bound);
                Ok(None)
            }
            SubscriptionState::Active(subscriptions) => {
                subscriptions.push(subscription);
                Ok(Some(self.0.bus.change(bound.changes)))
            }
            SubscriptionState::Replaced(_) | SubscriptionState::Ended => {
                Err(Error::external("the plugin is stopping"))
            }
        }
    }

    /// Begins to receive events: the plugin's own handlers and earlier subscriptions begin in one
    /// step.
    pub(crate) fn activate(&self, mut bindings: Bindings) {
        let mut state = self.state();
        if let SubscriptionState::Before(early) = &mut *state {
            bindings.append(std::mem::take(early));
        }
        let (subscriptions, changes) = bindings.split();
        let retired = (!changes.is_empty()).then(|| self.0.bus.change(changes));
        *state = SubscriptionState::Active(subscriptions);
        drop(state);
        drop(retired);
    }

    /// Begins to receive events in place of another life, by one change of the table: events that
    /// were published before go to the old life, later events to this one.
    pub(crate) fn take_over(&self, before: &Self, mut bindings: Bindings) {
        let mut own = self.state();
        if let SubscriptionState::Before(early) = &mut *own {
            bindings.append(std::mem::take(early));
        }
        let (subscriptions, mut changes) = bindings.split();
        let mut other = before.state();
        let gone = match std::mem::replace(&mut *other, SubscriptionState::Ended) {
            SubscriptionState::Active(gone) => gone,
            _ => Vec::new(),
        };
        changes.insert(0, remove(gone));
        *other = SubscriptionState::Replaced(self.0.bus.change(changes));
        *own = SubscriptionState::Active(subscriptions);
    }

    /// Ends receiving. Waits until the handlers return that publishers are calling.
    pub(crate) async fn deactivate(&self) {
        if let Some(retired) = self.end() {
            retired.quiesce().await;
        }
    }

    fn end(&self) -> Option<Retired> {
        let before = std::mem::replace(&mut *self.state(), SubscriptionState::Ended);
        let subscriptions = match before {
            SubscriptionState::Active(subscriptions) => subscriptions,
            SubscriptionState::Replaced(retired) => return Some(retired),
            SubscriptionState::Before(_) | SubscriptionState::Ended => return None,
        };
        if subscriptions.is_empty() {
            return None;
        }
        Some(self.0.bus.change(vec![remove(subscriptions)]))
    }

    /// As in [`Subscriber::begin`], the returned value is dropped without the lock.
    fn unsubscribe(&self, subscription: u64) -> (Option<Vec<TableEdit>>, Option<Retired>) {
        match &mut *self.state() {
            SubscriptionState::Before(bindings) => (bindings.remove(subscription), None),
            SubscriptionState::Active(subscriptions) => {
                subscriptions.retain(|&other| other != subscription);
                let retired = self.0.bus.change(vec![remove(vec![subscription])]);
                (None, Some(retired))
            }
            SubscriptionState::Replaced(_) | SubscriptionState::Ended => (None, None),
        }
    }

    fn state(&self) -> MutexGuard<'_, SubscriptionState> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn remove(subscriptions: Vec<u64>) -> TableEdit {
    Box::new(move |builder| builder.remove(&|other| subscriptions.contains(&other)))
}

impl fmt::Debug for Subscriber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Subscriber({})", self.0.owner.name())
    }
}

/// A subscription at run time. It ends when this handle is dropped: no call begins after that, but
/// a call that another thread has begun runs to its end.
#[derive(Debug)]
#[must_use = "the subscription ends when its handle is dropped"]
pub struct SubscriptionHandle {
    subscriber: Subscriber,
    subscription: Subscribed,
}

impl SubscriptionHandle {
    /// Ends the subscription, like dropping the handle.
    pub fn unsubscribe(self) {}
}

impl Drop for SubscriptionHandle {
    fn drop(&mut self) {
        self.subscription.end();
        drop(self.subscriber.unsubscribe(self.subscription.number));
    }
}
