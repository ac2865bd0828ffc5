//! `list`: the plugins of this build, and those that it could have held.

use plugin_core::config::{PluginSettings, Settings};
use plugin_core::{Composition, Descriptor};
use serde::Serialize;

use crate::cli::Place;
use crate::exit::Exit;
use crate::output::{Format, Output};
use crate::plugins::COMPOSITION;
use crate::table::Table;

/// A plugin, in the build or not, or a labelled instance of one.
#[derive(Debug, Serialize)]
struct ListedPlugin {
    name: &'static str,
    /// The feature that brings it.
    feature: Option<&'static str>,
    /// `on`, `off`, `absent` from this build, `left out` because it is linked and not composed, or
    /// `unknown` because the config has mistakes.
    state: &'static str,
    /// How many replicas of it run.
    instances: Option<usize>,
    place: Option<usize>,
    version: Option<String>,
    kind: Option<&'static str>,
    description: Option<&'static str>,
    /// Topics of the requests that it answers, and that it asks.
    answers: Vec<&'static str>,
    asks: Vec<&'static str>,
    /// What it stands around: stages and topics.
    intercepts: Vec<String>,
}

pub(super) fn list(place: &Place, out: &mut Output) -> Exit {
    let settings = super::settings_or_note(place);
    let listed = listed(&COMPOSITION, settings.as_ref());
    match out.format() {
        Format::Human => out.text(table(&listed)),
        Format::Json => out.json(&listed),
    }
    Exit::Ok
}

fn listed(composition: &Composition, settings: Option<&Settings>) -> Vec<ListedPlugin> {
    let present = (1..).zip(composition.plugins());
    let present = present.flat_map(|(place, plugin)| {
        let listed = |one: Option<&PluginSettings>| ListedPlugin {
            name: one.map_or(plugin.name, PluginSettings::name),
            place: Some(place),
            state: state(one),
            instances: instances(one),
            ..of(composition, plugin)
        };
        match settings {
            Some(settings) => settings
                .instances_of(plugin)
                .map(|one| listed(Some(one)))
                .collect(),
            None => vec![listed(None)],
        }
    });
    let left_out = composition.left_out();
    let left_out = left_out.into_iter().map(|plugin| of(composition, plugin));
    let absent = composition
        .catalogue()
        .iter()
        .filter(|entry| !entry.enabled)
        .map(|entry| ListedPlugin {
            name: entry.plugin,
            feature: Some(entry.feature),
            state: "absent",
            instances: None,
            place: None,
            version: None,
            kind: None,
            description: None,
            answers: entry.answers.to_vec(),
            asks: Vec::new(),
            intercepts: Vec::new(),
        });
    present.chain(absent).chain(left_out).collect()
}

/// What a descriptor says, of one that is left out.
fn of(composition: &Composition, plugin: &'static Descriptor) -> ListedPlugin {
    ListedPlugin {
        name: plugin.name,
        feature: feature(composition, plugin.name),
        state: "left out",
        instances: None,
        place: None,
        version: Some(plugin.version.to_string()),
        kind: Some(plugin.kind.as_str()),
        description: Some(plugin.description),
        answers: (plugin.responds.iter())
            .map(|respond| respond.request.topic)
            .collect(),
        asks: plugin.requests().map(|request| request.topic).collect(),
        intercepts: (plugin.interceptors.iter())
            .map(|one| format!("{} {}", one.stage, one.topics))
            .collect(),
    }
}

/// The feature that brings a plugin.
pub(super) fn feature(composition: &Composition, plugin: &str) -> Option<&'static str> {
    let mut entries = composition.catalogue().iter();
    entries
        .find(|entry| entry.plugin == plugin)
        .map(|entry| entry.feature)
}

fn state(settings: Option<&PluginSettings>) -> &'static str {
    match settings.map(|settings| settings.config.enabled) {
        Some(true) => "on",
        Some(false) => "off",
        None => "unknown",
    }
}

fn instances(settings: Option<&PluginSettings>) -> Option<usize> {
    let config = &settings?.config;
    config.enabled.then_some(config.replicas)
}

fn table(listed: &[ListedPlugin]) -> Table {
    let mut table = Table::new(&[
        ">place",
        "plugin",
        "version",
        "kind",
        "state",
        "feature",
        "description",
    ]);
    for plugin in listed {
        table.row([
            plugin
                .place
                .map_or_else(|| "-".to_owned(), |place| place.to_string()),
            plugin.name.to_owned(),
            plugin.version.clone().unwrap_or_default(),
            plugin.kind.unwrap_or_default().to_owned(),
            match plugin.instances {
                Some(count) if count > 1 => format!("{} x{count}", plugin.state),
                _ => plugin.state.to_owned(),
            },
            plugin.feature.unwrap_or_default().to_owned(),
            plugin.description.unwrap_or_default().to_owned(),
        ]);
    }
    table
}
