//! The topics that an interceptor is called for.

use std::fmt;

use crate::pattern::Pattern;

/// Patterns, of which at least one has to match.
#[derive(Debug, Clone)]
pub(in crate::event) struct TopicFilter(Vec<Pattern>);

impl TopicFilter {
    pub(in crate::event) fn new(patterns: Vec<Pattern>) -> Self {
        Self(patterns)
    }

    pub(in crate::event) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(in crate::event) fn matches(&self, topic: &str) -> bool {
        self.0.iter().any(|pattern| pattern.matches(topic))
    }
}

impl fmt::Display for TopicFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, pattern) in self.0.iter().enumerate() {
            let separator = if at == 0 { "" } else { ", " };
            write!(f, "{separator}{pattern}")?;
        }
        Ok(())
    }
}
