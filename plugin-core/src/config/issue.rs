//! Mistakes and warnings in a config. Each prints as one line.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::fmt;
use std::path::Path;

use serde::Serialize;

use super::mask::mask_path;
use super::origin::Origin;
use super::secret::MASK;
use crate::nearest::nearest;
use crate::printable;

/// What kind of mistake an [`Issue`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum IssueKind {
    /// A file can't be read.
    Unreadable,
    /// A text is not valid YAML, or a `${…}` in it is not closed.
    Syntax,
    /// A key occurs twice.
    Duplicate,
    /// A key has no meaning.
    UnknownKey,
    /// A key without a default is missing.
    MissingKey,
    /// A value has the wrong type.
    WrongType,
    /// A value has the right type but can't be used.
    Invalid,
    /// The variable of a `${VARIABLE}` is not set.
    MissingVariable,
    /// The config does not fit the plugins of this build.
    Build,
}

/// One mistake in a config.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Issue {
    /// What kind of mistake it is.
    pub kind: IssueKind,
    /// The place of the mistake.
    pub place: Origin,
    /// Path of the key, such as `hello-plugin.config.message`; empty if the whole text is meant.
    pub key: String,
    /// What is wrong.
    pub what: String,
    /// What would be right.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expected: Option<String>,
    /// What was found instead.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub found: Option<String>,
    /// What was probably meant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub suggestion: Option<String>,
}

impl Issue {
    pub(super) fn new(
        kind: IssueKind,
        place: &Origin,
        key: impl Into<String>,
        what: impl Into<String>,
    ) -> Self {
        Self {
            kind,
            place: place.clone(),
            key: key.into(),
            what: what.into(),
            expected: None,
            found: None,
            suggestion: None,
        }
    }

    pub(super) fn expected(mut self, expected: impl Into<String>) -> Self {
        self.expected = Some(expected.into());
        self
    }

    /// Whether the issue is about a key of the given section itself, not about a key deeper in it.
    pub(super) fn is_in(&self, section: &str) -> bool {
        let key = self.key.strip_prefix(section);
        let name = key.and_then(|key| key.strip_prefix('.'));
        name.is_some_and(|name| !name.contains(['.', '[']))
    }

    pub(super) fn found(mut self, found: impl Into<String>) -> Self {
        self.found = Some(found.into());
        self
    }

    /// Adds a suggestion if one of the candidates is similar.
    pub(super) fn meant<'a>(
        mut self,
        word: &str,
        candidates: impl IntoIterator<Item = &'a str>,
    ) -> Self {
        self.suggestion = nearest(word, candidates).map(str::to_owned);
        self
    }

    /// Adds a suggestion unless there is one already.
    pub(super) fn or_meant(mut self, suggestion: Option<String>) -> Self {
        self.suggestion = self.suggestion.or(suggestion);
        self
    }
}

/// Prints as one line, whatever the config contains: see [`printable`].
impl fmt::Display for Issue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&printable::line(&self.line()))
    }
}

/// Shorter values are not replaced, because they also occur in unrelated words.
const SHORTEST: usize = 4;

impl Issue {
    /// Hides secrets: those in keys that a file made up, and the values of variables with names of
    /// secrets, which the message of a type may quote.
    fn hide(&mut self, secrets: &BTreeSet<String>) {
        if let Cow::Owned(key) = mask_path(&self.key) {
            self.key = key;
        }
        let long = secrets.iter().filter(|secret| secret.len() >= SHORTEST);
        let mut secrets: Vec<&String> = long.collect();
        // Longer secrets are replaced first. If a shorter one were removed from a longer one first,
        // the rest would be shown.
        secrets.sort_by_key(|secret| Reverse(secret.len()));
        let texts = [&mut self.expected, &mut self.found, &mut self.suggestion];
        let texts = texts.into_iter().flatten().chain([&mut self.what]);
        for text in texts {
            for secret in &secrets {
                if text.contains(secret.as_str()) {
                    *text = text.replace(secret.as_str(), MASK);
                }
            }
        }
    }

    /// The whole line, without escaping.
    fn line(&self) -> String {
        let mut line = String::new();
        if self.place != Origin::Default {
            line += &format!("{}: ", self.place);
        }
        if !self.key.is_empty() {
            line += &format!("{}: ", self.key);
        }
        line += &self.what;
        let expected = self
            .expected
            .as_ref()
            .map(|text| format!("expected {text}"));
        let found = self.found.as_ref().map(|text| format!("found {text}"));
        let facts: Vec<String> = expected.into_iter().chain(found).collect();
        let meant = self
            .suggestion
            .as_ref()
            .map(|text| format!("did you mean `{text}`?"));
        let notes: Vec<String> = [facts.join(", ")]
            .into_iter()
            .filter(|facts| !facts.is_empty())
            .chain(meant)
            .collect();
        if !notes.is_empty() {
            line += &format!(" ({})", notes.join("; "));
        }
        line
    }
}

/// Most mistakes that are printed.
pub(super) const PRINTED: usize = 100;

/// All mistakes of a config, so that they can be repaired in one round. The text form contains the
/// first 100, and how many more there are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct ConfigError {
    issues: Vec<Issue>,
}

impl ConfigError {
    /// Makes the error. `issues` must not be empty. Values in `secrets` are hidden.
    pub(super) fn new(mut issues: Vec<Issue>, secrets: &BTreeSet<String>) -> Self {
        issues.iter_mut().for_each(|issue| issue.hide(secrets));
        issues.sort_by(|a, b| (&a.place, &a.key).cmp(&(&b.place, &b.key)));
        issues.dedup();
        Self { issues }
    }

    /// The mistakes, ordered by their places.
    #[must_use]
    pub fn issues(&self) -> &[Issue] {
        &self.issues
    }

    /// Whether a section is not known completely: it contains a mistake, or a file of its name can't
    /// be read.
    #[must_use]
    pub fn concerns(&self, section: &str) -> bool {
        let of_section = |issue: &Issue| match (&*issue.key, &issue.place) {
            ("", Origin::File { path, .. }) => Path::new(&**path)
                .file_stem()
                .is_some_and(|it| it == section),
            (key, _) => key.split('.').next() == Some(section),
        };
        self.issues.iter().any(of_section)
    }

    /// The lines of the text form.
    pub(crate) fn lines(&self) -> Vec<String> {
        let told = self.issues.iter().take(PRINTED).map(Issue::to_string);
        let more = self.issues.len().saturating_sub(PRINTED);
        let more = (more > 0).then(|| format!("and {more} more"));
        told.chain(more).collect()
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.lines().join("\n"))
    }
}

impl std::error::Error for ConfigError {}

/// Something that an operator should know but that does not prevent the start.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Warning {
    /// The place that the warning is about.
    pub place: Origin,
    /// Path of the key.
    pub key: String,
    /// What the operator should know.
    pub what: String,
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let line = format!("{}: {}: {}", self.place, self.key, self.what);
        f.write_str(&printable::line(&line))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_that_begins_like_another_one_leaves_nothing_of_it() {
        let mut issue = Issue::new(IssueKind::Invalid, &Origin::Default, "key", "no admin-2024");
        issue.hide(&["admin", "admin-2024"].map(str::to_owned).into());
        assert_eq!(issue.what, "no ***");
    }
}
