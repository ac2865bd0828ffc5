//! What is wanted of a bus: which events, in which order, under which options.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use crate::event::bus::Bus;
use crate::event::queue::group::{KeyOf, Membership};
use crate::options::SubscribeOptions;

/// What one subscription wants. Who handles its events, and where, is no part of it.
pub(super) struct Interest {
    pub(super) handler: &'static str,
    /// The topic, or the pattern.
    pub(super) topic: String,
    pub(super) options: SubscribeOptions,
    /// Tells it from every other one of the bus.
    pub(super) number: u64,
    /// Of a subscription that ends with its handle.
    pub(super) ended: Option<Arc<AtomicBool>>,
    pub(super) key: Option<KeyOf>,
    pub(super) group: Option<Membership>,
}

impl Interest {
    /// That of a declared method.
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
            number: bus.next_subscription(),
            ended: None,
            key: None,
            group: None,
        }
    }

    /// That of a subscription at run time, which ends when it is told so.
    pub(super) fn at_run_time(bus: &Bus, topic: &str, ended: &Arc<AtomicBool>) -> Self {
        Self {
            handler: "run-time subscription",
            topic: topic.to_owned(),
            options: SubscribeOptions::DEFAULT,
            number: bus.next_subscription(),
            ended: Some(Arc::clone(ended)),
            key: None,
            group: None,
        }
    }
}
