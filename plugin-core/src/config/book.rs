//! What a root key may name in a build, and the schema of each section.

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

    /// The shape of a section that this build has.
    pub(super) fn section(&self, name: &str) -> Option<Shape<'_>> {
        self.shape().property(name)
    }

    /// The shape of a key, by its path from the section's name on.
    pub(super) fn at(&self, key: &str) -> Option<Shape<'_>> {
        let mut steps = key.split('.');
        steps.try_fold(self.shape(), |shape, key| shape.property(key))
    }

    /// Tells of a section that this build has not: a warning, if another build has it, for one set
    /// of files serves builds with other features; else an issue. Nothing of the app's own
    /// defaults that another build has, and of what is off anyway.
    pub(super) fn leave_out(&self, name: &str, section: &Node, report: &mut Report) {
        if let Some(absent) = self.composition.known_absent(name) {
            let silent = matches!(section.key, Origin::Embedded { .. }) || is_disabled(section);
            if !silent {
                report.warn(section, name, absent.to_string());
            }
            return;
        }
        let issue = self.refused(name, section, report.has_room());
        report.issues.extend(issue);
    }

    /// Why a section can't be used in any build; nothing if it can.
    fn refused(&self, name: &str, section: &Node, suggests: bool) -> Option<Issue> {
        let issue = |kind, what: String| Issue::new(kind, &section.key, name, what);
        if let Some((plugin, _)) = name.split_once('@') {
            let what = format!(
                "several instances of a plugin are not supported yet: configure `{}` itself",
                mask(plugin)
            );
            return Some(issue(IssueKind::Build, what));
        }
        if let Some((plugin, _)) = name.split_once('#') {
            let what = format!(
                "the instances of a plugin share one config: configure `{}` itself",
                mask(plugin)
            );
            return Some(issue(IssueKind::Build, what));
        }
        if !suggests {
            return Some(issue(IssueKind::UnknownKey, no_plugin(name)));
        }
        let absent = self.composition.absent(name)?;
        let manager = nearest(name, [manager::ROOT]).map(str::to_owned);
        Some(nobody(&section.key, name, name, &absent).or_meant(manager))
    }
}

/// An issue for a name that no plugin has, in this build or in another.
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

fn no_plugin(name: &str) -> String {
    format!("no plugin is named `{}`", mask(name))
}

fn is_disabled(section: &Node) -> bool {
    section
        .get("enabled")
        .is_some_and(|node| node.data == Data::Bool(false))
}
