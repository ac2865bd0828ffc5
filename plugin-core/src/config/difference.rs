//! The differences between two configs of one build.
//!
//! Values are compared, not their notation: it is no change if another layer sets a key to the same
//! value, or if a key is set to its default.

mod text;

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::leaves::{self, Leaf, Leaves, Path};
use super::mask::mask_path;
use super::node::Node;
use super::origin::Origin;
use super::settings::{PluginSettings, Section, Settings};
use super::shape::Shape;
use super::unenforced;

/// The differences between two configs of one build.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct Difference {
    /// The changed keys of the manager's own section.
    pub manager: Vec<ManagerKey>,
    /// Every plugin of the build in start order, followed by the labelled instances.
    pub plugins: Vec<PluginDifference>,
}

/// The differences for one plugin.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct PluginDifference {
    /// Name of the plugin, or of a labelled instance of the plugin.
    pub plugin: String,
    /// How the config of this plugin differs.
    #[serde(flatten)]
    pub change: PluginChange,
}

/// How a new config differs from the old one for one plugin.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "change", rename_all = "snake_case")]
#[non_exhaustive]
pub enum PluginChange {
    /// Nothing relevant changed: the config is the same, or the plugin is enabled in neither
    /// config.
    Unchanged,
    /// The plugin is enabled in the new config only.
    Added,
    /// The plugin is enabled in the old config only.
    Removed,
    /// The plugin is enabled in both configs, and some of its keys differ.
    #[non_exhaustive]
    Changed {
        /// What the change requires: the greatest impact among the changed keys.
        impact: Impact,
        /// The changed keys, ordered by their paths.
        keys: Vec<ChangedKey>,
    },
}

/// What a change of config requires of a running instance, from the least to the most.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Impact {
    /// Nothing: these keys are compared with the build when config is read (`name`, `version`,
    /// `dependencies`, `conflicts`).
    Checks,
    /// Nothing that the instance notices: the kernel reads these keys when it needs them. They say
    /// how the plugin is started and restarted (`start`, `restart`), and set the limits `memory`,
    /// `cpu` and `file_handles` of its `resources`.
    Policy,
    /// The plugin's own section, `config`, changed: the `#[reload]` method of the plugin can apply
    /// the change.
    Own,
    /// The instance has to be created again, because the kernel uses these keys when it creates an
    /// instance: limits, rights, handlers, schedules and replicas.
    Instance,
}

/// A key whose value is different.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct ChangedKey {
    /// Path of the key: `hello-plugin.config.message`.
    pub key: String,
    /// The old value; `None` if there was none. Secrets are shown as `***`.
    pub old: Option<Value>,
    /// The new value; `None` if there is none. Secrets are shown as `***`.
    pub new: Option<Value>,
    /// Where the new value comes from.
    pub origin: Origin,
}

/// A key of the manager whose value is different.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct ManagerKey {
    /// The key with its values.
    #[serde(flatten)]
    pub changed: ChangedKey,
    /// When the new value takes effect.
    pub takes_effect: TakesEffect,
}

/// When a new value in the manager's section takes effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum TakesEffect {
    /// When the config is reloaded.
    AtOnce,
    /// At the next start of the process.
    NextStart,
    /// Not at all in this version: the key is read and checked, but nothing enforces it.
    NotInForce,
}

impl ManagerKey {
    /// Whether the new value takes effect with the reload.
    #[must_use]
    pub fn holds_at_once(&self) -> bool {
        self.takes_effect == TakesEffect::AtOnce
    }
}

impl ChangedKey {
    /// What the change of this key alone requires.
    #[must_use]
    pub fn impact(&self) -> Impact {
        impact(&self.key)
    }
}

impl Difference {
    /// Whether the two configs do not differ.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.manager.is_empty() && self.changed().next().is_none()
    }

    /// The plugins whose config differs.
    pub fn changed(&self) -> impl Iterator<Item = &PluginDifference> {
        let plugins = self.plugins.iter();
        plugins.filter(|plugin| plugin.change != PluginChange::Unchanged)
    }

    /// The difference for a plugin of the build, or for a labelled instance of a plugin.
    #[must_use]
    pub fn of(&self, plugin: &str) -> Option<&PluginChange> {
        let mut plugins = self.plugins.iter();
        let found = plugins.find(|different| different.plugin == plugin);
        found.map(|different| &different.change)
    }
}

impl Settings {
    /// Compares these settings with newer settings of the same build.
    ///
    /// If a plugin is enabled in neither of them, its `config` is not compared. The rights of a
    /// plugin are compared by what they grant: if a role of the manager grants something else,
    /// every plugin with this role changes; if a right moves from a list to a role, nothing
    /// changes.
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
                    plugin: plugin.to_owned(),
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

/// What a change of the key requires. A key that is not one of the plugin's keys is a role of the
/// manager.
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

/// Keys that say what a plugin may do. The resulting grants are compared, not these keys.
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

/// The keys that the kernel reads, with the values that it reads, and the keys of the plugin's own
/// section.
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

/// The roles of a plugin whose permissions differ, each under its key in the manager's section.
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

/// When a change of a key in the manager's section takes effect.
fn takes_effect(key: &str) -> TakesEffect {
    match key {
        // The reload itself reads these keys, or they are part of the plugins' settings.
        "config_dir" | "config_generations" | "on_failed_reload" | "timeout" | "start"
        | "restart" | "roles" => TakesEffect::AtOnce,
        // The sections of the plugins show the result of these keys.
        "isolation" | "enable_sandbox" => TakesEffect::AtOnce,
        "drain_timeout" | "health_interval" | "max_memory" | "max_cpu" | "on_breach" => {
            TakesEffect::AtOnce
        }
        // `watch-plugin` and `metrics-plugin` obey these keys.
        "enable_hot_reload" | "watch_interval" | "enable_metrics" | "metrics_port" => {
            TakesEffect::AtOnce
        }
        _ if unenforced::of_manager(key) => TakesEffect::NotInForce,
        _ => TakesEffect::NextStart,
    }
}

/// The second element of a path: a key of the section.
fn second(path: &[String]) -> &str {
    path.get(1).map_or("", String::as_str)
}

/// A changed key with its unmasked path, which may contain a secret.
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

/// Whether the leaf is a section without keys on this side that has keys on the other side. The
/// other keys already report the difference.
fn is_told(leaf: Option<&Leaf>, other: &Leaves, path: &Path) -> bool {
    let is_empty = leaf.is_some_and(|leaf| leaf.value.as_object().is_some());
    is_empty && other.keys().any(|key| key != path && key.starts_with(path))
}
