//! What a load ends in: typed settings for the manager and each plugin of a build.

use std::collections::BTreeMap;
use std::fmt;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::ops::Bound;
use std::sync::{Arc, LazyLock};

use serde_json::Value;

use super::bindings;
use super::explain::{Explained, explain, masked};
use super::files::ConfigFiles;
use super::generation::Generation;
use super::isolation::Isolated;
use super::issue::Warning;
use super::manager::{self, ManagerConfig};
use super::node::Node;
use super::origin::Origin;
use super::plugin::PluginConfig;
use super::rollback::Rollback;
use super::schema;
use super::shape::Shape;
use crate::child_command::ChildCommand;
use crate::compose::Composition;
use crate::descriptor::Descriptor;
use crate::digest::Digest;
use crate::init::Need;
use crate::permission::Grants;

/// The config of a build, checked.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Settings {
    /// The manager's.
    pub manager: ManagerConfig,
    /// One entry for every plugin of the build and one for every labelled instance of one, as in
    /// `hello-plugin@eu`, those that are not enabled too.
    pub plugins: BTreeMap<&'static str, PluginSettings>,
    /// What an operator should know, and what stops nothing.
    pub warnings: Vec<Warning>,
    pub(super) order: Vec<&'static Descriptor>,
    pub(super) manager_section: Section,
    pub(super) variables: Vec<String>,
    pub(super) files: Arc<ConfigFiles>,
    pub(super) applied: Arc<ConfigFiles>,
    /// The plugins that are on or off although a source that somebody wrote says otherwise.
    pub(super) overridden: Vec<String>,
    /// Whether what is applied was never on disk as a whole.
    pub(super) is_mixed: bool,
    pub(super) rollback: Option<Rollback>,
    /// Whether the sources name another `data_dir` than the one where things are kept.
    pub(crate) will_move: bool,
    /// How processes of instances are started.
    pub(super) processes: Option<ChildCommand>,
}

impl Settings {
    /// The config files as they were on disk: what a watcher looks at.
    #[must_use]
    pub fn files(&self) -> &ConfigFiles {
        &self.files
    }

    /// What is applied, as a generation; `None` if it was never on disk as a whole.
    pub(crate) fn mix(&self) -> Option<Generation> {
        self.is_mixed.then(|| Generation::of(self, ""))
    }

    /// The plugins that `enable` or `disable` turned on or off although their config says otherwise
    /// by now.
    #[must_use]
    pub fn overridden(&self) -> &[String] {
        &self.overridden
    }

    /// The generation whose files were read in the place of those on disk.
    #[must_use]
    pub fn rolled_back_to(&self) -> Option<u64> {
        self.rollback.as_ref().map(|rollback| rollback.generation)
    }

    /// The choice by which a generation was read in the place of the files.
    #[must_use]
    pub fn rollback(&self) -> Option<&Rollback> {
        self.rollback.as_ref()
    }

    /// The plugins in start order of which an instance is enabled.
    pub fn enabled(&self) -> impl DoubleEndedIterator<Item = &'static Descriptor> {
        let is_enabled = |plugin: &&'static Descriptor| {
            instances_of(plugin, &self.plugins).any(|one| one.config.enabled)
        };
        self.order.iter().copied().filter(is_enabled)
    }

    /// The settings of all instances in start order, with their plugins: those of a plugin side by
    /// side.
    pub fn instances(&self) -> impl Iterator<Item = (&'static Descriptor, &PluginSettings)> {
        let order = self.order.iter().copied();
        order.flat_map(|plugin| self.instances_of(plugin).map(move |one| (plugin, one)))
    }

    /// The settings of a plugin's instances: of the one without a label, which may not be enabled,
    /// then of the others in order of their labels.
    pub fn instances_of<'s>(
        &'s self,
        plugin: &'static Descriptor,
    ) -> impl Iterator<Item = &'s PluginSettings> {
        instances_of(plugin, &self.plugins)
    }

    /// What a plugin may do by its `permissions` and `roles`; its types are the upper bound.
    ///
    /// # Panics
    ///
    /// When the plugin is not of the build.
    #[must_use]
    pub fn grants(&self, plugin: &'static Descriptor) -> Grants {
        self.grants_of(&self.plugins[plugin.name])
    }

    /// What an instance may do by its `permissions` and `roles`.
    ///
    /// # Panics
    ///
    /// When the settings are not those of a config that was loaded.
    #[must_use]
    pub fn grants_of(&self, settings: &PluginSettings) -> Grants {
        let (plugin, config) = (settings.name(), &settings.config);
        if config.permissions.is_none() && config.roles.is_empty() {
            return Grants::all(plugin);
        }
        let roles = (config.roles.iter())
            .filter_map(|role| self.manager.roles.get(role))
            .flat_map(|role| &role.permissions);
        Grants::only(plugin, config.permissions.iter().flatten().chain(roles))
            .expect("config is loaded only with permissions that can be read")
    }

    /// What tells it from others: the names and texts of its files, and the names of variables.
    #[must_use]
    pub fn digest(&self) -> Digest {
        Generation::digest_of(&self.applied, &self.variables)
    }

    /// What tells a section from all others that it was or will be, with every value of it and where
    /// that comes from. It tells nothing of its secrets, and another process says something else.
    #[must_use]
    pub fn revision(&self, name: &str) -> Option<Digest> {
        static SALT: LazyLock<[u8; 16]> = LazyLock::new(|| {
            let random = || RandomState::new().build_hasher().finish();
            (u128::from(random()) << 64 | u128::from(random())).to_le_bytes()
        });
        let section = match name {
            manager::ROOT => &self.manager_section,
            _ => &self.plugins.get(name)?.section,
        };
        let values = section.node.to_json().to_string();
        let explained = serde_json::to_string(&section.explain()).unwrap_or_default();
        Some(Digest::of([
            &SALT[..],
            values.as_bytes(),
            explained.as_bytes(),
        ]))
    }

    /// JSON Schema of a section; `name` is as in [`Settings::explain`].
    #[must_use]
    pub fn schema(&self, name: &str) -> Option<Value> {
        match name {
            manager::ROOT => Some(self.manager_section.schema()),
            _ => Some(self.plugins.get(name)?.section.schema()),
        }
    }

    /// Every key of a section with its value and where that comes from; `name` is a plugin of the
    /// build, a labelled instance of one, or `plugin_manager`. Secrets are masked.
    #[must_use]
    pub fn explain(&self, name: &str) -> Option<Vec<Explained>> {
        if name == manager::ROOT {
            return Some(self.manager_section.explain());
        }
        self.plugins
            .get(name)
            .map(|plugin| plugin.section.explain())
    }
}

/// The settings of a plugin's instances, the one without a label first.
pub(super) fn instances_of<'a>(
    plugin: &'static Descriptor,
    plugins: &'a BTreeMap<&'static str, PluginSettings>,
) -> impl Iterator<Item = &'a PluginSettings> {
    let labelled = format!("{}@", plugin.name);
    let from = plugins.range::<str, _>((Bound::Excluded(labelled.as_str()), Bound::Unbounded));
    let labelled: Vec<_> = from
        .take_while(|(name, _)| name.starts_with(&labelled))
        .map(|(_, settings)| settings)
        .collect();
    plugins.get(plugin.name).into_iter().chain(labelled)
}

/// The settings of all instances in start order, those of a plugin side by side.
pub(super) fn instances<'a>(
    composition: &Composition,
    plugins: &'a BTreeMap<&'static str, PluginSettings>,
) -> impl Iterator<Item = (&'static Descriptor, &'a PluginSettings)> {
    let all = composition.plugins();
    all.flat_map(|plugin| instances_of(plugin, plugins).map(move |one| (plugin, one)))
}

/// The settings of one plugin, or of a labelled instance of one.
#[derive(Clone)]
#[non_exhaustive]
pub struct PluginSettings {
    /// What the kernel reads.
    pub config: PluginConfig,
    /// The plugin's own section, `config`: `{}` if nothing is set. It may hold secrets.
    pub values: Value,
    /// Where its instances run.
    pub isolated: Isolated,
    pub(super) section: Section,
}

impl PluginSettings {
    /// The name of the section: that of the plugin, or of a labelled instance of it.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.section.name
    }

    /// The instance that config names for a service or for the answers to a request, as it stands
    /// there; `None` where none is named, so that it is the one without a label.
    #[must_use]
    pub fn provider(&self, need: &Need) -> Option<&str> {
        bindings::of_need(self.section.plugin?, need)?.bound(&self.config)
    }

    /// Where the value of a key comes from: `enabled`, `config.message`.
    #[must_use]
    pub fn origin(&self, key: &str) -> Origin {
        self.node(key)
            .map_or(Origin::Default, |node| node.place.clone())
    }

    pub(super) fn node(&self, key: &str) -> Option<&Node> {
        key.split('.')
            .try_fold(&self.section.node, |node, key| node.get(key))
    }
}

impl fmt::Debug for PluginSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PluginSettings")
            .field("config", &self.config)
            .field("values", &self.section.masked()["config"])
            .finish_non_exhaustive()
    }
}

/// A merged section, its name, and the plugin that it configures: none, if it is the manager's.
///
/// What it was checked against is not kept: it holds every key of every plugin, and only who asks
/// for values with their origins needs it again.
#[derive(Clone)]
pub(super) struct Section {
    pub(super) node: Node,
    pub(super) name: &'static str,
    pub(super) plugin: Option<&'static Descriptor>,
}

impl Section {
    pub(super) fn schema(&self) -> Value {
        schema::of(self.plugin)
    }

    fn explain(&self) -> Vec<Explained> {
        explain(self.name, &self.node, &self.schema())
    }

    fn masked(&self) -> Value {
        masked(&self.node, Some(&Shape::new(&self.schema())))
    }
}

impl fmt::Debug for Section {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple(self.name).field(&self.masked()).finish()
    }
}
