//! The root keys that a config for this build may have, and the schema of the section below each
//! key.

use serde_json::Value;

use super::issue::{Issue, IssueKind};
use super::manager;
use super::mask::mask;
use super::node::{Data, Node};
use super::origin::Origin;
use super::report::Report;
use super::schema;
use super::shape::Shape;
use crate::compose::{Absent, Composition};
use crate::instance_name::InstanceName;
use crate::nearest::nearest;

/// The sections of a build.
pub(super) struct ConfigSections<'c> {
    pub(super) composition: &'c Composition,
    schema: Value,
}

impl<'c> ConfigSections<'c> {
    pub(super) fn of(composition: &'c Composition) -> Self {
        Self {
            composition,
            schema: schema::sections(composition),
        }
    }

    /// The shape of all sections together.
    pub(super) fn shape(&self) -> Shape<'_> {
        Shape::new(&self.schema)
    }

    /// The shape of a section that this build can have: the section of the manager, of a plugin, or
    /// of a labelled instance of a plugin.
    pub(super) fn section(&self, name: &str) -> Option<Shape<'_>> {
        let parts = InstanceName::of(name);
        let is_manager = parts.plugin == manager::ROOT;
        let is_known = parts.is_section() && (parts.label.is_none() || !is_manager);
        let shape = self.shape().property(parts.plugin);
        shape.filter(|_| is_known)
    }

    /// The shape of a key, given its path, which begins with the name of the section.
    pub(super) fn at(&self, key: &str) -> Option<Shape<'_>> {
        let mut steps = key.split('.');
        let section = self.section(steps.next()?)?;
        steps.try_fold(section, |shape, key| shape.property(key))
    }

    /// Reports a section whose plugin is not in this build. It is a warning if another build has
    /// the plugin, because one set of files can serve builds with different features; otherwise it
    /// is an issue. Nothing is reported for a section in the app's own defaults that another build
    /// has, or for a section that is not enabled.
    pub(super) fn leave_out(&self, name: &str, section: &Node, report: &mut Report) {
        let parts = InstanceName::of(name);
        let known = self.composition.known_absent(parts.plugin);
        if let Some(absent) = known.filter(|_| parts.is_section()) {
            let silent = matches!(section.key, Origin::Embedded { .. }) || is_disabled(section);
            if !silent {
                report.warn(section, name, absent.to_string());
            }
            return;
        }
        let issue = self.refused(name, section, report.has_room());
        report.issues.extend(issue);
    }

    /// The reason why no build can use a section; `None` if a build can.
    fn refused(&self, name: &str, section: &Node, suggests: bool) -> Option<Issue> {
        let issue = |kind, what: String| Issue::new(kind, &section.key, name, what);
        let parts = InstanceName::of(name);
        if parts.number.is_some() {
            let what = format!(
                "the replicas of an instance share one config: configure `{}` itself",
                mask(parts.section)
            );
            return Some(issue(IssueKind::Build, what));
        }
        if let Some(label) = parts.label {
            let has_plugin = self.shape().property(parts.plugin).is_some();
            let absent = || self.composition.absent(parts.plugin);
            let is_looked_for = !has_plugin && !parts.plugin.is_empty() && suggests;
            let Some(absent) = is_looked_for.then(absent).flatten() else {
                let what = no_instance(parts.plugin, label);
                return Some(issue(IssueKind::Build, what));
            };
            let mut issue = nobody(&section.key, name, parts.plugin, &absent);
            let meant = issue.suggestion.take();
            issue.suggestion = meant.map(|plugin| format!("{plugin}@{label}"));
            return Some(issue);
        }
        if !suggests {
            return Some(issue(IssueKind::UnknownKey, no_plugin(name)));
        }
        let absent = self.composition.absent(name)?;
        let manager = nearest(name, [manager::ROOT]).map(str::to_owned);
        Some(nobody(&section.key, name, name, &absent).or_meant(manager))
    }
}

/// An issue for a name that is not the name of a plugin, in this build or in another one.
pub(super) fn nobody(place: &Origin, key: &str, name: &str, absent: &Absent) -> Issue {
    let issue = |kind, what: String| Issue::new(kind, place, key, what);
    match absent {
        Absent::Unknown { similar, .. } => {
            issue(IssueKind::UnknownKey, no_plugin(name)).or_meant(similar.map(str::to_owned))
        }
        left_out @ (Absent::LeftOut { .. } | Absent::Uncomposed { .. }) => {
            issue(IssueKind::Build, left_out.to_string())
        }
    }
}

/// The message that a plugin has no instance with that label.
fn no_instance(plugin: &str, label: &str) -> String {
    if plugin == manager::ROOT {
        return format!("the manager has no instances: configure `{plugin}` itself");
    }
    if plugin.is_empty() {
        let what = "the name of the plugin before the `@` is missing: write it, as in";
        return format!("{what} `hello-plugin@{}`", mask(label));
    }
    let plugin = mask(plugin);
    match label {
        "" => format!(
            "the label after the `@` is missing: write one, as in `{plugin}@eu`, or `{plugin}` alone"
        ),
        _ => format!(
            "`{}` is no label: write words of `a-z` and `0-9` with dashes between them after the \
            `@`, as in `{plugin}@eu`",
            mask(label)
        ),
    }
}

fn no_plugin(name: &str) -> String {
    format!("no plugin is named `{}`", mask(name))
}

fn is_disabled(section: &Node) -> bool {
    section
        .get("enabled")
        .is_some_and(|node| node.data == Data::Bool(false))
}
