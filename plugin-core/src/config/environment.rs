//! Reads `APP__…` variables as a layer above the files.
//!
//! `APP__HELLO_PLUGIN__CONFIG__MESSAGE` sets the key `hello-plugin.config.message`: two underscores
//! separate the keys, `-` is written `_`, and upper and lower case are the same. If two variables
//! name one key, it is unclear which of them counts, so this is a mistake. A third underscore
//! before a label stands for the `@`: `APP__HELLO_PLUGIN___EU__CONFIG__MESSAGE` sets the key
//! `hello-plugin@eu.config.message`.

use std::collections::BTreeMap;

use super::conform;
use super::issue::{Issue, IssueKind};
use super::node::Node;
use super::origin::Origin;
use super::report::Report;
use super::sections::ConfigSections;
use super::shape::Shape;
use super::sources::Sources;
use super::validation::{kind_of, one_of};
use crate::compose::Absent;
use crate::instance_name::InstanceName;
use crate::nearest::nearest;

const PREFIX: &str = "APP";

/// Builds the sections that the environment variables set.
pub(super) fn layer(sources: &Sources, build: &ConfigSections<'_>, report: &mut Report) -> Node {
    let variables = &sources.environment;
    for name in variables.garbled().filter(|name| steps(name).is_some()) {
        let what = "its name or its value is no Unicode: write both as UTF-8, or unset it";
        report.issue(Issue::new(IssueKind::Unreadable, &origin(name), "", what));
    }
    let mut set = BTreeMap::<Vec<String>, (&str, Node)>::new();
    for (name, value) in variables.readable() {
        let Some(steps) = steps(name) else { continue };
        let place = origin(name);
        match find(&steps, build) {
            Ok((path, shape)) => match set.get(&path) {
                Some((other, _)) => report.issue(twice(&place, &path, other)),
                None => {
                    let node = conform::typed(value.to_owned(), &shape, &place);
                    set.insert(path, (name, node));
                }
            },
            Err(miss) => report.issue(miss.issue(build, &place)),
        }
    }
    // A variable for a section comes before a variable for a key in it, whatever the order of their
    // names.
    let mut set: Vec<_> = set.into_iter().collect();
    set.sort_by_key(|(path, _)| path.len());
    let mut root = Node::empty();
    for (path, (name, node)) in set {
        match closed(&root, &path) {
            Some(other) => report.issue(beside(&origin(name), &path, other)),
            None => root.insert(&path, node),
        }
    }
    root
}

/// The names of the variables that set keys.
pub(super) fn names(sources: &Sources) -> Vec<String> {
    let variables = sources.environment.readable();
    let names = variables.map(|(name, _)| name);
    let named = names.filter(|name| steps(name).is_some());
    named.map(str::to_owned).collect()
}

fn origin(variable: &str) -> Origin {
    let variable = variable.into();
    Origin::Environment { variable }
}

fn twice(place: &Origin, path: &[String], other: &str) -> Issue {
    let what = format!("sets the same key as `{other}`: unset one of them");
    Issue::new(IssueKind::Duplicate, place, path.join("."), what)
}

/// The node on the way to a key that is a value and not a section, if there is one.
fn closed<'r>(root: &'r Node, path: &[String]) -> Option<&'r Node> {
    let (_, way) = path.split_last()?;
    let mut node = root;
    for key in way {
        node = node.get(key)?;
        if node.map().is_none() {
            return Some(node).filter(|node| !node.is_null());
        }
    }
    None
}

fn beside(place: &Origin, path: &[String], other: &Node) -> Issue {
    let what = format!(
        "sets a key in what `{}` sets, which is no section: unset one of them",
        other.place
    );
    Issue::new(IssueKind::Duplicate, place, path.join("."), what)
}

/// Reports a value in a text that stands where variables set keys of a section. The merged config
/// would not contain the value any more, but it is still a mistake.
pub(super) fn check_below(
    tree: &Node,
    variables: &Node,
    build: &ConfigSections<'_>,
    report: &mut Report,
) {
    for (name, section) in variables.map().into_iter().flatten() {
        if let (Some(text), Some(shape)) = (tree.get(name), build.section(name)) {
            check_section(text, section, &shape, name, report);
        }
    }
}

/// Reports and removes variables for labelled instances that neither a text nor the program names.
/// Otherwise, a mistyped label would create an instance.
pub(super) fn check_instances(texts: &[&Node], variables: &mut Node, report: &mut Report) {
    let names = || texts.iter().filter_map(|text| text.map()).flatten();
    let names = || names().map(|(name, _)| name.as_str());
    let Some(sections) = variables.map_mut() else {
        return;
    };
    sections.retain(|name, section| {
        let parts = InstanceName::of(name);
        if parts.label.is_none() || names().any(|known| known == name) {
            return true;
        }
        if !report.spoiled.contains(name) {
            let what = format!(
                "a variable changes an instance and brings in none, and no config has the section \
                `{name}`: write it, if only as `{name}: {{}}`"
            );
            let first = section.map().and_then(|keys| keys.values().next());
            let place = first.map_or(&section.place, |node| &node.place);
            let labelled = names().filter(|known| InstanceName::of(known).label.is_some());
            let issue = Issue::new(IssueKind::UnknownKey, place, name.as_str(), what);
            report.issue(issue.meant(name, labelled));
        }
        false
    });
}

fn check_section(text: &Node, variables: &Node, shape: &Shape<'_>, key: &str, report: &mut Report) {
    let Some(above) = variables.map() else { return };
    let is_mistake = || text.place.is_text() && !text.is_null() && !shape.accepts(kind_of(text));
    match text.map() {
        Some(below) => {
            for (name, inner) in above {
                if let (Some(text), Some(shape)) = (below.get(name), shape.property(name)) {
                    check_section(text, inner, &shape, &format!("{key}.{name}"), report);
                }
            }
        }
        None if is_mistake() => {
            let what = format!(
                "is no section, and `{}` sets a key in it: write a section, or unset the variable",
                variables.place
            );
            report.issue(Issue::new(IssueKind::WrongType, &text.place, key, what));
        }
        None => {}
    }
}

/// The parts of a variable's name after the prefix; `None` if the name does not have the prefix.
fn steps(name: &str) -> Option<Vec<&str>> {
    let mut steps = name.split("__");
    let is_ours = steps.next()?.eq_ignore_ascii_case(PREFIX);
    let steps: Vec<&str> = steps.collect();
    (is_ours && !steps.is_empty()).then_some(steps)
}

/// The form of a key in a variable's name.
fn folded(key: &str) -> String {
    let key = key.replace('@', "___");
    key.replace(['-', '.'], "_").to_ascii_uppercase()
}

/// Finds the key that a variable names, and the shape of its value.
fn find<'b>(
    steps: &[&str],
    build: &'b ConfigSections<'_>,
) -> Result<(Vec<String>, Shape<'b>), Miss> {
    let mut path: Vec<String> = Vec::new();
    let mut shape = build.shape();
    let mut steps = steps.iter().peekable();
    while let Some(step) = steps.next() {
        let Some((key, inner)) = descend(&shape, step) else {
            return Err(Miss {
                known: shape.keys().map(str::to_owned).collect(),
                aliases: shape.aliases().map(str::to_owned).collect(),
                step: Some((*step).to_owned()),
                path,
            });
        };
        path.push(key);
        shape = inner;
        if let Some((labelled, section)) =
            steps.peek().and_then(|step| labelled(&path, step, build))
        {
            path = vec![labelled];
            shape = section;
            steps.next();
        }
    }
    match path.len() {
        1 => Err(Miss {
            known: Vec::new(),
            aliases: Vec::new(),
            step: None,
            path,
        }),
        _ => Ok((path, shape)),
    }
}

/// The section of a labelled instance, and its shape, if the step after the name of a plugin is a
/// label. A label begins with the third underscore.
fn labelled<'b>(
    path: &[String],
    step: &str,
    build: &'b ConfigSections<'_>,
) -> Option<(String, Shape<'b>)> {
    let ([plugin], Some(label)) = (path, step.strip_prefix('_')) else {
        return None;
    };
    let label = label.replace('_', "-").to_ascii_lowercase();
    let name = format!("{plugin}@{label}");
    let shape = build.section(&name)?;
    Some((name, shape))
}

fn descend<'s>(shape: &Shape<'s>, step: &str) -> Option<(String, Shape<'s>)> {
    let wanted = folded(step);
    let known = shape.keys().find(|key| folded(key) == wanted);
    let known = known.or_else(|| shape.alias_of(&step.to_ascii_lowercase()));
    let key = known.map_or_else(|| step.to_ascii_lowercase(), str::to_owned);
    let inner = shape.property(&key).filter(|_| !key.is_empty())?;
    Some((key, inner))
}

/// A variable that sets no key: the part of its name that could be resolved, and the first step
/// that could not; no step if the name ends too early.
struct Miss {
    path: Vec<String>,
    step: Option<String>,
    known: Vec<String>,
    /// Other names of the known keys.
    aliases: Vec<String>,
}

impl Miss {
    fn issue(&self, build: &ConfigSections<'_>, place: &Origin) -> Issue {
        let issue = |kind, key: &str, what: &str| Issue::new(kind, place, key, what);
        let Some(step) = &self.step else {
            let what = "names a whole section, not a key in it";
            return issue(IssueKind::UnknownKey, &self.path.join("."), what);
        };
        if let Some((name, absent)) = self.absent(step, build) {
            return issue(IssueKind::Build, name, &absent.to_string());
        }
        let key = self.with(&step.to_ascii_lowercase()).join(".");
        let known: Vec<&str> = self.known.iter().map(String::as_str).collect();
        let names = self.known.iter().chain(&self.aliases);
        let mut names: Vec<String> = names.map(|name| folded(name)).collect();
        if self.path.is_empty() {
            let catalogue = build.composition.catalogue().iter();
            names.extend(catalogue.map(|entry| folded(entry.plugin)));
        }
        let written = folded(step);
        let meant = match self.path.is_empty() && step.contains('@') {
            true => Some(written.as_str()),
            false => nearest(&written, names.iter().map(String::as_str)),
        };
        let issue = issue(
            IssueKind::UnknownKey,
            &key,
            "sets a key that does not exist",
        )
        .or_meant(meant.map(|key| self.variable(key)));
        match known.is_empty() {
            true => issue,
            false => issue.expected(one_of(&known)),
        }
    }

    /// The plugin that the step probably names, if another build could contain it.
    fn absent(&self, step: &str, build: &ConfigSections<'_>) -> Option<(&'static str, Absent)> {
        let mut names = build
            .composition
            .catalogue()
            .iter()
            .map(|entry| entry.plugin);
        let name = names.find(|name| self.path.is_empty() && folded(name) == folded(step))?;
        Some((name, build.composition.absent(name)?))
    }

    fn with<'a>(&'a self, step: &'a str) -> Vec<&'a str> {
        self.path.iter().map(String::as_str).chain([step]).collect()
    }

    /// The variable that sets the given key at the same level.
    fn variable(&self, key: &str) -> String {
        let steps = self.with(key).into_iter().map(folded);
        let all: Vec<String> = std::iter::once(PREFIX.to_owned()).chain(steps).collect();
        all.join("__")
    }
}
