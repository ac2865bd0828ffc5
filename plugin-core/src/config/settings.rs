//! The result of a load: typed settings for the manager and for each plugin of a build.

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

/// The checked config of a build.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Settings {
    /// The settings of the manager.
    pub manager: ManagerConfig,
    /// One entry for every plugin of the build and for every labelled instance of one, such as
    /// `hello-plugin@eu`, including those that are not enabled.
    pub plugins: BTreeMap<&'static str, PluginSettings>,
    /// Things that an operator should know but that do not prevent the start.
    pub warnings: Vec<Warning>,
    pub(super) order: Vec<&'static Descriptor>,
    pub(super) manager_section: Section,
    pub(super) variables: Vec<String>,
    pub(super) files: Arc<ConfigFiles>,
    pub(super) applied: Arc<ConfigFiles>,
    /// The plugins that are turned on or off by an operator although an explicit source says
    /// otherwise.
    pub(super) overridden: Vec<String>,
    /// Whether this config was never on disk as a whole.
    pub(super) is_mixed: bool,
    pub(super) rollback: Option<Rollback>,
    /// Whether the sources name another `data_dir` than the one where things are kept.
    pub(crate) will_move: bool,
    /// How processes of instances are started.
    pub(super) processes: Option<ChildCommand>,
}

impl Settings {
    /// The config files as they were on disk, which a watcher watches.
    #[must_use]
    pub fn files(&self) -> &ConfigFiles {
        &self.files
    }

    /// The applied config as a generation, if it was never on disk as a whole; otherwise `None`.
    pub(crate) fn mix(&self) -> Option<Generation> {
        self.is_mixed.then(|| Generation::of(self, ""))
    }

    /// The plugins that `enable` or `disable` turned on or off although their config says otherwise
    /// now.
    #[must_use]
    pub fn overridden(&self) -> &[String] {
        &self.overridden
    }

    /// The number of the generation whose files were read in place of those on disk.
    #[must_use]
    pub fn rolled_back_to(&self) -> Option<u64> {
        self.rollback.as_ref().map(|rollback| rollback.generation)
    }

    /// The choice of the generation that was read in place of the files, if there is one.
    #[must_use]
    pub fn rollback(&self) -> Option<&Rollback> {
        self.rollback.as_ref()
    }

    /// The plugins with at least one enabled instance, in start order.
    pub fn enabled(&self) -> impl DoubleEndedIterator<Item = &'static Descriptor> {
        let is_enabled = |plugin: &&'static Descriptor| {
            instances_of(plugin, &self.plugins).any(|one| one.config.enabled)
        };
        self.order.iter().copied().filter(is_enabled)
    }

    /// The settings of all instances in start order, with their plugins. The instances of one
    /// plugin follow each other.
    pub fn instances(&self) -> impl Iterator<Item = (&'static Descriptor, &PluginSettings)> {
        let order = self.order.iter().copied();
        order.flat_map(|plugin| self.instances_of(plugin).map(move |one| (plugin, one)))
    }

    /// The settings of a plugin's instances: first the one without a label, which may not be
    /// enabled, then the others, ordered by label.
    pub fn instances_of<'s>(
        &'s self,
        plugin: &'static Descriptor,
    ) -> impl Iterator<Item = &'s PluginSettings> {
        instances_of(plugin, &self.plugins)
    }

    /// What a plugin may do by its `permissions` and `roles`. It never exceeds what the plugin's
    /// types ask for.
    ///
    /// # Panics
    ///
    /// Panics if the plugin is not part of the build.
    #[must_use]
    pub fn grants(&self, plugin: &'static Descriptor) -> Grants {
        self.grants_of(&self.plugins[plugin.name])
    }

    /// What an instance may do by its `permissions` and `roles`.
    ///
    /// # Panics
    ///
    /// Panics if `settings` is not part of a loaded config.
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

    /// A digest of the config: of the names and texts of its files, and of the names of the
    /// variables.
    #[must_use]
    pub fn digest(&self) -> Digest {
        Generation::digest_of(&self.applied, &self.variables)
    }

    /// A digest of one version of a section, with all its values and their origins. It reveals
    /// nothing about the secrets in the section, and it differs between processes.
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

    /// The JSON Schema of a section; `name` is as in [`Settings::explain`].
    #[must_use]
    pub fn schema(&self, name: &str) -> Option<Value> {
        match name {
            manager::ROOT => Some(self.manager_section.schema()),
            _ => Some(self.plugins.get(name)?.section.schema()),
        }
    }

    /// Every key of a section with its value and origin. `name` is a plugin of the build, a
    /// labelled instance of a plugin, or `plugin_manager`. Secrets are masked.
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

/// The settings of all instances in start order. The instances of one plugin follow each other.
pub(super) fn instances<'a>(
    composition: &Composition,
    plugins: &'a BTreeMap<&'static str, PluginSettings>,
) -> impl Iterator<Item = (&'static Descriptor, &'a PluginSettings)> {
    let all = composition.plugins();
    all.flat_map(|plugin| instances_of(plugin, plugins).map(move |one| (plugin, one)))
}

/// The settings of one plugin, or of a labelled instance of a plugin.
#[derive(Clone)]
#[non_exhaustive]
pub struct PluginSettings {
    /// The keys that the kernel reads.
    pub config: PluginConfig,
    /// The plugin's own section, `config`; `{}` if nothing is set. It may contain secrets.
    pub values: Value,
    /// Where the plugin's instances run.
    pub isolated: Isolated,
    pub(super) section: Section,
}

impl PluginSettings {
    /// The name of the section: the name of the plugin or of a labelled instance.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.section.name
    }

    /// The instance that config chooses for a service or for the answers to a request, as written
    /// in config. `None` means that config chooses none, so that the instance without a label is
    /// used.
    #[must_use]
    pub fn provider(&self, need: &Need) -> Option<&str> {
        bindings::of_need(self.section.plugin?, need)?.bound(&self.config)
    }

    /// The origin of the value of a key, such as `enabled` or `config.message`.
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

/// A merged section with its name and the plugin that it configures; no plugin for the manager's
/// section.
///
/// The schema that it was checked against is not kept: it contains every key of every plugin, and
/// it is needed again only when values are listed with their origins.
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
