//! What a plugin answers and what it asks.

use plugin_core::config::{PluginSettings, Settings};
use plugin_core::event::EventDescriptor;
use plugin_core::{Composition, Descriptor, InstanceName, Need, Respond, RespondOptions};
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
    /// Who answers it.
    pub(super) of: Vec<String>,
}

/// What an instance answers, and who asks it of this one.
pub(super) fn answered(
    (plugin, name): (&'static Descriptor, &'static str),
    set: &Composition,
    settings: Option<&Settings>,
) -> Vec<Answered> {
    let answered = |respond: &Respond| Answered {
        topic: respond.request.topic,
        handler: respond.handler,
        answer: respond
            .request
            .answer
            .map_or("-", |answer| (answer.type_name)()),
        options: options(respond.options),
        from: match settings {
            Some(settings) => settings
                .instances()
                .filter(|(user, one)| asks(user, respond.request, (one, name)))
                .map(|(_, one)| one.name())
                .collect(),
            None => names(set, |other| {
                (other.requests()).any(|asked| asked.key == respond.request.key)
            }),
        },
    };
    plugin.responds.iter().map(answered).collect()
}

/// Whether one instance asks a request of another.
fn asks(user: &Descriptor, request: &EventDescriptor, (one, of): (&PluginSettings, &str)) -> bool {
    let mut needs = user.needs.iter();
    needs.any(|need| match need {
        Need::Request { request: asked, .. } => {
            let provider = one.provider(need);
            let is_unbound = || InstanceName::of(of).label.is_none();
            asked.key == request.key && provider.map_or_else(is_unbound, |bound| bound == of)
        }
        _ => false,
    })
}

/// What a plugin asks, and of whom: those that config binds go before those of the build.
pub(super) fn asked(
    plugin: &Descriptor,
    set: &Composition,
    one: Option<&PluginSettings>,
) -> Vec<NeededRequest> {
    let asked = plugin.needs.iter().filter_map(|need| match need {
        Need::Request { request, .. } => Some(NeededRequest {
            topic: request.topic,
            of: match one.and_then(|one| one.provider(need)) {
                Some(bound) => vec![bound.to_owned()],
                None => names(set, |other| other.answers(request))
                    .into_iter()
                    .map(str::to_owned)
                    .collect(),
            },
        }),
        _ => None,
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
