//! Reads the lines of the audit log, newest first.

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::Path;

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::FILE_NAME;
use super::entry::Outcome;
use super::file::numbered;
use crate::digest::Digest;
use crate::regular;

/// Selects lines of the audit log.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct AuditQuery {
    /// Only lines before this one: the `next` of the previous page.
    pub before: Option<Digest>,
    /// Most lines in a page.
    pub limit: usize,
    /// Only lines whose user or actor contains this text.
    pub user: Option<String>,
    /// Only lines with this action, or with an action that begins with it and a dot.
    pub action: Option<String>,
    /// Only lines with this outcome.
    pub outcome: Option<Outcome>,
    /// Only lines of this plugin.
    pub plugin: Option<String>,
}

impl AuditQuery {
    /// Selects the last lines.
    #[must_use]
    pub fn last(limit: usize) -> Self {
        Self {
            limit,
            ..Self::default()
        }
    }

    fn wants(&self, line: &Map<String, Value>) -> bool {
        let text = |key: &str| line.get(key).and_then(Value::as_str).unwrap_or_default();
        let is = |wanted: &Option<String>, key: &str| {
            wanted.as_ref().is_none_or(|wanted| wanted == text(key))
        };
        let user = self.user.as_ref();
        let is_user = |user: &String| text("user").contains(&**user) || text("actor") == *user;
        let is_action = |action: &String| {
            let rest = text("action").strip_prefix(&**action);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        let is_outcome = |outcome: Outcome| Some(&json!(outcome)) == line.get("outcome");
        user.is_none_or(is_user)
            && self.outcome.is_none_or(is_outcome)
            && self.action.as_ref().is_none_or(is_action)
            && is(&self.plugin, "plugin")
    }
}

/// A line of the audit log.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct AuditLine {
    /// Its digest, which the next line contains.
    #[schemars(with = "String")]
    pub id: Digest,
    /// Its content.
    #[serde(flatten)]
    pub line: Map<String, Value>,
}

/// Some lines of the audit log, newest first.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct AuditPage {
    /// The lines.
    pub lines: Vec<AuditLine>,
    /// Where the next page begins, for [`AuditQuery::before`]; `None` on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub next: Option<Digest>,
}

/// Reads lines of the audit log in a data directory. The service may run meanwhile.
///
/// # Errors
///
/// Returns an error if a file of the log can't be read. A log that does not exist has no lines.
pub fn read(data_dir: &Path, query: &AuditQuery) -> io::Result<AuditPage> {
    let current = data_dir.join(FILE_NAME);
    let mut page = AuditPage::default();
    let mut before = query.before;
    for number in 0.. {
        let file = regular::open_own(&numbered(&current, number), File::options().read(true));
        let file = match file {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => break,
            Err(error) => return Err(error),
        };
        let lines = BufReader::new(file)
            .split(b'\n')
            .collect::<io::Result<Vec<_>>>()?;
        for line in lines.iter().rev() {
            let id = Digest::of_bytes(line);
            if let Some(sought) = before {
                before = (sought != id).then_some(sought);
                continue;
            }
            // A line that a crash cut off is not an entry.
            let Ok(line) = serde_json::from_slice::<Map<String, Value>>(line) else {
                continue;
            };
            if !query.wants(&line) {
                continue;
            }
            if page.lines.len() == query.limit {
                page.next = page.lines.last().map(|line| line.id);
                return Ok(page);
            }
            page.lines.push(AuditLine { id, line });
        }
    }
    Ok(page)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn actions(page: &AuditPage) -> Vec<&str> {
        let lines = page.lines.iter();
        lines
            .map(|line| line.line["action"].as_str().unwrap())
            .collect()
    }

    #[test]
    fn pages_follow_each_other_over_all_files_and_hold_what_is_wanted() {
        let dir = tempfile::tempdir().unwrap();
        let read = |query: &AuditQuery| read(dir.path(), query).unwrap();
        assert!(
            read(&AuditQuery::last(5)).lines.is_empty(),
            "there is no log yet"
        );
        let line = |action: &str, user: &str| {
            format!(
                r#"{{"actor":"admin-plugin","user":"{user}","action":"{action}","outcome":"done"}}"#
            )
        };
        let older = [line("a", "ann"), line("b", "bob")].join("\n") + "\n";
        let newer = [
            line("config.set", "ann"),
            "cut off".to_owned(),
            line("d", "ann"),
        ]
        .join("\n");
        fs::write(numbered(&dir.path().join(FILE_NAME), 1), older).unwrap();
        fs::write(dir.path().join(FILE_NAME), newer + "\n").unwrap();

        let first = read(&AuditQuery::last(3));
        assert_eq!(actions(&first), ["d", "config.set", "b"]);
        let rest = read(&AuditQuery {
            before: first.next,
            ..AuditQuery::last(3)
        });
        assert_eq!((actions(&rest), rest.next), (vec!["a"], None));
        let all = AuditQuery::last(9);
        let ann = AuditQuery {
            user: Some("ann".to_owned()),
            ..all.clone()
        };
        assert_eq!(actions(&read(&ann)), ["d", "config.set", "a"]);
        let config = AuditQuery {
            action: Some("config".to_owned()),
            ..all.clone()
        };
        assert_eq!(actions(&read(&config)), ["config.set"]);
        let part = AuditQuery {
            action: Some("conf".to_owned()),
            ..all.clone()
        };
        assert!(read(&part).lines.is_empty());
        let denied = AuditQuery {
            outcome: Some(Outcome::Denied),
            ..all
        };
        assert!(read(&denied).lines.is_empty());
    }
}
