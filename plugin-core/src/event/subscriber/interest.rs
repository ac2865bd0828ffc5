//! What a subscriber wants from a bus: which events, in which order, with which options.

use crate::event::bus::Bus;
use crate::event::handler::Subscribed;
use crate::event::queue::group::{KeyOf, Membership};
use crate::options::SubscribeOptions;

/// What one subscription wants. It does not contain which code handles the events, or where.
pub(super) struct Interest {
    pub(super) handler: &'static str,
    /// The topic, or the pattern.
    pub(super) topic: String,
    pub(super) options: SubscribeOptions,
    pub(super) subscription: Subscribed,
    pub(super) key: Option<KeyOf>,
    pub(super) group: Option<Membership>,
}

impl Interest {
    /// The interest of a declared method.
    pub(super) fn declared(
        bus: &Bus,
        handler: &'static str,
        topic: &str,
        options: SubscribeOptions,
    ) -> Self {
        Self {
            handler,
            topic: topic.to_owned(),
            options,
            subscription: Subscribed::declared(bus.next_subscription()),
            key: None,
            group: None,
        }
    }

    /// The interest of a subscription at run time, which ends when its handle is dropped.
    pub(super) fn at_run_time(bus: &Bus, topic: &str) -> Self {
        let (name, options) = ("run-time subscription", SubscribeOptions::DEFAULT);
        let mut interest = Self::declared(bus, name, topic, options);
        interest.subscription = Subscribed::at_run_time(interest.subscription.number);
        interest
    }

    /// The interest of an observer.
    pub(super) fn observer(bus: &Bus, pattern: &str) -> Self {
        let (name, options) = ("observer", SubscribeOptions::DEFAULT);
        let mut interest = Self::declared(bus, name, pattern, options);
        interest.subscription = Subscribed::observing(interest.subscription.number);
        interest
    }
}
