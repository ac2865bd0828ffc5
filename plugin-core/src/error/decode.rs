//! The error for JSON from outside that is not valid.

use std::borrow::Cow;
use std::fmt;

/// JSON that is not an event of the topic's type, or breaks a rule of its schema.
#[derive(Debug)]
pub struct DecodeError {
    topic: Cow<'static, str>,
    /// It is boxed, because the error is part of the result of every publisher, which has to stay
    /// small.
    source: Box<Wrong>,
}

#[derive(Debug)]
enum Wrong {
    Type(serde_path_to_error::Error<serde_json::Error>),
    Value { key: String, fault: String },
}

impl DecodeError {
    pub(crate) fn new(
        topic: impl Into<Cow<'static, str>>,
        source: serde_path_to_error::Error<serde_json::Error>,
    ) -> Self {
        Self {
            topic: topic.into(),
            source: Box::new(Wrong::Type(source)),
        }
    }

    /// The error for an event that breaks a rule of its type at `key`.
    pub(crate) fn broken(topic: &'static str, key: String, fault: String) -> Self {
        Self {
            topic: topic.into(),
            source: Box::new(Wrong::Value { key, fault }),
        }
    }

    /// Topic of the event.
    #[must_use]
    pub fn topic(&self) -> &str {
        &self.topic
    }

    /// Path of the wrong key; `.` for the whole.
    #[must_use]
    pub fn key(&self) -> String {
        match &*self.source {
            Wrong::Type(error) => error.path().to_string(),
            Wrong::Value { key, .. } => key.clone(),
        }
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "not a `{}`: ", self.topic)?;
        let key = self.key();
        if key != "." {
            write!(f, "`{key}`: ")?;
        }
        match &*self.source {
            Wrong::Type(error) => error.inner().fmt(f),
            Wrong::Value { fault, .. } => f.write_str(fault),
        }
    }
}

impl std::error::Error for DecodeError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &*self.source {
            Wrong::Type(error) => Some(error.inner()),
            Wrong::Value { .. } => None,
        }
    }
}
