//! Loads settings from sources: merges them, replaces variables, checks the values, converts them
//! to their types, and compares the result with the build.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::conform;
use super::environment;
use super::files::ConfigFiles;
use super::fit;
use super::generation::Generation;
use super::groups;
use super::interpolation::Filler;
use super::isolation::{Isolated, Isolation};
use super::issue::{ConfigError, IssueKind};
use super::layers;
use super::manager::{self, ManagerConfig};
use super::methods;
use super::node::Node;
use super::origin::Origin;
use super::plugin::PluginConfig;
use super::reading;
use super::refused;
use super::report::Report;
use super::rights;
use super::rollback::{self, Rollback};
use super::schema_checks;
use super::sections::ConfigSections;
use super::settings::{PluginSettings, Section, Settings};
use super::sources::Sources;
use super::ties;
use super::unenforced;
use super::validation;
use crate::compose::Composition;
use crate::descriptor::Descriptor;
use crate::instance_name::{InstanceName, interned};

/// Reads the config of a build. Every plugin of the composition gets its settings; they consist of
/// defaults if no source contains a section for the plugin.
///
/// Nothing is started, and only the named files and directories are read.
///
/// # Errors
///
/// Returns all mistakes at once, each with its place. The `config` of a plugin that is not enabled
/// is not checked.
pub fn load(sources: &Sources, composition: &Composition) -> Result<Settings, ConfigError> {
    load_with_files(sources, composition).1
}

/// Does the same as [`load`], and also returns the files on disk, even if they contain mistakes.
pub(crate) fn load_with_files(
    sources: &Sources,
    composition: &Composition,
) -> (Arc<ConfigFiles>, Result<Settings, ConfigError>) {
    load_by(sources, &ConfigSections::of(composition))
}

/// Reads as much of the config as can be read, and returns the mistakes in the rest. It is meant for
/// commands that only show something: nothing may be started with these settings.
#[must_use]
pub fn load_readable(
    sources: &Sources,
    composition: &Composition,
) -> (Settings, Option<ConfigError>) {
    let build = ConfigSections::of(composition);
    let mut report = Report::default();
    let read = read(sources, &build, &mut report);
    let (settings, report) = settle(read, sources, &build, report);
    (settings, report.error())
}

/// Returns a function that does the same as [`load`] and can be called many times for one build, as
/// the fuzz target does. The schema of the build is computed only once.
#[doc(hidden)]
pub fn loader(
    composition: &Composition,
) -> impl Fn(&Sources) -> Result<Settings, ConfigError> + use<'_> {
    let build = ConfigSections::of(composition);
    move |sources| load_by(sources, &build).1
}

fn load_by(
    sources: &Sources,
    build: &ConfigSections<'_>,
) -> (Arc<ConfigFiles>, Result<Settings, ConfigError>) {
    let mut report = Report::default();
    let read = read(sources, build, &mut report);
    let disk = Arc::clone(&read.disk);
    let (settings, report) = settle(read, sources, build, report);
    (disk, report.error().map_or(Ok(settings), Err))
}

/// Checks the merged sources and reads them as types.
fn settle(
    Read {
        mut tree,
        disk,
        rollback,
        data_dir: named_data_dir,
    }: Read,
    sources: &Sources,
    build: &ConfigSections<'_>,
    mut report: Report,
) -> (Settings, Report) {
    let composition = build.composition;
    if let Some(kept_in) = &sources.kept_in {
        let key = [manager::ROOT, "data_dir"].map(str::to_owned);
        let path = Value::String(kept_in.to_string_lossy().into_owned());
        tree.insert(&key, Node::from_json(path, &Origin::Program));
    }
    schema_checks::check(&build.shape(), composition, &mut report);
    let mut loader = Loader {
        sources,
        build,
        report,
    };
    let (manager, manager_section) = loader.manager(&mut tree);
    let switches = layers::switches(
        (&manager.data_dir, &tree),
        sources,
        build,
        &mut loader.report,
    );
    let overridden = layers::overridden(&tree, &switches, &mut loader.report);
    tree.lay(switches);
    let mut plugins = BTreeMap::new();
    for plugin in composition.plugins() {
        let settings = loader.plugin((plugin, plugin.name), &mut tree, &manager_section);
        plugins.insert(plugin.name, settings);
    }
    for (plugin, name) in labelled(composition, &tree) {
        let settings = loader.plugin((plugin, name), &mut tree, &manager_section);
        plugins.insert(name, settings);
    }
    let mut report = loader.report;
    ties::settle(
        (&manager, &manager_section),
        sources.processes.as_ref(),
        &mut plugins,
        &mut report,
    );
    cross_check(
        composition,
        (&manager, &manager_section),
        &plugins,
        &mut report,
    );
    unenforced::warn(&manager_section, &plugins, &mut report);
    let settings = Settings {
        order: composition.plugins().collect(),
        will_move: sources.generation.is_none() && named_data_dir != manager.data_dir,
        manager,
        plugins,
        warnings: std::mem::take(&mut report.warnings),
        manager_section,
        variables: environment::names(sources),
        applied: match &rollback {
            Some((_, generation)) => Arc::clone(&generation.files),
            None => Arc::clone(&disk),
        },
        files: disk,
        overridden,
        is_mixed: false,
        processes: sources.processes.clone(),
        rollback: rollback.map(|(rollback, _)| rollback),
    };
    (settings, report)
}

/// Whether the settings fit the build and each other.
fn cross_check(
    composition: &Composition,
    (manager, section): (&ManagerConfig, &Section),
    plugins: &BTreeMap<&'static str, PluginSettings>,
    report: &mut Report,
) {
    fit::check(composition, plugins, report);
    groups::check(composition, plugins, report);
    methods::check(composition, plugins, report);
    rights::check(manager, section, plugins, report);
}

/// The files that config is read from now, which a watcher has to watch. They are returned even if
/// there are mistakes in them.
#[must_use]
pub fn files(sources: &Sources, composition: &Composition) -> ConfigFiles {
    let build = ConfigSections::of(composition);
    let disk = read(sources, &build, &mut Report::default()).disk;
    Arc::unwrap_or_clone(disk)
}

/// The directory in which the manager and the plugins store data. It is returned even if there are
/// mistakes in the config.
#[must_use]
pub fn data_dir(sources: &Sources, composition: &Composition) -> PathBuf {
    let build = ConfigSections::of(composition);
    read(sources, &build, &mut Report::default()).data_dir
}

/// The merged sources, before they are checked.
struct Read {
    tree: Node,
    /// The files on disk.
    disk: Arc<ConfigFiles>,
    /// The generation that is read in place of the files, and the choice of it.
    rollback: Option<(Rollback, Generation)>,
    /// The data directory that the sources name.
    data_dir: PathBuf,
}

fn read(sources: &Sources, build: &ConfigSections<'_>, report: &mut Report) -> Read {
    let mut first = Report::default();
    let chosen = sources.generation.as_deref();
    let (tree, disk) = layers::read(sources, build, chosen, &mut first);
    let named = layers::path_of("data_dir", &tree, sources, build);
    let named = named.map(|(data_dir, _)| data_dir);
    let obeys = sources.obeys_rollback && chosen.is_none();
    let is_named = named.is_some();
    let data_dir = named.unwrap_or_else(|| ManagerConfig::default().data_dir);
    let rollback = if obeys {
        rollback::in_force(sources.kept_in.as_ref().unwrap_or(&data_dir), &disk)
    } else {
        Ok(None)
    };
    let disk = Arc::new(disk);
    let tree = match &rollback {
        Ok(Some((rollback, generation))) => {
            first = Report::default();
            first.warn(&Node::empty(), manager::ROOT, rollback.to_string());
            let mut older = layers::read(sources, build, Some(generation), &mut first).0;
            keep_data_dir(&mut older, tree, is_named);
            older
        }
        Ok(None) => tree,
        Err(error) => {
            let what = format!(
                "the files count, for the generation to roll back to can't be read: {error}"
            );
            first.warn(&Node::empty(), manager::ROOT, what);
            tree
        }
    };
    *report = first;
    Read {
        tree,
        disk,
        rollback: rollback.ok().flatten(),
        data_dir,
    }
}

/// Makes a generation use the data directory that the files on disk name, because the choice of the
/// generation is itself stored there. The directory that the generation's own text names is
/// ignored.
fn keep_data_dir(older: &mut Node, mut disk: Node, is_named: bool) {
    let take = |tree: &mut Node| {
        let manager = tree.map_mut()?.get_mut(manager::ROOT)?;
        manager.map_mut()?.remove("data_dir")
    };
    take(older);
    if let Some(node) = take(&mut disk).filter(|_| is_named) {
        older.insert(&[manager::ROOT.to_owned(), "data_dir".to_owned()], node);
    }
}

impl Settings {
    /// The settings of `now`, except for some sections, which are taken from these settings.
    ///
    /// # Errors
    ///
    /// Returns an error if the sections do not fit together.
    pub(crate) fn only(
        &self,
        sections: &[String],
        now: &Self,
        composition: &Composition,
    ) -> Result<Self, ConfigError> {
        let mut settings = now.clone();
        settings.rollback.clone_from(&self.rollback);
        settings.overridden.clone_from(&self.overridden);
        if self.applied != now.applied && !sections.is_empty() {
            settings.applied = Arc::new(now.applied.mixed(&self.applied, sections));
            settings.is_mixed = true;
        }
        for name in sections {
            match self.plugins.get_key_value(&**name) {
                Some((name, section)) => settings.plugins.insert(name, section.clone()),
                None => settings.plugins.remove(&**name),
            };
        }
        let mut report = Report::default();
        let manager = (&settings.manager, &settings.manager_section);
        cross_check(composition, manager, &settings.plugins, &mut report);
        report.error().map_or(Ok(settings), Err)
    }
}

struct Loader<'a> {
    sources: &'a Sources,
    build: &'a ConfigSections<'a>,
    report: Report,
}

impl Loader<'_> {
    fn manager(&mut self, tree: &mut Node) -> (ManagerConfig, Section) {
        let mut node = take(tree, manager::ROOT);
        self.settle(&mut node, manager::ROOT);
        let manager = self.typed(&mut node, manager::ROOT).unwrap_or_default();
        let section = Section {
            node,
            name: manager::ROOT,
            plugin: None,
        };
        (manager, section)
    }

    fn plugin(
        &mut self,
        (plugin, name): (&'static Descriptor, &'static str),
        tree: &mut Node,
        manager: &Section,
    ) -> PluginSettings {
        let mut node = take(tree, name);
        let own = node.map_mut().and_then(|map| map.remove("config"));
        self.settle(&mut node, name);
        inherit(&mut node, &manager.node);
        let config: PluginConfig = self.typed(&mut node, name).unwrap_or_default();
        let is_whole = node.map().is_some() && !self.report.spoiled.contains(name);
        let is_used = config.enabled && is_whole;
        let own = self.own((plugin, name), own, &node, is_used);
        let values = own.to_json();
        node.insert(&["config".to_owned()], own);
        PluginSettings {
            isolated: Isolated {
                isolation: Isolation::InProcess,
                because: String::new(),
            },
            config,
            values,
            section: Section {
                node,
                name,
                plugin: Some(plugin),
            },
        }
    }

    /// Reads the plugin's own section, and checks it if the plugin is enabled.
    fn own(
        &mut self,
        (plugin, name): (&'static Descriptor, &str),
        own: Option<Node>,
        section: &Node,
        is_used: bool,
    ) -> Node {
        let mut own = own.filter(|own| !own.is_null()).unwrap_or_else(|| {
            let mut own = Node::empty();
            own.key = section.key.clone();
            own
        });
        let key = format!("{name}.config");
        // If the type can't be read from a file, that has been reported already.
        let mut issues = self.report.issues.iter();
        let is_trap = issues.any(|issue| {
            issue.kind == IssueKind::Build && issue.key.starts_with(&format!("{key}."))
        });
        if is_used && self.settle(&mut own, &key) && !is_trap {
            let refused = refused::judge(plugin.config(), &own, self.build.at(&key), &key);
            self.report.issues.extend(refused);
        }
        own
    }

    /// Replaces the variables, then checks the node against the schema. Returns whether there were
    /// no mistakes.
    fn settle(&mut self, node: &mut Node, key: &str) -> bool {
        let before = self.report.issues.len();
        let build = self.build;
        let shape = build.at(key).unwrap_or_else(|| build.shape());
        Filler {
            environment: &self.sources.environment,
            room: reading::LARGEST,
            secrets: &mut self.report.secrets,
            issues: &mut self.report.issues,
        }
        .fill(node, &shape, key);
        conform::drop_empty(node, &shape);
        validation::check(node, &shape, key, &mut self.report.issues);
        self.report.issues.len() == before
    }

    /// Converts a section into its type. Keys with a mistake are left out, so that the rest can
    /// still be compared with the build.
    fn typed<T: DeserializeOwned>(&mut self, node: &mut Node, key: &str) -> Option<T> {
        let prefix = format!("{key}.");
        let issues = self.report.issues.iter();
        let wrong =
            issues.filter_map(|issue| issue.key.strip_prefix(&prefix)?.split(['.', '[']).next());
        for name in wrong {
            node.map_mut().and_then(|map| map.remove(name));
        }
        match serde_path_to_error::deserialize(node.map().map(|_| node.to_json())?) {
            Ok(value) => Some(value),
            Err(error) => {
                let issue = refused::refused(&error, node, self.build.at(key), key);
                self.report.issue(issue);
                None
            }
        }
    }
}

/// The names of the sections of labelled instances, with their plugins.
fn labelled(composition: &Composition, tree: &Node) -> Vec<(&'static Descriptor, &'static str)> {
    let names = tree.map().into_iter().flatten().map(|(name, _)| name);
    let labelled = names.filter_map(|name| {
        let parts = InstanceName::of(name);
        let is_labelled = parts.label.is_some() && parts.is_section();
        let plugin = composition.find(parts.plugin).filter(|_| is_labelled)?;
        Some((plugin, interned(name)))
    });
    labelled.collect()
}

fn take(tree: &mut Node, name: &str) -> Node {
    let section = tree.map_mut().and_then(|map| map.remove(name));
    section.unwrap_or_else(Node::empty)
}

/// Puts the manager's keys that apply to every plugin below the plugin's own keys.
fn inherit(node: &mut Node, manager: &Node) {
    let Some(map) = node.map_mut() else { return };
    for key in ["start", "restart", "timeout"] {
        let Some(mut shared) = manager.get(key).cloned() else {
            continue;
        };
        if let Some(own) = map.remove(key) {
            shared.lay(own);
        }
        map.insert(key.to_owned(), shared);
    }
}
