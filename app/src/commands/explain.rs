//! `explain`: everything about one plugin, from its descriptor and the config.

mod events;
mod interceptors;
mod needs;
mod order;
mod requests;
mod schedules;
mod text;

use plugin_core::config::{Explained, Isolated, Limit, PluginSettings, Settings};
use plugin_core::permission::{Grants, MissingGrants, Permission};
use plugin_core::{Composition, Descriptor};
use serde::Serialize;

use crate::cli::{Explain, Place};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Format, Output};
use crate::plugins::COMPOSITION;

use events::{IncomingEvent, OutgoingEvent};
use interceptors::Intercepted;
use needs::Needed;
use order::Order;
use requests::{Answered, NeededRequest};
use schedules::Scheduled;

/// Everything about one plugin, or about a labelled instance of one.
#[derive(Debug, Serialize)]
struct Explanation {
    name: &'static str,
    /// The other instances of the plugin that config names.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    others: Vec<&'static str>,
    version: String,
    kind: &'static str,
    description: &'static str,
    /// What is worth knowing of it.
    notes: Vec<String>,
    /// The Rust type.
    type_name: &'static str,
    /// The feature that brings it into the build.
    feature: Option<&'static str>,
    state: PluginState,
    /// Where it runs, and why; nothing when the config has mistakes.
    isolation: Option<Isolated>,
    order: Order,
    needs: Vec<Needed>,
    provides: Vec<&'static str>,
    conflicts: &'static [&'static str],
    events_in: Vec<IncomingEvent>,
    events_out: Vec<OutgoingEvent>,
    schedules: Vec<Scheduled>,
    interceptors: Vec<Intercepted>,
    answers: Vec<Answered>,
    asks: Vec<NeededRequest>,
    permissions: Permissions,
    /// What it may take of the machine, and by what that holds.
    limits: Vec<Limit>,
    /// Its config: the keys with value and origin; nothing when the config has mistakes.
    config: Option<Vec<Explained>>,
}

/// Whether it runs, and who said so.
#[derive(Debug, Serialize)]
struct PluginState {
    /// Nothing when the config has mistakes.
    on: Option<bool>,
    /// How many instances of it run.
    instances: Option<usize>,
    because: String,
}

/// What it may do.
#[derive(Debug, Serialize)]
struct Permissions {
    /// What its types ask for.
    asked: Vec<Permission>,
    /// What the config grants; nothing when it grants all that the types ask for.
    granted: Option<Vec<Permission>>,
    /// Roles that grant more.
    roles: Vec<String>,
}

pub(super) fn explain(place: &Place, options: &Explain, out: &mut Output) -> Result<Exit, Failure> {
    let plugin = super::plugin_of(&options.plugin)?;
    // Without its config, nobody knows of a labelled instance.
    let settings = match options.plugin == plugin.name {
        true => super::settings_or_note(place),
        false => Some(super::settings(place).map_err(Failure::Config)?),
    };
    let settings = settings.as_ref();
    let one = settings.map(|settings| super::instance(settings, &options.plugin));
    let mut explanation = Explanation::of((plugin, one.transpose()?), &COMPOSITION, settings);
    if options.plugin != explanation.name {
        explanation.notes.push(format!(
            "`{}` is one of its replicas, which share one config",
            options.plugin
        ));
    }
    match out.format() {
        Format::Human => out.text(text::text(&explanation)),
        Format::Json => out.json(&explanation),
    }
    Ok(Exit::Ok)
}

impl Explanation {
    fn of(
        (plugin, one): (&'static Descriptor, Option<&PluginSettings>),
        set: &Composition,
        settings: Option<&Settings>,
    ) -> Self {
        let instances = settings
            .into_iter()
            .flat_map(|all| all.instances_of(plugin));
        let name = one.map_or(plugin.name, PluginSettings::name);
        Self {
            name,
            others: (instances.map(PluginSettings::name))
                .filter(|other| *other != name)
                .collect(),
            version: plugin.version.to_string(),
            kind: plugin.kind.as_str(),
            description: plugin.description,
            notes: (set.notes().iter())
                .filter(|note| note.plugin() == plugin.name)
                .map(ToString::to_string)
                .collect(),
            type_name: plugin.type_name,
            feature: super::list::feature(set, plugin.name),
            state: PluginState::of(one),
            isolation: one.map(|one| one.isolated.clone()),
            order: Order::of((plugin, name), set, settings),
            needs: needs::of(plugin, set, one),
            provides: plugin
                .provides
                .iter()
                .map(|provide| provide.service.name)
                .collect(),
            conflicts: plugin.conflicts,
            events_in: events::handled(plugin, set, one),
            events_out: events::published(plugin, set),
            schedules: schedules::of(plugin, one),
            interceptors: interceptors::of(plugin),
            answers: requests::answered((plugin, name), set, settings),
            asks: requests::asked(plugin, set, one),
            permissions: Permissions::of(plugin, one),
            limits: one.map_or_else(Vec::new, |one| {
                one.config.resources.limits(one.isolated.isolation)
            }),
            config: settings.and_then(|settings| settings.explain(name)),
        }
    }
}

impl PluginState {
    fn of(settings: Option<&PluginSettings>) -> Self {
        let Some(settings) = settings else {
            return Self {
                on: None,
                instances: None,
                because: "the config has mistakes".to_owned(),
            };
        };
        let origin = settings.origin("enabled");
        let because = format!("`enabled` is {} ({origin})", settings.config.enabled);
        Self {
            on: Some(settings.config.enabled),
            instances: settings.config.enabled.then_some(settings.config.replicas),
            because,
        }
    }
}

impl Permissions {
    fn of(plugin: &'static Descriptor, settings: Option<&PluginSettings>) -> Self {
        let nothing = Grants::only(plugin.name, []).expect("an empty list has no mistakes");
        let config = settings.map(|settings| &settings.config);
        Self {
            asked: MissingGrants::of(&nothing.withheld(plugin)).0,
            granted: config.and_then(|config| config.permissions.clone()),
            roles: config.map_or_else(Vec::new, |config| config.roles.clone()),
        }
    }
}
