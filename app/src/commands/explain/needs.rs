//! What a plugin needs, and who brings it.

use plugin_core::config::PluginSettings;
use plugin_core::event::EventDescriptor;
use plugin_core::service::ServiceDescriptor;
use plugin_core::{Arity, Composition, Descriptor, Need};
use serde::Serialize;

/// Something that a plugin needs.
#[derive(Debug, Serialize)]
pub(super) struct Needed {
    /// What: ``service `Cache` ``.
    pub(super) what: String,
    /// Who brings it: plugins of the build, or the kernel.
    pub(super) from: String,
}

/// What `requires` names, and what `init` takes, in the order of its parameters.
pub(super) fn of(
    plugin: &Descriptor,
    set: &Composition,
    settings: Option<&PluginSettings>,
) -> Vec<Needed> {
    let required = plugin.requires.iter().map(|required| Needed {
        what: format!("plugin `{}` {}", required.plugin, required.version),
        from: "`requires`".to_owned(),
    });
    required
        .chain(plugin.needs.iter().map(|need| {
            let named = settings.and_then(|settings| settings.provider(need));
            let needed = needed(need, set);
            match named {
                Some(instance) => Needed {
                    from: instance.to_owned(),
                    ..needed
                },
                None => needed,
            }
        }))
        .collect()
}

fn needed(need: &Need, set: &Composition) -> Needed {
    let what = match need {
        Need::Config(config) => format!("its config, `{}`", (config.type_name)()),
        Need::Service { service, arity } => return service_needed(service, *arity, set),
        Need::Publish(event) => format!("the right to publish `{}`", event.topic),
        Need::Request { request, arity } => return answer_needed(request, *arity, set),
        Need::RequestAny => "the right to ask any request".to_owned(),
        Need::PublishAny => "the right to publish any event".to_owned(),
        Need::Subscribe => "the right to subscribe at run time".to_owned(),
        Need::Observe => "the right to look on at events, if it is granted".to_owned(),
        Need::Files => "files below its directory".to_owned(),
        Need::DataDir => "a directory for its data".to_owned(),
        Need::Clock => "the clock".to_owned(),
        Need::SecurityLog => "entries of its own in the audit log".to_owned(),
        Need::Schedule => "the right to schedule at run time".to_owned(),
        Need::Meter => "metrics of its own".to_owned(),
        Need::System => "a view of the system".to_owned(),
        Need::Operate { arity } => match arity {
            Arity::Optional => "the right to operate the system, if it is granted".to_owned(),
            _ => "the right to operate the system".to_owned(),
        },
        Need::Snapshot => "what its life before left, if it left something".to_owned(),
        Need::Handover => "what its lives pass to each other".to_owned(),
        Need::Other(what) => (*what).to_owned(),
        _ => "something that this program does not know".to_owned(),
    };
    Needed {
        what,
        from: "the kernel".to_owned(),
    }
}

fn service_needed(service: &ServiceDescriptor, arity: Arity, set: &Composition) -> Needed {
    let provides = |plugin: &&Descriptor| {
        plugin
            .provides
            .iter()
            .any(|provide| provide.service.key == service.key)
    };
    let how = match arity {
        Arity::One => "",
        Arity::Optional => ", if there is one",
        Arity::Many => ", all there are",
    };
    Needed {
        what: format!("service `{}`{how}", service.name),
        from: who(set, provides),
    }
}

fn answer_needed(request: &EventDescriptor, arity: Arity, set: &Composition) -> Needed {
    let how = match arity {
        Arity::Optional => ", if there are any",
        _ => "",
    };
    Needed {
        what: format!("answers to `{}`{how}", request.topic),
        from: who(set, |plugin| plugin.answers(request)),
    }
}

/// Names of the plugins that bring something.
fn who(set: &Composition, brings: impl Fn(&&Descriptor) -> bool) -> String {
    let names: Vec<&str> = set
        .plugins()
        .filter(|plugin| brings(plugin))
        .map(|plugin| plugin.name)
        .collect();
    if names.is_empty() {
        "nobody".to_owned()
    } else {
        names.join(", ")
    }
}
