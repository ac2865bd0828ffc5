//! Checks the config of a plugin's handlers and schedules against what they can have.

use std::collections::BTreeMap;

use super::handlers::HandlerConfig;
use super::issue::{Issue, IssueKind};
use super::report::Report;
use super::settings::{self, PluginSettings};
use crate::compose::Composition;
use crate::descriptor::Descriptor;
use crate::event::Subscription;
use crate::options::{Mode, Overflow, SubscribeOptions, When};
use crate::schedule::{Schedule, Timing, TriggerError};

/// Adds issues for options that a handler can't have, and for invalid schedules, including invalid
/// ones that the plugin itself declares.
pub(super) fn check(
    composition: &Composition,
    plugins: &BTreeMap<&'static str, PluginSettings>,
    report: &mut Report,
) {
    let enabled = || {
        let instances = settings::instances(composition, plugins);
        instances.filter(|(_, settings)| settings.config.enabled)
    };
    for (plugin, settings) in enabled() {
        for declared in plugin.subscriptions {
            handler(plugin, declared, settings, report);
        }
    }
    for (plugin, settings) in enabled() {
        for declared in plugin.schedules {
            schedule(declared, settings, report);
        }
    }
}

/// Adds the issues of one section of a plugin. Each has its key relative to that section.
fn issues<'a>(
    settings: &'a PluginSettings,
    section: &'a str,
    report: &'a mut Report,
) -> impl FnMut(&str, String) + 'a {
    move |key, what| {
        let key = format!("{section}{key}");
        let place = settings.origin(&key);
        let key = format!("{}.{key}", settings.name());
        report.issue(Issue::new(IssueKind::Invalid, &place, key, what));
    }
}

fn handler(
    plugin: &Descriptor,
    declared: &Subscription,
    settings: &PluginSettings,
    report: &mut Report,
) {
    let Some(config) = settings.config.handlers.get(declared.handler) else {
        return;
    };
    let section = format!("handlers.{}", declared.handler);
    let mut issue = issues(settings, &section, report);
    let shares = settings.config.replicas > 1 || plugin.overlap;
    let unfit: Vec<_> = (config.keys())
        .filter_map(|key| Some((key, unfit(declared, shares, key)?)))
        .collect();
    for (key, why) in &unfit {
        issue(&format!(".{key}"), format!("{why}: leave `{key}` out"));
    }
    if unfit.is_empty() {
        let together = settings.config.subscription(declared).options;
        for (key, what) in contradictions(config, &together) {
            issue(&format!(".{key}"), what);
        }
    }
}

/// The reason why a handler can't have an option; `None` if it can.
fn unfit(declared: &Subscription, shares: bool, key: &str) -> Option<String> {
    let (handler, options) = (declared.handler, declared.options);
    if declared.mode == Mode::Inline && key != "timeout" {
        return Some(format!(
            "`{handler}` is a `fn`, which has no mailbox and runs on the publisher's task"
        ));
    }
    if matches!(key, "batch" | "linger") && !options.batches {
        return Some(format!("`{handler}` takes one event and no batch"));
    }
    match key {
        "overflow" if options.durable => Some(format!(
            "the events of the durable `{handler}` wait in the store, whose `on_full` says what \
            happens when that is full"
        )),
        "queue" if options.durable => Some(format!(
            "the events of the durable `{handler}` wait in the store, whose `max_events` bounds them"
        )),
        "queue" if options.group.is_some() || shares => Some(format!(
            "an event goes to whichever member of the group of `{handler}` has room in its \
            `mailbox`"
        )),
        _ => None,
    }
}

/// Options that contradict each other, each with the key that sets it.
fn contradictions(
    config: &HandlerConfig,
    options: &SubscribeOptions,
) -> impl Iterator<Item = (&'static str, String)> {
    pauses(config, options)
        .into_iter()
        .chain(calls_at_once(options))
}

fn pauses(config: &HandlerConfig, options: &SubscribeOptions) -> Vec<(&'static str, String)> {
    let set = [
        ("backoff", config.backoff.is_some()),
        ("max_backoff", config.max_backoff.is_some()),
    ];
    let set = set.into_iter().filter(|(_, set)| *set).map(|(key, _)| key);
    let Some(retry) = options.retry else {
        let what = "is the pause before a retry, and this handler has none: set `retry`";
        return set.map(|key| (key, format!("`{key}` {what}"))).collect();
    };
    let (initial, max) = (retry.backoff.initial, retry.backoff.max);
    if initial <= max {
        return Vec::new();
    }
    let what = format!(
        "the first pause, `backoff`, is {initial}, and the longest, `max_backoff`, is {max}: \
        write a shorter one, or a longer `max_backoff`"
    );
    set.take(1).map(|key| (key, what.clone())).collect()
}

fn calls_at_once(options: &SubscribeOptions) -> Option<(&'static str, String)> {
    if options.concurrency == 1 {
        return None;
    }
    if options.keyed && options.batches {
        let what = "a batch holds events of many keys, so batches side by side keep no key's \
            order: leave `concurrency` out";
        return Some(("concurrency", what.to_owned()));
    }
    let stands_elsewhere = options.keyed || options.breaker.is_some();
    (stands_elsewhere && options.overflow == Overflow::DropOldest).then(|| {
        let what = "with `concurrency` and a `key` or a `breaker` the oldest event may stand where \
            it can't give way: write `drop_newest`, or another one";
        ("overflow", what.to_owned())
    })
}

fn schedule(declared: &Schedule, settings: &PluginSettings, report: &mut Report) {
    let section = format!("schedules.{}", declared.name);
    let mut issue = issues(settings, &section, report);
    let config = settings.config.schedules.get(declared.name);
    if let Some(config) = config {
        let whens: Vec<_> = config.whens().collect();
        if whens.len() > 1 {
            let keys = whens.join("` and `");
            issue("", format!("`{keys}` exclude each other: keep one of them"));
        }
        let is_cron = whens
            .first()
            .map_or(matches!(declared.when, When::Cron { .. }), |key| {
                *key == "cron"
            });
        if config.timezone.is_some() && !is_cron {
            let what = "a timezone is of a `cron` expression: give one, or leave `timezone` out";
            issue(".timezone", what.to_owned());
        }
    }
    if let Err(error) = Timing::declared(declared, config) {
        let key = match error {
            TriggerError::Timezone { .. } => ".timezone",
            TriggerError::Cron { .. } => ".cron",
            TriggerError::NoPeriod => ".every",
        };
        issue(key, error.to_string());
    }
}
