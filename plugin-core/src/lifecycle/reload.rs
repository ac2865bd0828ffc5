//! The plan of a reload: one step for each instance that another config changes.

use std::collections::BTreeSet;
use std::fmt;
use std::time::Duration;

use schemars::JsonSchema;
use serde::Serialize;

use super::checked::{Checked, Wanted};
use super::instances::Instances;
use super::report::micros;
use super::state::State;
use super::wiring::Wiring;
use crate::config::{Difference, Impact, PluginChange};
use crate::instance_name::InstanceName;

/// What a reload does to one instance, or would do in a dry run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct InstanceChange {
    /// Name of the instance.
    pub plugin: &'static str,
    /// The action.
    pub action: ChangeAction,
    /// The config keys that require it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub keys: Vec<String>,
    /// How long it took; zero if it was only planned.
    #[serde(rename = "took_us", serialize_with = "micros")]
    #[schemars(with = "u64")]
    pub took: Duration,
}

impl fmt::Display for InstanceChange {
    /// `hello-plugin: restart because of hello-plugin.timeout`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.plugin, self.action.as_str())?;
        match &*self.keys {
            [] => Ok(()),
            keys => write!(f, " because of {}", keys.join(", ")),
        }
    }
}

/// An action of a reload on an instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ChangeAction {
    /// The instance is stopped and removed, because it should not run any more.
    Unload,
    /// The instance is created and started.
    Load,
    /// The instance's `#[reload]` method applies the new config while it runs.
    Reload,
    /// A new life is started with the new config beside the running one, and then replaces it.
    Replace,
    /// The instance is stopped and started with the new config.
    Restart,
    /// The instance continues unchanged, and uses the new config from its next start on.
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
    /// The instance that config wants there, if it should run.
    pub(super) wanted: Option<Wanted>,
}

/// A new instance needs plugins that do not run.
#[derive(Debug)]
pub(super) struct UnmetNeeds {
    pub(super) plugin: &'static str,
    pub(super) missing: Vec<&'static str>,
}

/// The steps from the instances under management to those that a config wants: first the removals,
/// in reverse start order, then the other steps in start order. If an instance that is removed
/// still serves another one, it is removed at the end, after the other one has switched to another
/// instance.
///
/// # Errors
///
/// Returns an error if a new instance needs an instance that does not run.
pub(super) fn plan(
    now: &Instances,
    difference: &Difference,
    new: &Checked,
    wiring: &Wiring,
) -> Result<Vec<PlannedChange>, UnmetNeeds> {
    let wanted = new.wanted();
    let (mut steps, last) = unloads(now, &wanted, difference, wiring);
    // The instances that will run when it is the turn of those that need them.
    let mut up = BTreeSet::new();
    for wanted in wanted {
        let bindings = new.bindings(&wanted);
        let needs = wiring.needs_of(wanted.id.plugin, &bindings);
        let missing: Vec<_> = needs.filter(|need| !need.is_among(&up)).collect();
        let instance = now.named(wanted.name);
        let step = match instance {
            None if missing.is_empty() => {
                let keys = vec![key_of_number(difference, wanted.section)];
                Some((ChangeAction::Load, keys))
            }
            None => {
                return Err(UnmetNeeds {
                    plugin: wanted.name,
                    missing: missing.into_iter().map(|need| wiring.name(need)).collect(),
                });
            }
            Some(instance) => {
                let change = change_of(difference, wanted.section);
                let may_run = missing.is_empty();
                change.map(|(impact, keys)| {
                    (action(impact, instance.state(), may_run, &wanted), keys)
                })
            }
        };
        let starts = |action| matches!(action, ChangeAction::Load | ChangeAction::Restart);
        if instance.is_some_and(|one| one.is_running())
            || step.as_ref().is_some_and(|(action, _)| starts(*action))
        {
            up.insert(wanted.id);
        }
        steps.extend(step.map(|(action, keys)| planned(wanted.name, action, keys, Some(wanted))));
    }
    steps.extend(last);
    Ok(steps)
}

/// The removals, in reverse start order: those at the beginning, and those at the end because
/// another instance still uses the removed one.
fn unloads(
    now: &Instances,
    wanted: &[Wanted],
    difference: &Difference,
    wiring: &Wiring,
) -> (Vec<PlannedChange>, Vec<PlannedChange>) {
    let names: BTreeSet<_> = wanted.iter().map(|wanted| wanted.name).collect();
    let (stay, gone): (Vec<_>, Vec<_>) =
        (now.iter().rev()).partition(|instance| names.contains(instance.name()));
    let mut stays: BTreeSet<_> = stay.into_iter().map(|instance| instance.id).collect();
    let (mut first, mut last) = (Vec::new(), Vec::new());
    for instance in gone {
        let keys = vec![key_of_number(difference, instance.section())];
        let unload = planned(instance.name(), ChangeAction::Unload, keys, None);
        let users = now.iter().filter(|user| stays.contains(&user.id));
        let mut needs = users.flat_map(|user| wiring.needs(user));
        if needs.any(|need| need.is(instance.id) && !need.is_among(&stays)) {
            stays.insert(instance.id);
            last.push(unload);
        } else {
            first.push(unload);
        }
    }
    (first, last)
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

/// The key that sets the number of instances of a section. If a labelled instance is added or
/// removed, it is the key of its section.
fn key_of_number(difference: &Difference, section: &str) -> String {
    match difference.of(section) {
        Some(PluginChange::Changed { .. }) => format!("{section}.replicas"),
        _ if InstanceName::of(section).label.is_some() => section.to_owned(),
        _ => format!("{section}.enabled"),
    }
}

/// The difference for an instance that is wanted before and after, without changes of the number of
/// instances.
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

/// The action that does no more than the change requires. `may_run` says whether everything that
/// the instance needs runs.
fn action(impact: Impact, state: State, may_run: bool, wanted: &Wanted) -> ChangeAction {
    let takes_over = wanted.plugin.hooks.reload.is_some();
    match (impact, state) {
        // It is not changed, but it may be able to run now.
        (Impact::Own | Impact::Instance, State::Failed) if may_run => ChangeAction::Restart,
        (Impact::Own, State::Running) if takes_over => ChangeAction::Reload,
        (Impact::Own | Impact::Instance, State::Running) if wanted.plugin.overlap => {
            ChangeAction::Replace
        }
        (Impact::Own | Impact::Instance, State::Running) => ChangeAction::Restart,
        _ => ChangeAction::Update,
    }
}
