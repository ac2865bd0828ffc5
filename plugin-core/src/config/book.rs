//! What a root key may name in a build, and the schema of each section.

use serde_json::Value;

use super::issue::{Issue, IssueKind};
use super::manager;
use super::node::{Data, Node};
use super::origin::Origin;
use super::schema;
use super::shape::Shape;
use crate::compose::{Absent, Composition};
use crate::nearest::nearest;

/// The sections of a build.
pub(super) struct Book<'c> {
    pub(super) composition: &'c Composition,
    schema: Value,
}

impl<'c> Book<'c> {
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

    /// What to tell of a section whose plugin another build holds: one set of files serves builds
    /// with other features. Nothing of the app's own defaults, and of what is off anyway.
    pub(super) fn left_out(&self, name: &str, section: &Node) -> Option<String> {
        let absent = self.composition.absent(name)?;
        let silent = matches!(section.key, Origin::Embedded { .. }) || is_disabled(section);
        let known = matches!(absent, Absent::LeftOut { .. } | Absent::Uncomposed { .. });
        (known && !silent).then(|| absent.to_string())
    }

    /// Why a section can't be used in any build; nothing if it can.
    pub(super) fn refuse(&self, name: &str, section: &Node) -> Option<Issue> {
        let issue = |kind, what: String| Issue::new(kind, &section.key, name, what);
        if let Some((plugin, _)) = name.split_once('@') {
            let what = format!(
                "several instances of a plugin are not supported yet: configure `{plugin}` itself"
            );
            return Some(issue(IssueKind::Build, what));
        }
        if let Some((plugin, _)) = name.split_once('#') {
            let what =
                format!("the instances of a plugin share one config: configure `{plugin}` itself");
            return Some(issue(IssueKind::Build, what));
        }
        let absent = self.composition.absent(name)?;
        if let Absent::LeftOut { .. } | Absent::Uncomposed { .. } = absent {
            return None;
        }
        let manager = nearest(name, [manager::ROOT]).map(str::to_owned);
        Some(nobody(&section.key, name, name, &absent).or_meant(manager))
    }
}

/// An issue for a name that no plugin has, in this build or in another.
pub(super) fn nobody(place: &Origin, key: &str, name: &str, absent: &Absent) -> Issue {
    let issue = |kind, what: String| Issue::new(kind, place, key, what);
    match absent {
        Absent::Unknown { similar, .. } => {
            let what = format!("no plugin is named `{name}`");
            issue(IssueKind::UnknownKey, what).or_meant(similar.map(str::to_owned))
        }
        left_out @ (Absent::LeftOut { .. } | Absent::Uncomposed { .. }) => {
            issue(IssueKind::Build, left_out.to_string())
        }
    }
}

fn is_disabled(section: &Node) -> bool {
    section
        .get("enabled")
        .is_some_and(|node| node.data == Data::Bool(false))
}
