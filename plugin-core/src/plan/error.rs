//! All that is wrong with a set of plugins.

use std::fmt;

use super::issue::PlanIssue;

/// Why plugins do not fit together: all that is wrong with the set, at least one issue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanError(pub(super) Vec<PlanIssue>);

impl PlanError {
    /// The issues, in an order that does not depend on that of the plugins.
    #[must_use]
    pub fn issues(&self) -> &[PlanIssue] {
        &self.0
    }

    /// The same, owned.
    #[must_use]
    pub fn into_issues(self) -> Vec<PlanIssue> {
        self.0
    }
}

/// A line for each issue.
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
