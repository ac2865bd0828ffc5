//! All issues of a set of plugins.

use std::fmt;

use super::issue::PlanIssue;

/// The reasons why plugins do not fit together: all issues of the set, at least one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanError(pub(super) Vec<PlanIssue>);

impl PlanError {
    /// The issues, in an order that does not depend on the order of the plugins.
    #[must_use]
    pub fn issues(&self) -> &[PlanIssue] {
        &self.0
    }

    /// The issues, as owned values.
    #[must_use]
    pub fn into_issues(self) -> Vec<PlanIssue> {
        self.0
    }
}

/// Writes one line for each issue.
impl fmt::Display for PlanError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, issue) in self.0.iter().enumerate() {
            let line = if at == 0 { "" } else { "\n" };
            write!(f, "{line}{issue}")?;
        }
        Ok(())
    }
}

impl std::error::Error for PlanError {
    /// The first issue.
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        let first = self.0.first()?;
        Some(first)
    }
}
