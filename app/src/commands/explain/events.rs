//! What a plugin hears and what it says.

use plugin_core::event::Pattern;
use plugin_core::{
    Balance, Composition, Descriptor, Mode, Need, Overflow, Retry, Source, Subscription,
};
use serde::Serialize;

use crate::graph::priority;

/// Events that a handler takes.
#[derive(Debug, Serialize)]
pub(super) struct Handled {
    /// Topic or pattern.
    pub(super) topic: &'static str,
    pub(super) handler: &'static str,
    /// `inline`, on the publisher's task, or `queued`, on the plugin's own.
    pub(super) mode: &'static str,
    pub(super) options: String,
    /// Plugins of the build that publish such events by type.
    pub(super) from: Vec<&'static str>,
}

/// Events that a plugin publishes.
#[derive(Debug, Serialize)]
pub(super) struct Published {
    /// Topic, or `any`.
    pub(super) topic: &'static str,
    /// Plugins of the build that handle them.
    pub(super) to: Vec<&'static str>,
}

pub(super) fn handled(plugin: &Descriptor, set: &Composition) -> Vec<Handled> {
    let handled = |subscription: &Subscription| Handled {
        topic: subscription.source.topic(),
        handler: subscription.handler,
        mode: match subscription.mode {
            Mode::Inline => "inline",
            Mode::Queued => "queued",
        },
        options: options(subscription),
        from: names(set, |other| {
            other
                .publishes()
                .any(|event| hears(subscription, event.topic))
        }),
    };
    plugin.subscriptions.iter().map(handled).collect()
}

pub(super) fn published(plugin: &Descriptor, set: &Composition) -> Vec<Published> {
    let typed = plugin.publishes().map(|event| Published {
        topic: event.topic,
        to: names(set, |other| {
            other
                .subscriptions
                .iter()
                .any(|subscription| hears(subscription, event.topic))
        }),
    });
    let any = plugin
        .needs
        .iter()
        .any(|need| matches!(need, Need::PublishAny));
    let any = any.then(|| Published {
        topic: "any",
        to: Vec::new(),
    });
    typed.chain(any).collect()
}

/// What a subscription says beyond the default.
fn options(subscription: &Subscription) -> String {
    let options = subscription.options;
    let mut words = Vec::new();
    if options.durable {
        words.push("durable".to_owned());
    }
    if options.priority != 0 {
        words.push(format!("priority {}", priority(options.priority)));
    }
    if let Some(timeout) = options.timeout {
        words.push(format!("timeout {timeout:?}"));
    }
    if options.concurrency > 1 {
        words.push(format!("concurrency {}", options.concurrency));
    }
    if let Some(group) = options.group {
        words.push(format!("group `{group}`"));
        if options.balance != Balance::default() {
            words.push(format!("balance {}", options.balance.as_str()));
        }
    }
    if options.keyed {
        words.push("by key".to_owned());
    }
    match options.overflow {
        Overflow::Wait => {}
        Overflow::DropOldest => words.push("drops the oldest when full".to_owned()),
        Overflow::DropNewest => words.push("drops the newest when full".to_owned()),
        Overflow::Fail => words.push("refuses when full".to_owned()),
    }
    words.extend(options.retry.map(retries));
    words.join(", ")
}

fn retries(retry: Retry) -> String {
    let times = if retry.retries == 1 {
        "retry"
    } else {
        "retries"
    };
    let backoff = retry.backoff;
    format!(
        "{} {times} after {} to {}",
        retry.retries, backoff.initial, backoff.max
    )
}

fn hears(subscription: &Subscription, topic: &str) -> bool {
    match subscription.source {
        Source::Event(event) => event.topic == topic,
        Source::Pattern(pattern) => {
            Pattern::parse(pattern).is_ok_and(|pattern| pattern.matches(topic))
        }
    }
}

fn names(set: &Composition, holds: impl Fn(&Descriptor) -> bool) -> Vec<&'static str> {
    set.plugins()
        .filter(|plugin| holds(plugin))
        .map(|plugin| plugin.name)
        .collect()
}
