//! What a load gathers on its way besides values.

use std::collections::BTreeSet;

use super::issue::{ConfigError, Issue, PRINTED, Warning};
use super::mask::mask_path;
use super::node::Node;

/// Mistakes, warnings, and the sections of which nothing more can be said.
#[derive(Default)]
pub(super) struct Report {
    pub(super) issues: Vec<Issue>,
    pub(super) warnings: Vec<Warning>,
    /// What variables that are named like secrets have filled in.
    pub(super) secrets: BTreeSet<String>,
    /// Sections whose file could not be read: what they lack is not their mistake.
    pub(super) spoiled: BTreeSet<String>,
}

impl Report {
    /// All mistakes, if there are any.
    pub(super) fn error(self) -> Option<ConfigError> {
        let is_good = self.issues.is_empty();
        (!is_good).then(|| ConfigError::new(self.issues, &self.secrets))
    }

    pub(super) fn issue(&mut self, issue: Issue) {
        self.issues.push(issue);
    }

    /// Whether one more issue is likely to be printed, so that it is worth looking for what was
    /// meant: of a mistake this costs most.
    pub(super) fn has_room(&self) -> bool {
        self.issues.len() < PRINTED
    }

    pub(super) fn warn(&mut self, node: &Node, key: impl Into<String>, what: impl Into<String>) {
        self.warnings.push(Warning {
            place: node.key.clone(),
            key: mask_path(&key.into()).into_owned(),
            what: what.into(),
        });
    }
}
