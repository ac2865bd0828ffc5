//! A plugin's own lines in the audit log: whom it admitted, and what it refused to whom.

use std::fmt;

use super::Audit;
use super::entry::{Entry, Outcome};

/// Records in the audit log what a plugin refuses or grants to somebody from outside.
///
/// Every entry has the plugin as its actor, so that no plugin can write entries of another one;
/// therefore no right is needed. Entries that strangers can cause can't fill the disk: for one
/// action, ten entries of each user and ten of each address are written in a minute, and a hundred
/// in total for actions that were not done. The rest is counted, and recorded in one entry when the
/// minute is over. Names, addresses and details are escaped (control characters, and characters
/// that change the direction of text) and cut.
///
/// # Example
///
/// ```
/// use plugin_core::audit::{Outcome, SecurityLog};
///
/// fn refuse(log: &SecurityLog, user: &str, address: &str) {
///     let entry = log.entry("login", Outcome::Denied);
///     log.record(entry.user(user).address(address).detail("wrong password"));
/// }
/// ```
#[derive(Clone)]
pub struct SecurityLog {
    audit: Audit,
    plugin: &'static str,
}

impl SecurityLog {
    /// The log of `plugin`, which writes to `audit`.
    #[must_use]
    pub const fn new(audit: Audit, plugin: &'static str) -> Self {
        Self { audit, plugin }
    }

    /// A new entry of this plugin, which the caller completes and passes to
    /// [`record`](Self::record). The action is a word such as `login`.
    #[must_use]
    pub fn entry(&self, action: &'static str, outcome: Outcome) -> Entry {
        Entry::new(self.plugin, action, outcome).plugin(self.plugin)
    }

    /// Records an entry with the present time. If there are too many similar entries, it is only
    /// counted. It never waits for the disk.
    pub fn record(&self, entry: Entry) {
        self.audit.record_bounded(entry.by(self.plugin));
    }
}

impl fmt::Debug for SecurityLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SecurityLog").field(&self.plugin).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn lines(record: impl FnOnce(&SecurityLog)) -> Vec<serde_json::Value> {
        let dir = tempfile::tempdir().unwrap();
        let audit = Audit::open(dir.path()).unwrap();
        record(&SecurityLog::new(audit.clone(), "auth-plugin"));
        audit.close().await;
        let text = std::fs::read_to_string(dir.path().join(super::super::FILE_NAME)).unwrap();
        let line = |line| serde_json::from_str(line).unwrap();
        text.lines().map(line).collect()
    }

    #[tokio::test]
    async fn an_entry_says_who_from_where_what_and_why() {
        let lines = lines(|log| {
            let entry = log.entry("login", Outcome::Denied).user("ann");
            log.record(entry.address("192.0.2.1").detail("wrong password"));
        });
        let lines = lines.await;
        assert_eq!(lines[0]["actor"], "auth-plugin");
        assert_eq!(lines[0]["user"], "ann");
        assert_eq!(lines[0]["address"], "192.0.2.1");
        assert_eq!(lines[0]["outcome"], "denied");
        assert_eq!(lines[0]["detail"], "wrong password");
    }

    #[tokio::test]
    async fn what_comes_from_outside_is_escaped_and_cut() {
        let name = format!("\u{1b}[2J\r\n\u{202e}{}", "x".repeat(100_000));
        let lines = lines(|log| {
            let entry = log.entry("login", Outcome::Denied).user(&*name);
            log.record(entry.address(&*name).detail(&*name));
        });
        let line = lines.await[0].to_string();
        assert!(line.len() < 2000, "{} bytes", line.len());
        assert!(
            !line.contains('\u{202e}') && !line.contains("\\u001b"),
            "{line}"
        );
        assert!(
            line.contains(r"\\u{1b}[2J\\u{d}\\u{a}\\u{202e}xxx"),
            "{line}"
        );
    }

    #[tokio::test]
    async fn a_plugin_does_not_speak_for_another() {
        let lines = lines(|log| log.record(Entry::new("operator", "stop", Outcome::Done)));
        assert_eq!(lines.await[0]["actor"], "auth-plugin");
    }

    #[tokio::test]
    async fn report_a12_what_repeats_is_a_count_at_the_end() {
        let lines = lines(|log| {
            for _ in 0..105 {
                log.record(log.entry("login", Outcome::Denied).user("demo"));
            }
        });
        let lines = lines.await;
        assert_eq!(lines.len(), 11);
        let last = lines[10]["detail"].as_str().unwrap();
        assert!(last.starts_with("95 more"), "{last}");
    }
}
