//! What is different between two configs of one build.
//!
//! Values are compared, not what is written: a key that another layer sets to the same value is no
//! change, and neither is one that is set to its default.

mod text;

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::leaves::{self, Leaf, Leaves, Path};
use super::mask::mask_path;
use super::node::Node;
use super::origin::Origin;
use super::settings::{PluginSettings, Section, Settings};
use super::shape::Shape;
use super::unenforced;

/// What is different between two configs of one build.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct Difference {
    /// Keys of the manager's own section.
    pub manager: Vec<ManagerKey>,
    /// Every plugin of the build in start order, then the labelled instances.
    pub plugins: Vec<PluginDifference>,
}

/// What is different for one plugin.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct PluginDifference {
    /// Name of the plugin, or of a labelled instance of one.
    pub plugin: &'static str,
    /// What is different.
    #[serde(flatten)]
    pub change: PluginChange,
}

/// What a new config says of a plugin.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(tag = "change", rename_all = "snake_case")]
#[non_exhaustive]
pub enum PluginChange {
    /// The same, or it is enabled in neither.
    Unchanged,
    /// It is enabled now.
    Added,
    /// It is not enabled any more.
    Removed,
    /// It is enabled in both, and something is different.
    #[non_exhaustive]
    Changed {
        /// What the change asks for: the most that any of the keys does.
        impact: Impact,
        /// The keys that are different, in order of their paths.
        keys: Vec<ChangedKey>,
    },
}

/// What a change asks for, from the least to the most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Impact {
    /// Nothing: the keys are compared with the build when config is read (`name`, `version`,
    /// `dependencies`, `conflicts`).
    Checks,
    /// What the kernel looks up when it needs it: how it starts the plugin and starts it again
    /// (`start`, `restart`), and the limits `memory`, `cpu` and `file_handles` of its `resources`. An
    /// instance that runs does not know of it.
    Policy,
    /// The plugin's own section, `config`: its `#[reload]` can take it over.
    Own,
    /// What the kernel makes an instance with: limits, rights, handlers, schedules, replicas.
    Instance,
}

/// A key whose value is different.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct ChangedKey {
    /// Path of the key: `hello-plugin.config.message`.
    pub key: String,
    /// The value that held; nothing, if there was none. Secrets are `***`.
    pub old: Option<Value>,
    /// The value that holds now; nothing, if there is none. Secrets are `***`.
    pub new: Option<Value>,
    /// Where the new value comes from.
    pub origin: Origin,
}

/// A key of the manager whose value is different.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct ManagerKey {
    /// What is different.
    #[serde(flatten)]
    pub changed: ChangedKey,
    /// When the new value holds.
    pub takes_effect: TakesEffect,
}

/// When a new value of the manager's section holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum TakesEffect {
    /// With the reload.
    AtOnce,
    /// With the next start of the process.
    NextStart,
    /// Never yet: the key is read and checked, and nothing enforces it.
    NotInForce,
}

impl ManagerKey {
    /// Whether the new value holds with the reload.
    #[must_use]
    pub fn holds_at_once(&self) -> bool {
        self.takes_effect == TakesEffect::AtOnce
    }
}

impl ChangedKey {
    /// What the change of this key alone asks for.
    #[must_use]
    pub fn impact(&self) -> Impact {
        impact(&self.key)
    }
}

impl Difference {
    /// Whether nothing is different.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.manager.is_empty() && self.changed().next().is_none()
    }

    /// The plugins for which something is different.
    pub fn changed(&self) -> impl Iterator<Item = &PluginDifference> {
        let plugins = self.plugins.iter();
        plugins.filter(|plugin| plugin.change != PluginChange::Unchanged)
    }

    /// What is different for a plugin of the build, or for a labelled instance of one.
    #[must_use]
    pub fn of(&self, plugin: &str) -> Option<&PluginChange> {
        let mut plugins = self.plugins.iter();
        let found = plugins.find(|different| different.plugin == plugin);
        found.map(|different| &different.change)
    }
}

impl Settings {
    /// What is different in a newer config of the same build.
    ///
    /// The `config` of a plugin that is enabled in neither is not looked at. A plugin's rights are
    /// compared by what they grant: a role of the manager that grants something else changes every
    /// plugin that has it, and a right that moved from a list to a role changes nothing.
    #[must_use]
    pub fn difference(&self, new: &Self) -> Difference {
        let order = new.order.iter().chain(&self.order);
        let names = order.map(|plugin| plugin.name);
        let names = names.chain(new.plugins.keys().chain(self.plugins.keys()).copied());
        let mut seen = BTreeSet::new();
        let plugins = names.filter(|name| seen.insert(*name));
        Difference {
            manager: manager_keys(self, new),
            plugins: plugins
                .map(|plugin| PluginDifference {
                    plugin,
                    change: change(plugin, self, new),
                })
                .collect(),
        }
    }
}

fn change(plugin: &'static str, old: &Settings, new: &Settings) -> PluginChange {
    let enabled = |settings: &Settings| {
        let found = settings.plugins.get(plugin).cloned();
        found.filter(|plugin| plugin.config.enabled)
    };
    match (enabled(old), enabled(new)) {
        (None, None) => PluginChange::Unchanged,
        (None, Some(_)) => PluginChange::Added,
        (Some(_), None) => PluginChange::Removed,
        (Some(before), Some(after)) => {
            let keys = plugin_keys((old, &before), (new, &after));
            let impacts = keys.iter().map(|changed| impact(&changed.key));
            match impacts.max() {
                Some(impact) => PluginChange::Changed { impact, keys },
                None => PluginChange::Unchanged,
            }
        }
    }
}

/// What a key asks for; one that is not the plugin's is a role of the manager.
fn impact(key: &str) -> Impact {
    let mut steps = key.split('.').skip(1);
    match (steps.next(), steps.next()) {
        (Some("name" | "version" | "dependencies" | "conflicts"), _) => Impact::Checks,
        (Some("resources"), Some(limit)) if limit != "tasks" => Impact::Policy,
        (Some("start" | "restart"), _) => Impact::Policy,
        (Some("config"), _) => Impact::Own,
        _ => Impact::Instance,
    }
}

/// Keys that say what a plugin may do: what they come to is compared.
const RIGHTS: [&str; 2] = ["permissions", "roles"];

fn plugin_keys(
    (old, before): (&Settings, &PluginSettings),
    (new, after): (&Settings, &PluginSettings),
) -> Vec<ChangedKey> {
    let same_rights = (old.grants_of(before)).equal(&new.grants_of(after));
    if same_rights && before.section.node.equal(&after.section.node) {
        return Vec::new();
    }
    let schema = after.section.schema();
    let shape = Shape::new(&schema);
    let mut keys = compare(&leaves_of(before, &shape), &leaves_of(after, &shape));
    if same_rights {
        keys.retain(|(path, _)| !RIGHTS.contains(&second(path)));
    } else {
        keys.extend(changed_roles(
            &before.config.roles,
            &after.config.roles,
            (old, new),
        ));
    }
    keys.into_iter().map(|(_, changed)| changed).collect()
}

/// The keys that the kernel reads, as it reads them, and those of the plugin's own section.
fn leaves_of(plugin: &PluginSettings, shape: &Shape<'_>) -> Leaves {
    let mut leaves = kernel_leaves(&plugin.config, &plugin.section, shape);
    if let Some(own) = plugin.section.node.get("config") {
        let path = [plugin.section.name, "config"].map(str::to_owned).into();
        leaves::gather(own, shape.property("config").as_ref(), path, &mut leaves);
    }
    leaves
}

fn kernel_leaves(config: &impl Serialize, section: &Section, shape: &Shape<'_>) -> Leaves {
    let value = serde_json::to_value(config).expect("config was read from the same form");
    let node = Node::from_json(value, &Origin::Default);
    let mut leaves = Leaves::new();
    let root = vec![section.name.to_owned()];
    leaves::gather(&node, Some(shape), root, &mut leaves);
    // A plugin's own section is no part of what the kernel reads.
    leaves.retain(|path, _| section.plugin.is_none() || second(path) != "config");
    leaves::locate(&mut leaves, &section.node);
    leaves
}

/// The roles of a plugin whose permissions are different, under the manager's key.
fn changed_roles(
    before: &[String],
    after: &[String],
    (old, new): (&Settings, &Settings),
) -> Vec<Changed> {
    let mut keys = manager_changes(old, new);
    keys.retain(|(path, _)| match path.as_slice() {
        [_, key, role, ..] => key == "roles" && (before.contains(role) || after.contains(role)),
        _ => false,
    });
    keys
}

fn manager_keys(old: &Settings, new: &Settings) -> Vec<ManagerKey> {
    let keys = manager_changes(old, new).into_iter();
    keys.map(|(path, changed)| ManagerKey {
        takes_effect: takes_effect(second(&path)),
        changed,
    })
    .collect()
}

fn manager_changes(old: &Settings, new: &Settings) -> Vec<Changed> {
    if old.manager == new.manager {
        return Vec::new();
    }
    let schema = new.manager_section.schema();
    let shape = Shape::new(&schema);
    let leaves =
        |settings: &Settings| kernel_leaves(&settings.manager, &settings.manager_section, &shape);
    compare(&leaves(old), &leaves(new))
}

/// What of the manager's section a reload takes over.
fn takes_effect(key: &str) -> TakesEffect {
    match key {
        // The reload itself reads them, or they stand in the plugins' settings.
        "config_dir" | "config_generations" | "on_failed_reload" | "timeout" | "start"
        | "restart" | "roles" => TakesEffect::AtOnce,
        // The sections of the plugins say what came of it.
        "isolation" | "enable_sandbox" => TakesEffect::AtOnce,
        "drain_timeout" | "health_interval" | "max_memory" | "max_cpu" | "on_breach" => {
            TakesEffect::AtOnce
        }
        // `watch-plugin` goes by them, and `metrics-plugin`.
        "enable_hot_reload" | "watch_interval" | "enable_metrics" | "metrics_port" => {
            TakesEffect::AtOnce
        }
        _ if unenforced::of_manager(key) => TakesEffect::NotInForce,
        _ => TakesEffect::NextStart,
    }
}

/// The key of the section that a path leads through.
fn second(path: &[String]) -> &str {
    path.get(1).map_or("", String::as_str)
}

/// A key that is different, and its path as it is, which may hold a secret.
type Changed = (Path, ChangedKey);

fn compare(old: &Leaves, new: &Leaves) -> Vec<Changed> {
    let paths: BTreeSet<&Path> = old.keys().chain(new.keys()).collect();
    let changed = paths.into_iter().filter_map(|path| {
        let (before, after) = (old.get(path), new.get(path));
        let value = |leaf: Option<&Leaf>| leaf.map(|leaf| leaf.value.clone());
        if value(before) == value(after) || is_told(before, new, path) || is_told(after, old, path)
        {
            return None;
        }
        let shown = |leaf: Option<&Leaf>| leaf.map(|leaf| leaf.shown.clone());
        let changed = ChangedKey {
            key: mask_path(&path.join(".")).into_owned(),
            old: shown(before),
            new: shown(after),
            origin: after.map_or(Origin::Default, |leaf| leaf.origin.clone()),
        };
        Some((path.clone(), changed))
    });
    changed.collect()
}

/// Whether it is a section without keys that has some on the other side: these tell it.
fn is_told(leaf: Option<&Leaf>, other: &Leaves, path: &Path) -> bool {
    let is_empty = leaf.is_some_and(|leaf| leaf.value.as_object().is_some());
    is_empty && other.keys().any(|key| key != path && key.starts_with(path))
}
