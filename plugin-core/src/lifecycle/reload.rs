//! What another config changes of what runs: a plan of one step for each instance that it concerns.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;

use super::checked::{Checked, Wanted};
use super::instances::Instances;
use super::report::micros;
use super::state::State;
use crate::config::{Difference, Impact, PluginChange};

/// What a reload does to one instance, or would do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct InstanceChange {
    /// Name of the instance.
    pub plugin: &'static str,
    /// What is done.
    pub action: ChangeAction,
    /// The keys of config that ask for it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub keys: Vec<String>,
    /// How long it took; nothing, if it was only planned.
    #[serde(rename = "took_us", serialize_with = "micros")]
    pub took: Duration,
}

/// What a reload does to an instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ChangeAction {
    /// It is not to run any more: it is stopped, and forgotten.
    Unload,
    /// It comes to be, and is started.
    Load,
    /// Its `#[reload]` takes the new config over, while it runs.
    Reload,
    /// A new life of it is started with the new config beside the one that runs, and takes its place.
    Replace,
    /// It is stopped, and started with the new config.
    Restart,
    /// It goes on as it is, and has the new config from its next start on.
    Update,
}

impl ChangeAction {
    /// The word that operators read.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unload => "unload",
            Self::Load => "load",
            Self::Reload => "reload",
            Self::Replace => "replace",
            Self::Restart => "restart",
            Self::Update => "update",
        }
    }
}

/// A step of a plan.
#[derive(Debug)]
pub(super) struct PlannedChange {
    pub(super) change: InstanceChange,
    /// What config wants there, if it is to run.
    pub(super) wanted: Option<Wanted>,
}

/// The steps from what is under management to what a config wants: first what goes, last first, then
/// the others in start order.
pub(super) fn plan(now: &Instances, difference: &Difference, new: &Checked) -> Vec<PlannedChange> {
    let wanted = new.wanted();
    let names: BTreeMap<_, _> = wanted.iter().map(|wanted| (wanted.name, wanted)).collect();
    let gone = now.iter().rev().map(|instance| instance.name());
    let gone = gone.filter(|name| !names.contains_key(name));
    let unload = gone.map(|name| planned(name, ChangeAction::Unload, Vec::new(), None));
    let others = wanted.iter().filter_map(|wanted| {
        let Some(instance) = now.named(wanted.name) else {
            return Some(planned(
                wanted.name,
                ChangeAction::Load,
                Vec::new(),
                Some(*wanted),
            ));
        };
        let (impact, keys) = change_of(difference, wanted.plugin.name)?;
        let action = action(impact, instance.state(), wanted);
        Some(planned(wanted.name, action, keys, Some(*wanted)))
    });
    unload.chain(others).collect()
}

fn planned(
    plugin: &'static str,
    action: ChangeAction,
    keys: Vec<String>,
    wanted: Option<Wanted>,
) -> PlannedChange {
    let change = InstanceChange {
        plugin,
        action,
        keys,
        took: Duration::ZERO,
    };
    PlannedChange { change, wanted }
}

/// What is different for an instance that is wanted before and after: the number of instances does
/// not concern it.
fn change_of(difference: &Difference, plugin: &str) -> Option<(Impact, Vec<String>)> {
    let Some(PluginChange::Changed { keys, .. }) = difference.of(plugin) else {
        return None;
    };
    let replicas = format!("{plugin}.replicas");
    let keys: Vec<_> = keys
        .iter()
        .filter(|changed| changed.key != replicas)
        .collect();
    let impact = keys.iter().map(|changed| changed.impact()).max()?;
    Some((
        impact,
        keys.iter().map(|changed| changed.key.clone()).collect(),
    ))
}

/// The least that will do.
fn action(impact: Impact, state: State, wanted: &Wanted) -> ChangeAction {
    let takes_over = wanted.plugin.hooks.reload.is_some();
    match (impact, state) {
        // It is not changed, but may come up now.
        (Impact::Own | Impact::Instance, State::Failed) => ChangeAction::Restart,
        (Impact::Own, State::Running) if takes_over => ChangeAction::Reload,
        (Impact::Own | Impact::Instance, State::Running) if wanted.plugin.overlap => {
            ChangeAction::Replace
        }
        (Impact::Own | Impact::Instance, State::Running) => ChangeAction::Restart,
        _ => ChangeAction::Update,
    }
}
