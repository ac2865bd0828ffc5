//! What a root key may name in a build, and the schema of each section.

use std::sync::Arc;

use serde_json::Value;

use super::issue::{Issue, IssueKind};
use super::manager;
use super::node::{Data, Node};
use super::origin::Origin;
use super::schema;
use super::shape::Shape;
use crate::compose::{CatalogueEntry, Composition};

/// The sections of a build.
pub(super) struct Book<'c> {
    pub(super) composition: &'c Composition,
    pub(super) schema: Arc<Value>,
}

impl<'c> Book<'c> {
    pub(super) fn of(composition: &'c Composition) -> Self {
        Self {
            composition,
            schema: Arc::new(schema::sections(composition)),
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

    /// A plugin that the build could have held.
    pub(super) fn absent(&self, name: &str) -> Option<&'static CatalogueEntry> {
        let mut entries = self.composition.catalogue().iter();
        entries.find(|entry| !entry.enabled && entry.plugin == name)
    }

    /// Names of all plugins, in this build or not.
    pub(super) fn plugins(&self) -> impl Iterator<Item = &'static str> {
        let linked = self.composition.plugins().map(|plugin| plugin.name);
        linked.chain(
            self.composition
                .catalogue()
                .iter()
                .map(|entry| entry.plugin),
        )
    }

    /// Why a section can't be used in this build; nothing if it can, or is to be left out.
    pub(super) fn refuse(&self, name: &str, section: &Node) -> Option<Issue> {
        let issue = |kind, what: String| Issue::new(kind, &section.key, name, what);
        if let Some(entry) = self.absent(name) {
            let silent = matches!(section.key, Origin::Embedded { .. }) || is_disabled(section);
            return (!silent).then(|| issue(IssueKind::Build, missing(entry)));
        }
        if let Some((plugin, _)) = name.split_once('@') {
            let what = format!(
                "several instances of a plugin are not supported yet: configure `{plugin}` itself"
            );
            return Some(issue(IssueKind::Build, what));
        }
        let known = self.plugins().chain([manager::ROOT]);
        let what = format!("no plugin is called `{name}`");
        Some(issue(IssueKind::UnknownKey, what).meant(name, known))
    }
}

/// What to do about a plugin that the build could have held.
pub(super) fn missing(entry: &CatalogueEntry) -> String {
    format!(
        "`{}` is known but not in this binary: build with `--features {}`",
        entry.plugin, entry.feature
    )
}

fn is_disabled(section: &Node) -> bool {
    section
        .get("enabled")
        .is_some_and(|node| node.data == Data::Bool(false))
}
