//! What a plugin hears and what it says.

use plugin_core::config::{Isolation, Origin, PluginSettings};
use plugin_core::counted;
use plugin_core::event::Pattern;
use plugin_core::{
    Balance, Breaker, Composition, Descriptor, Mode, Need, Overflow, Retry, Source, Subscription,
};
use plugin_graph::priority;
use serde::Serialize;

/// Events that a handler takes.
#[derive(Debug, Serialize)]
pub(super) struct IncomingEvent {
    /// Topic or pattern.
    pub(super) topic: &'static str,
    pub(super) handler: &'static str,
    /// `inline`, on the publisher's task, or `queued`, on the plugin's own.
    pub(super) mode: &'static str,
    /// Those that hold, where they differ from the default.
    pub(super) options: String,
    /// Options that config sets.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) configured: Vec<Configured>,
    /// Plugins of the build that publish such events by type.
    pub(super) from: Vec<&'static str>,
    /// Plugins of the build that publish events of any topic, and so may publish these.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) from_any: Vec<&'static str>,
}

/// An option that config sets, and where.
#[derive(Debug, Serialize)]
pub(super) struct Configured {
    pub(super) option: &'static str,
    pub(super) origin: Origin,
}

/// Events that a plugin publishes.
#[derive(Debug, Serialize)]
pub(super) struct OutgoingEvent {
    /// Topic, or `any`.
    pub(super) topic: &'static str,
    /// Plugins of the build that handle them.
    pub(super) to: Vec<&'static str>,
}

pub(super) fn handled(
    plugin: &Descriptor,
    set: &Composition,
    settings: Option<&PluginSettings>,
) -> Vec<IncomingEvent> {
    let held = |declared: &Subscription| match settings {
        Some(settings) => settings.config.subscription(declared),
        None => *declared,
    };
    let is_moved = settings.is_some_and(|one| one.isolated.isolation == Isolation::Process);
    // In another process, nobody waits for it on the publisher's task.
    let mode = |subscription: &Subscription| match is_moved {
        true => Mode::Queued,
        false => subscription.mode,
    };
    let handled = |subscription: &Subscription| IncomingEvent {
        topic: subscription.source.topic(),
        handler: subscription.handler,
        mode: match mode(subscription) {
            Mode::Inline => "inline",
            Mode::Queued => "queued",
        },
        options: options(&held(subscription)),
        configured: configured(subscription, settings),
        from: names(set, |other| {
            other
                .publishes()
                .any(|event| hears(subscription, event.topic))
        }),
        from_any: names(set, publishes_any),
    };
    plugin.subscriptions.iter().map(handled).collect()
}

pub(super) fn published(plugin: &Descriptor, set: &Composition) -> Vec<OutgoingEvent> {
    let typed = plugin.publishes().map(|event| OutgoingEvent {
        topic: event.topic,
        to: names(set, |other| {
            other
                .subscriptions
                .iter()
                .any(|subscription| hears(subscription, event.topic))
        }),
    });
    let any = publishes_any(plugin).then(|| OutgoingEvent {
        topic: "any",
        to: Vec::new(),
    });
    typed.chain(any).collect()
}

fn publishes_any(plugin: &Descriptor) -> bool {
    let mut needs = plugin.needs.iter();
    needs.any(|need| matches!(need, Need::PublishAny))
}

/// What config says of a handler, key by key.
fn configured(subscription: &Subscription, settings: Option<&PluginSettings>) -> Vec<Configured> {
    let handler = subscription.handler;
    let config = |settings: &PluginSettings| settings.config.handlers.get(handler).cloned();
    let Some((settings, config)) = settings.and_then(|it| Some((it, config(it)?))) else {
        return Vec::new();
    };
    let origin = |option| Configured {
        option,
        origin: settings.origin(&format!("handlers.{handler}.{option}")),
    };
    config.keys().map(origin).collect()
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
    if let Some(queue) = options.queue {
        words.push(format!("queue {queue}"));
    }
    match options.overflow {
        Overflow::Wait => {}
        Overflow::DropOldest => words.push("drops the oldest when full".to_owned()),
        Overflow::DropNewest => words.push("drops the newest when full".to_owned()),
        Overflow::Fail => words.push("refuses when full".to_owned()),
    }
    if options.batches {
        words.push(format!("batches of {}", options.batch));
        if !options.linger.is_zero() {
            words.push(format!("linger {:?}", options.linger));
        }
    }
    words.extend(options.retry.map(retries));
    words.extend(options.breaker.map(breaker));
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

fn breaker(breaker: Breaker) -> String {
    let (failures, open_for) = (breaker.failures, breaker.open_for);
    format!(
        "breaker of {}, open for {open_for}",
        counted(failures, "failure")
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
