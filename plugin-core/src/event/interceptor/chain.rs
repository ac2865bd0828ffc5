//! The interceptors of one topic, or of all, in the order of their calls.

use std::cmp::Reverse;
use std::sync::Arc;
use std::time::Duration;

use super::asked::Changing;
use super::bound::{AnyInterceptor, BoundInterceptor, OnDeliver, OnDelivered, OnPublish};
use super::delivery::{Delivered, Delivery};
use super::refusal::Refusal;
use super::report::InterceptorReport;
use super::topic_filter::TopicFilter;
use crate::context::{DropReason, Identity};
use crate::error::{Error, Result};
use crate::rcu::epoch::{DEEPEST, Reading};

/// Interceptors in the order of their calls.
#[derive(Clone, Default)]
pub(crate) struct Chain {
    publish: Vec<Arc<BoundInterceptor<OnPublish>>>,
    deliver: Vec<Arc<BoundInterceptor<OnDeliver>>>,
    delivered: Vec<Arc<BoundInterceptor<OnDelivered>>>,
    /// Whether it contains interceptors for other topics than those for which it is called, so that
    /// each call compares the topic.
    filters: bool,
}

impl Chain {
    /// The chain of all topics.
    pub(in crate::event) fn of_all() -> Self {
        Self {
            filters: true,
            ..Self::default()
        }
    }

    pub(in crate::event) fn add(&mut self, interceptor: AnyInterceptor) {
        match interceptor {
            AnyInterceptor::Publish(interceptor) => self.publish.push(interceptor),
            AnyInterceptor::Deliver(interceptor) => self.deliver.push(interceptor),
            AnyInterceptor::Delivered(interceptor) => self.delivered.push(interceptor),
        }
        self.publish
            .sort_by_key(|interceptor| interceptor.registration.rank());
        self.deliver
            .sort_by_key(|interceptor| interceptor.registration.rank());
        self.delivered
            .sort_by_key(|interceptor| Reverse(interceptor.registration.rank()));
    }

    /// Removes interceptors, and returns the topics for which they were called.
    pub(in crate::event) fn remove(&mut self, gone: &dyn Fn(u64) -> bool) -> Vec<TopicFilter> {
        let mut topics = take(&mut self.publish, gone);
        topics.append(&mut take(&mut self.deliver, gone));
        topics.append(&mut take(&mut self.delivered, gone));
        topics
    }

    /// The chain of one topic, or, with `None`, of the topics that no type declares; `None` if
    /// there is no interceptor for it.
    pub(in crate::event) fn of(&self, topic: Option<&str>) -> Option<Arc<Self>> {
        let mut chain = self.clone();
        chain.filters = topic.is_none();
        if let Some(topic) = topic {
            chain
                .publish
                .retain(|interceptor| interceptor.registration.topics.matches(topic));
            chain
                .deliver
                .retain(|interceptor| interceptor.registration.topics.matches(topic));
            chain
                .delivered
                .retain(|interceptor| interceptor.registration.topics.matches(topic));
        }
        (chain.has_publish() || chain.has_calls()).then(|| Arc::new(chain))
    }

    /// Whether publishers have to call it.
    pub(in crate::event) fn has_publish(&self) -> bool {
        !self.publish.is_empty()
    }

    /// Whether it has interceptors around calls of handlers.
    pub(in crate::event) fn has_calls(&self) -> bool {
        !self.deliver.is_empty() || !self.delivered.is_empty()
    }

    pub(in crate::event) fn reports(&self) -> Vec<InterceptorReport> {
        let publish = self
            .publish
            .iter()
            .map(|interceptor| interceptor.registration.report());
        let deliver = self
            .deliver
            .iter()
            .map(|interceptor| interceptor.registration.report());
        let delivered = self
            .delivered
            .iter()
            .map(|interceptor| interceptor.registration.report());
        publish.chain(deliver).chain(delivered).collect()
    }

    /// Asks the interceptors whether an event may be published, and which event is published in its
    /// place. If an interceptor can't be called, or if its change is not a valid event, the event
    /// is refused.
    pub(in crate::event) fn admit(
        &self,
        owner: &Identity,
        reading: &Reading<'_>,
        asked: &mut dyn Changing,
    ) -> Result<(), Refusal> {
        if owner.is_manager() {
            return Ok(());
        }
        for interceptor in &self.publish {
            let event = asked.view();
            let id = event.id();
            let answer = if reading.depth() >= DEEPEST {
                Err(too_deep(event.topic()))
            } else {
                interceptor.ask((&event, owner.name(), self.filters), |call| call(&event))
            };
            let admitted = answer.and_then(|change| match change {
                None => Ok(()),
                Some(change) => (asked.apply(change))
                    .inspect_err(|error| interceptor.registration.failed(id, error)),
            });
            if let Err(error) = admitted {
                owner.counters().drop_events(DropReason::Refused, 1);
                return Err(Refusal {
                    plugin: interceptor.registration.owner.name(),
                    interceptor: interceptor.registration.name,
                    error,
                });
            }
        }
        Ok(())
    }

    /// Asks the interceptors whether a handler may be called.
    pub(in crate::event) fn before(&self, delivery: &Delivery<'_>) -> Result<()> {
        let meant = (delivery.event(), delivery.plugin(), self.filters);
        for interceptor in &self.deliver {
            interceptor
                .ask(meant, |call| call(delivery))
                .map_err(|error| {
                    let (plugin, interceptor) = (
                        interceptor.registration.owner.name(),
                        interceptor.registration.name,
                    );
                    error.context(format_args!("refused by `{interceptor}` of `{plugin}`"))
                })?;
        }
        Ok(())
    }

    /// Passes the result of a call to the interceptors. If one of them fails, nothing else is
    /// affected.
    pub(in crate::event) fn after(
        &self,
        delivery: &Delivery<'_>,
        result: &Result<()>,
        took: Duration,
    ) {
        let meant = (delivery.event(), delivery.plugin(), self.filters);
        let outcome = Delivered::new(result, took);
        for interceptor in &self.delivered {
            // The error is counted and logged.
            let _told = interceptor
                .ask(meant, |call| call(delivery, &outcome))
                .is_ok();
        }
    }
}

fn take<F: ?Sized>(
    interceptors: &mut Vec<Arc<BoundInterceptor<F>>>,
    gone: &dyn Fn(u64) -> bool,
) -> Vec<TopicFilter> {
    let taken = interceptors.extract_if(.., |interceptor| {
        gone(interceptor.registration.subscription)
    });
    taken
        .map(|interceptor| interceptor.registration.topics.clone())
        .collect()
}

/// An interceptor may publish events, and so cause its own call indirectly. The stack must not grow
/// without limit.
fn too_deep(topic: &str) -> Error {
    Error::bug(format!(
        "`{topic}` was published {DEEPEST} times within itself: an interceptor publishes what it is called for"
    ))
}
