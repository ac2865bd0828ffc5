//! The mistakes and warnings that a load collects.

use std::collections::BTreeSet;

use super::issue::{ConfigError, Issue, PRINTED, Warning};
use super::mask::mask_path;
use super::node::Node;

/// The mistakes and warnings, and the sections for which no more can be reported.
#[derive(Default)]
pub(super) struct Report {
    pub(super) issues: Vec<Issue>,
    pub(super) warnings: Vec<Warning>,
    /// The values that were taken from variables whose names indicate secrets.
    pub(super) secrets: BTreeSet<String>,
    /// Sections whose file could not be read. Missing keys in them are not mistakes.
    pub(super) spoiled: BTreeSet<String>,
}

impl Report {
    /// The mistakes as an error, if there are any.
    pub(super) fn error(self) -> Option<ConfigError> {
        let is_good = self.issues.is_empty();
        (!is_good).then(|| ConfigError::new(self.issues, &self.secrets))
    }

    pub(super) fn issue(&mut self, issue: Issue) {
        self.issues.push(issue);
    }

    /// Whether one more issue would probably be printed. Only then it is worth computing a
    /// suggestion, which is the most expensive part of an issue.
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
