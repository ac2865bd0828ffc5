//! The entries of the audit log about logins, tokens and accounts.

use plugin_core::audit::{Entry, Outcome, SecurityLog};
use plugin_core::counted;

/// Writes these entries.
#[derive(Debug, Clone)]
pub(crate) struct Trail(SecurityLog);

impl Trail {
    pub(crate) fn new(log: SecurityLog) -> Self {
        Self(log)
    }

    /// A user has logged in.
    pub(crate) fn logged_in(&self, user: &str, ip: Option<&str>) {
        self.write("login", Outcome::Done, Some(user), ip, None);
    }

    /// A login was refused; the client does not learn the reason.
    pub(crate) fn login_refused(&self, user: &str, ip: Option<&str>, why: &str) {
        self.write("login", Outcome::Denied, Some(user), ip, Some(why));
    }

    /// From now on, failures of this user at this address cause a pause.
    pub(crate) fn slowed_down(&self, user: &str, ip: Option<&str>, failures: u32) {
        let failures = counted(failures, "failure");
        let why = format!("{failures}: each further one costs a pause");
        self.write("login.slow", Outcome::Denied, Some(user), ip, Some(&why));
    }

    /// A token was refused. `user` is the user of the token, if it was a token.
    pub(crate) fn token_refused(&self, user: Option<&str>, ip: Option<&str>, why: &str) {
        self.write("token", Outcome::Denied, user, ip, Some(why));
    }

    /// A user has logged out.
    pub(crate) fn logged_out(&self, user: &str, ip: Option<&str>, everywhere: bool) {
        let what = everywhere.then_some("everywhere");
        self.write("logout", Outcome::Done, Some(user), ip, what);
    }

    /// The config has changed an account.
    pub(crate) fn account(&self, action: &'static str, user: &str, what: &str) {
        self.write(action, Outcome::Done, Some(user), None, Some(what));
    }

    fn write(
        &self,
        action: &'static str,
        outcome: Outcome,
        user: Option<&str>,
        ip: Option<&str>,
        detail: Option<&str>,
    ) {
        let mut entry = self.0.entry(action, outcome);
        entry = with(entry, user, Entry::user);
        entry = with(entry, ip, Entry::address);
        self.0.record(with(entry, detail, Entry::detail));
    }
}

fn with(entry: Entry, text: Option<&str>, set: fn(Entry, String) -> Entry) -> Entry {
    match text {
        Some(text) => set(entry, text.to_owned()),
        None => entry,
    }
}
