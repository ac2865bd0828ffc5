//! Reads the sources and merges them, section by section.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::conform;
use super::environment;
use super::files::ConfigFiles;
use super::generation::Generation;
use super::interpolation::Filler;
use super::issue::{Issue, IssueKind};
use super::manager;
use super::node::{Data, Node};
use super::origin::Origin;
use super::overrides;
use super::reading::{self, Unreadable};
use super::report::Report;
use super::sections::ConfigSections;
use super::sources::Sources;
use super::yaml;
use crate::instance_name::InstanceName;

/// The sections that this build has and that a source contains, merged, and the files that they are
/// from. If a generation is chosen, its files are read in place of those on disk.
pub(super) fn read(
    sources: &Sources,
    build: &ConfigSections<'_>,
    generation: Option<&Generation>,
    report: &mut Report,
) -> (Node, ConfigFiles) {
    let named = sources.manager_file.as_ref().map(|file| file.path.clone());
    let files = ConfigFiles::new(named);
    let mut reader = LayerReader {
        build,
        report,
        generation,
        files,
        reads_overrides: false,
    };
    let mut tree = Node::empty();
    for (name, text) in &sources.embedded {
        let stem = name.split('.').next().unwrap_or_default();
        let layer = reader.document(text, &Origin::embedded(name), stem);
        tree.lay(layer);
    }
    let manager = reader.manager_file(sources);
    reader.unnamed(sources);
    let mut upper = vec![environment::layer(sources, build, reader.report)];
    upper.extend(reader.program(sources));

    let mut peek = tree.clone();
    peek.lay(manager.clone());
    upper.iter().cloned().for_each(|layer| peek.lay(layer));
    let files = reader.directory(sources, &peek, manager);
    tree.lay(files);
    if let [variables, program @ ..] = &mut *upper {
        environment::check_below(&tree, variables, build, reader.report);
        let texts = program.iter().chain([&tree]);
        environment::check_instances(&texts.collect::<Vec<_>>(), variables, reader.report);
    }
    upper.into_iter().for_each(|layer| tree.lay(layer));
    (tree, reader.files)
}

/// A path in the manager's section whose variables have not been replaced yet, and its origin.
pub(super) fn path_of(
    key: &str,
    tree: &Node,
    sources: &Sources,
    build: &ConfigSections<'_>,
) -> Option<(PathBuf, Origin)> {
    let mut node = tree.get(manager::ROOT)?.get(key)?.clone();
    let shape = build.section(manager::ROOT)?.property(key)?;
    let mut filler = Filler {
        environment: &sources.environment,
        room: reading::LARGEST,
        // The variables of this section are replaced later, and its mistakes are reported then.
        issues: &mut Vec::new(),
        secrets: &mut BTreeSet::new(),
    };
    filler.fill(&mut node, &shape, "");
    Some((node.text()?.into(), node.place))
}

/// The layer above all sources: the file of the plugins that an operator turned on or off, and
/// above it what was turned on or off until the next start. Neither adds a labelled instance that
/// no source names.
pub(super) fn switches(
    (data_dir, below): (&Path, &Node),
    sources: &Sources,
    build: &ConfigSections<'_>,
    report: &mut Report,
) -> Node {
    let mut reader = LayerReader {
        build,
        report,
        generation: None,
        // It is not a file of the operator, so it is neither watched nor part of a generation.
        files: ConfigFiles::default(),
        reads_overrides: true,
    };
    let path = overrides::path(data_dir);
    let mut tree = match &sources.overrides {
        Some(overrides) => reader.document(&overrides.text(), &Origin::file(overrides::FILE), ""),
        None if reading::is_absent(&path) => Node::empty(),
        None => reader.file(&path, ""),
    };
    let values = tree.map_mut().and_then(|map| map.remove(overrides::VALUES));
    only_enabled(&mut tree, report);
    lay_values(&mut tree, values, build, report);
    let is_named = |name: &str| InstanceName::of(name).label.is_none() || below.get(name).is_some();
    tree.map_mut().into_iter().for_each(|sections| {
        sections.retain(|name, section| {
            if !is_named(name) {
                let what = format!("no config names the instance `{name}` any more: take it out");
                report.warn(section, name, what);
            }
            is_named(name)
        });
    });
    for (plugin, switch) in sources.switches.iter().filter(|(name, _)| is_named(name)) {
        match switch {
            Some(enabled) => {
                let value = Node::from_json(Value::Bool(*enabled), &Origin::Operation);
                tree.insert(&[plugin.clone(), "enabled".to_owned()], value);
            }
            None => drop(tree.map_mut().and_then(|sections| sections.remove(plugin))),
        }
    }
    tree
}

/// Finds the plugins that an operator turned on or off permanently although an explicit source says
/// otherwise now, and adds a warning for each.
pub(super) fn overridden(tree: &Node, switches: &Node, report: &mut Report) -> Vec<String> {
    let mut overridden = Vec::new();
    for (plugin, section) in switches.map().into_iter().flatten() {
        let below = tree.get(plugin).and_then(|section| section.get("enabled"));
        let (Some(above), Some(below)) = (section.get("enabled"), below) else {
            continue;
        };
        let is_other = above.data != below.data && matches!(below.data, Data::Bool(_));
        if is_other && below.place.is_explicit() && above.place.is_text() {
            let (word, on) = match above.data {
                Data::Bool(true) => ("enable", "on"),
                _ => ("disable", "off"),
            };
            let what = format!(
                "`{word}` turned it {on}, which goes before what {} says: `config reset {plugin}` has that decide again",
                below.place
            );
            report.warn(above, format!("{plugin}.enabled"), what);
            overridden.push(plugin.clone());
        }
    }
    overridden
}

/// Puts the values that operators set into their sections. A value of a plugin that is not in this
/// build is left out.
fn lay_values(
    tree: &mut Node,
    values: Option<Node>,
    build: &ConfigSections<'_>,
    report: &mut Report,
) {
    let values = values.map(|node| overrides::values(&node));
    for (key, set) in values.into_iter().flatten() {
        let path: Vec<String> = key.split('.').map(str::to_owned).collect();
        let origin = Origin::Set {
            by: set.by.into(),
            at: set.at.into(),
        };
        let node = Node::from_json(set.value, &origin);
        let Some(shape) = path.first().and_then(|section| build.section(section)) else {
            let what = "no plugin of this build has this section: `config unset` takes it out";
            report.warn(&node, key, what.to_owned());
            continue;
        };
        let mut section = Node::empty();
        section.insert(&path[1..], node);
        conform::rename_aliases(&mut section, &shape, &path[0], &mut report.issues);
        tree.insert(&path[..1], section);
    }
}

/// Refuses keys in the file of switched plugins that do not belong there.
fn only_enabled(tree: &mut Node, report: &mut Report) {
    let mut refuse = |name: &str, node: &Node, path: &str| {
        let what = "this file says of plugins whether they are `enabled`, and what `config set` has \
                    set: write it in a config file, and take it out here";
        let issue = Issue::new(IssueKind::UnknownKey, &node.key, path, what);
        report.issue(issue.meant(name, ["enabled"]));
        false
    };
    let Some(sections) = tree.map_mut() else {
        return;
    };
    sections.retain(|plugin, section| {
        if plugin == manager::ROOT {
            return refuse(plugin, section, plugin);
        }
        if let Some(keys) = section.map_mut() {
            keys.retain(|key, node| {
                key == "enabled" || refuse(key, node, &format!("{plugin}.{key}"))
            });
        }
        true
    });
}

struct LayerReader<'a> {
    build: &'a ConfigSections<'a>,
    report: &'a mut Report,
    generation: Option<&'a Generation>,
    files: ConfigFiles,
    /// Whether the document is the file of operators' changes.
    reads_overrides: bool,
}

impl LayerReader<'_> {
    /// Reads the sections of one text. `stem` names the section that is lost if the text can't be
    /// read.
    fn document(&mut self, text: &str, origin: &Origin, stem: &str) -> Node {
        match yaml::parse(text, origin) {
            Ok(root) => self.admit(root),
            Err(issues) => {
                self.report.issues.extend(issues);
                self.report.spoiled.insert(stem.to_owned());
                Node::empty()
            }
        }
    }

    /// Keeps the sections that this build has, with their keys under the proper names.
    fn admit(&mut self, mut root: Node) -> Node {
        if root.is_null() {
            return Node::empty();
        }
        let Some(map) = root.map_mut() else {
            let what =
                "a config file holds sections, each under the name of a plugin or `plugin_manager`";
            self.report
                .issue(Issue::new(IssueKind::WrongType, &root.place, "", what));
            return Node::empty();
        };
        map.retain(|name, section| {
            if self.reads_overrides && name == overrides::VALUES {
                return true;
            }
            let Some(shape) = self.build.section(name) else {
                self.build.leave_out(name, section, self.report);
                return false;
            };
            if section.is_null() {
                section.data = Node::empty().data;
            }
            conform::rename_aliases(section, &shape, name, &mut self.report.issues);
            true
        });
        root
    }

    fn manager_file(&mut self, sources: &Sources) -> Node {
        if let Some(generation) = self.generation {
            self.files = (*generation.files).clone();
            let manager = generation.files.manager_file();
            let texts = generation.files.texts.iter();
            let mut texts = texts.filter(|file| Some(file.path.as_path()) == manager);
            return match texts.next() {
                Some(file) => self.file(&file.path, manager::ROOT),
                None => Node::empty(),
            };
        }
        match &sources.manager_file {
            Some(file) if !file.optional || !reading::is_absent(&file.path) => {
                self.file(&file.path, manager::ROOT)
            }
            _ => Node::empty(),
        }
    }

    fn file(&mut self, path: &Path, stem: &str) -> Node {
        let shown = path.strip_prefix(".").unwrap_or(path).to_string_lossy();
        let (origin, read) = match self.generation {
            Some(generation) => (
                Origin::file(&format!("generation {}: {shown}", generation.number)),
                Ok(generation.files.text(path)),
            ),
            None => (Origin::file(&shown), self.files.read(path)),
        };
        match read {
            Ok(text) => {
                if text.trim().is_empty() {
                    let nothing = Node::from_json(Value::Null, &origin);
                    let what = "the file is empty: what is built in holds, as if it were not there";
                    self.report.warn(&nothing, stem, what);
                }
                self.document(&text, &origin, stem)
            }
            Err(Unreadable { what, place }) => {
                let issue = Issue::new(IssueKind::Unreadable, &origin.at(place), "", what);
                self.report.issue(issue);
                self.report.spoiled.insert(stem.to_owned());
                Node::empty()
            }
        }
    }

    fn unnamed(&mut self, sources: &Sources) {
        if let Some(dir) = &sources.unnamed_data_dir {
            let key = format!("{}.data_dir", manager::ROOT);
            let what = format!(
                "the path `{}` is no Unicode, and config is text: name another",
                dir.display()
            );
            self.report
                .issue(Issue::new(IssueKind::Invalid, &Origin::Program, key, what));
        }
    }

    /// Returns one layer for each value. If two were merged first, a value that the later one
    /// replaced could become visible again from a lower layer.
    fn program(&mut self, sources: &Sources) -> Vec<Node> {
        let layer = |(path, value): &(Vec<String>, Value)| {
            let mut root = Node::empty();
            root.insert(path, Node::from_json(value.clone(), &Origin::Program));
            self.admit(root)
        };
        sources.set.iter().map(layer).collect()
    }

    /// Reads the manager's file and the files of the directory. Two of them must not contain the
    /// same section.
    fn directory(&mut self, sources: &Sources, peek: &Node, manager: Node) -> Node {
        let mut files = manager;
        for path in self.list(sources, peek) {
            let stem = path
                .file_stem()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            let mut layer = self.file(&path, &stem);
            if let (Some(map), Some(there)) = (layer.map_mut(), files.map()) {
                map.retain(|name, section| self.is_first(name, section, there.get(name)));
            }
            files.lay(layer);
        }
        files
    }

    fn is_first(&mut self, name: &str, section: &Node, other: Option<&Node>) -> bool {
        if let Some(other) = other {
            let what = format!(
                "two files configure `{name}`: the other one is {}",
                other.key
            );
            self.report
                .issue(Issue::new(IssueKind::Duplicate, &section.key, name, what));
        }
        other.is_none()
    }

    /// The files of the directory, ordered by name.
    fn list(&mut self, sources: &Sources, peek: &Node) -> Vec<PathBuf> {
        if let Some(generation) = self.generation {
            let manager = generation.files.manager_file();
            let paths = generation.files.paths();
            let paths = paths.filter(|path| Some(*path) != manager);
            return paths.map(Path::to_owned).collect();
        }
        let Some((dir, origin)) = self.config_dir(sources, peek) else {
            return Vec::new();
        };
        self.files.config_dir = Some(dir.clone());
        // The default directory does not have to exist; a directory that somebody named does.
        if !origin.is_explicit() && reading::is_absent(&dir) {
            return Vec::new();
        }
        let (files, faults) = self.files.list(&dir);
        for fault in faults {
            let key = format!("{}.config_dir", manager::ROOT);
            let what = format!("`{}`: {fault}", dir.display());
            self.report
                .issue(Issue::new(IssueKind::Unreadable, &origin, key, what));
        }
        files
    }

    /// The directory, and the origin of its path.
    fn config_dir(&self, sources: &Sources, peek: &Node) -> Option<(PathBuf, Origin)> {
        if let Some(dir) = &sources.config_dir {
            return Some((dir.clone(), Origin::Program));
        }
        if peek
            .get(manager::ROOT)
            .and_then(|section| section.get("config_dir"))
            .is_some()
        {
            return path_of("config_dir", peek, sources, self.build);
        }
        let default = manager::ManagerConfig::default().config_dir;
        let named = sources.manager_file.as_ref();
        named.map(|_| (default, Origin::Default))
    }
}
