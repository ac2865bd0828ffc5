//! What a plugin answers and what it asks.

use plugin_core::{Composition, Descriptor, Respond, RespondOptions};
use serde::Serialize;

/// A request that a plugin answers.
#[derive(Debug, Serialize)]
pub(super) struct Answered {
    pub(super) topic: &'static str,
    pub(super) handler: &'static str,
    /// The Rust type of the answer.
    pub(super) answer: &'static str,
    pub(super) options: String,
    /// Plugins of the build that ask it by type.
    pub(super) from: Vec<&'static str>,
}

/// A request that a plugin asks.
#[derive(Debug, Serialize)]
pub(super) struct NeededRequest {
    pub(super) topic: &'static str,
    /// The plugin of the build that answers it.
    pub(super) of: Vec<&'static str>,
}

pub(super) fn answered(plugin: &Descriptor, set: &Composition) -> Vec<Answered> {
    let answered = |respond: &Respond| Answered {
        topic: respond.request.topic,
        handler: respond.handler,
        answer: respond
            .request
            .answer
            .map_or("-", |answer| (answer.type_name)()),
        options: options(respond.options),
        from: names(set, |other| {
            (other.requests()).any(|asked| asked.key == respond.request.key)
        }),
    };
    plugin.responds.iter().map(answered).collect()
}

pub(super) fn asked(plugin: &Descriptor, set: &Composition) -> Vec<NeededRequest> {
    let asked = plugin.requests().map(|request| NeededRequest {
        topic: request.topic,
        of: names(set, |other| other.answers(request)),
    });
    asked.collect()
}

/// What a method that answers says beyond the default.
fn options(options: RespondOptions) -> String {
    let mut words = Vec::new();
    if let Some(timeout) = options.timeout {
        words.push(format!("timeout {timeout:?}"));
    }
    if options.concurrency != RespondOptions::DEFAULT.concurrency {
        words.push(format!("concurrency {}", options.concurrency));
    }
    words.join(", ")
}

fn names(set: &Composition, holds: impl Fn(&Descriptor) -> bool) -> Vec<&'static str> {
    let holding = set.plugins().filter(|plugin| holds(plugin));
    holding.map(|plugin| plugin.name).collect()
}
