//! One interceptor of a running instance.

use std::cmp::Reverse;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use super::delivery::{Delivered, Delivery};
use super::report::InterceptorReport;
use super::topic_filter::TopicFilter;
use crate::context::{EventId, Identity, InstanceId};
use crate::error::{Error, ErrorKind, Result};
use crate::event::payload::{AnyEvent, Substitute};
use crate::guard;
use crate::instance_name::is_of;
use crate::options::Stage;
use crate::rcu::tally::Tally;

pub(in crate::event) type OnPublish =
    dyn Fn(&AnyEvent<'_>) -> Result<Option<Substitute>> + Send + Sync;
pub(in crate::event) type OnDeliver = dyn Fn(&Delivery<'_>) -> Result<()> + Send + Sync;
pub(in crate::event) type OnDelivered =
    dyn Fn(&Delivery<'_>, &Delivered<'_>) -> Result<()> + Send + Sync;

/// The owner of an interceptor, its place in the order, and its counters.
#[derive(Debug)]
pub(in crate::event) struct Registration {
    pub(in crate::event) owner: Arc<Identity>,
    pub(in crate::event) name: &'static str,
    pub(in crate::event) stage: Stage,
    pub(in crate::event) topics: TopicFilter,
    pub(in crate::event) priority: i32,
    /// A number from those of the bus's subscriptions, by which it is removed again.
    pub(in crate::event) subscription: u64,
    calls: Tally,
    errors: AtomicU64,
}

impl Registration {
    pub(in crate::event) fn new(
        owner: &Arc<Identity>,
        (name, stage): (&'static str, Stage),
        (topics, priority): (TopicFilter, i32),
        subscription: u64,
    ) -> Self {
        Self {
            owner: Arc::clone(owner),
            name,
            stage,
            topics,
            priority,
            subscription,
            calls: Tally::new(),
            errors: AtomicU64::new(0),
        }
    }

    /// The order: by priority, then in start order, then in order of declaration.
    pub(in crate::event) fn rank(&self) -> (Reverse<i32>, InstanceId, u64) {
        (Reverse(self.priority), self.owner.id(), self.subscription)
    }

    /// Whether it is called for events that an instance publishes or handles: not if the instance
    /// belongs to its own plugin.
    fn applies_to(&self, instance: &str) -> bool {
        !is_of(instance, self.owner.plugin())
    }

    pub(in crate::event) fn report(&self) -> InterceptorReport {
        InterceptorReport {
            plugin: self.owner.name(),
            interceptor: self.name,
            stage: self.stage.as_str(),
            topics: self.topics.to_string(),
            calls: self.calls.sum(),
            errors: self.errors.load(Relaxed),
        }
    }

    /// Counts and logs an error. A refusal is logged only at a low level, because refusing is the
    /// purpose of the interceptor.
    #[cold]
    pub(in crate::event) fn failed(&self, event: EventId, error: &Error) {
        self.errors.fetch_add(1, Relaxed);
        let (plugin, interceptor) = (self.owner.name(), self.name);
        if error.kind() == ErrorKind::Bug || self.stage == Stage::Delivered {
            self.owner.counters().fail();
            tracing::error!(plugin, interceptor, stage = %self.stage, %event, "interceptor failed: {error}");
        } else {
            tracing::debug!(plugin, interceptor, stage = %self.stage, %event, "refused: {error}");
        }
    }
}

/// One interceptor of a running instance. `F` is the type of its function.
pub(in crate::event) struct BoundInterceptor<F: ?Sized> {
    pub(in crate::event) registration: Registration,
    pub(in crate::event) call: Box<F>,
}

impl<F: ?Sized> BoundInterceptor<F> {
    /// Calls it, guarded, if it applies. `instance` publishes or handles the event; `filters` says
    /// whether the topic still has to be compared.
    pub(in crate::event) fn ask<T: Default>(
        &self,
        (event, instance, filters): (&AnyEvent<'_>, &str, bool),
        call: impl FnOnce(&F) -> Result<T>,
    ) -> Result<T> {
        let registration = &self.registration;
        if !registration.applies_to(instance)
            || filters && !registration.topics.matches(event.topic())
        {
            return Ok(T::default());
        }
        registration.calls.count_here();
        let current = registration.owner.handling(&event.meta());
        let outcome = guard::call(current, || call(&self.call));
        outcome.inspect_err(|error| registration.failed(event.id(), error))
    }
}

/// An interceptor of any stage.
#[derive(Clone)]
pub(in crate::event) enum AnyInterceptor {
    Publish(Arc<BoundInterceptor<OnPublish>>),
    Deliver(Arc<BoundInterceptor<OnDeliver>>),
    Delivered(Arc<BoundInterceptor<OnDelivered>>),
}

impl AnyInterceptor {
    pub(in crate::event) fn topics(&self) -> &TopicFilter {
        let registration = match self {
            Self::Publish(interceptor) => &interceptor.registration,
            Self::Deliver(interceptor) => &interceptor.registration,
            Self::Delivered(interceptor) => &interceptor.registration,
        };
        &registration.topics
    }
}
