//! Patterns over topics: `*` stands for one segment, `**` for any number of them at the end.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, de};

/// A pattern such as `user.*` or `order.**`. A topic without a wildcard is a pattern too.
///
/// # Example
///
/// ```
/// use plugin_core::event::Pattern;
///
/// let pattern = Pattern::parse("user.*").unwrap();
/// assert!(pattern.matches("user.login"));
/// assert!(!pattern.matches("user.login.failed"));
/// assert!(Pattern::parse("user.**").unwrap().matches("user.login.failed"));
/// assert!(Pattern::parse("user*").is_err());
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Pattern(String);

impl Pattern {
    /// Parses a pattern.
    ///
    /// # Errors
    ///
    /// Returns an error if a segment is empty, if a wildcard is only a part of a segment, or if
    /// `**` is not the last segment.
    pub fn parse(text: &str) -> Result<Self, PatternError> {
        let mut segments = text.split('.').peekable();
        while let Some(segment) = segments.next() {
            let fault = match segment {
                "" => "has an empty segment",
                "**" if segments.peek().is_some() => "has `**` before its end",
                "*" | "**" => continue,
                part if part.contains('*') => "has a `*` that is not a whole segment",
                _ => continue,
            };
            return Err(PatternError {
                pattern: text.to_owned(),
                fault,
            });
        }
        Ok(Self(text.to_owned()))
    }

    /// Whether the pattern matches a topic. `**` matches at least one segment.
    #[must_use]
    pub fn matches(&self, topic: &str) -> bool {
        let mut topic = topic.split('.');
        for segment in self.0.split('.') {
            match (segment, topic.next()) {
                ("**", Some(_)) => return true,
                ("*", Some(_)) => {}
                (exact, Some(found)) if exact == found => {}
                _ => return false,
            }
        }
        topic.next().is_none()
    }

    /// The only topic that the pattern matches.
    ///
    /// # Errors
    ///
    /// Returns an error if the pattern has a wildcard, so that it matches many topics.
    pub(crate) fn topic(self) -> Result<String, PatternError> {
        if self.0.contains('*') {
            return Err(PatternError {
                pattern: self.0,
                fault: "stands for many topics, and an event has one",
            });
        }
        Ok(self.0)
    }

    /// The text of the pattern.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Pattern {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        Self::parse(&text).map_err(de::Error::custom)
    }
}

impl JsonSchema for Pattern {
    fn schema_name() -> Cow<'static, str> {
        "Pattern".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "description": "A pattern over topics, such as `user.login`, `user.*` or `order.**`"
        })
    }
}

/// The error for a text that is not a pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PatternError {
    pattern: String,
    fault: &'static str,
}

impl fmt::Display for PatternError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "pattern `{}` {}: write `user.login`, `user.*` or `user.**`",
            self.pattern, self.fault
        )
    }
}

impl std::error::Error for PatternError {}
