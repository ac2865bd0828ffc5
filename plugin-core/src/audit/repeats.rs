//! Limits the lines that strangers can cause: a number of lines is written in each minute, and the
//! rest is only counted.
//!
//! Invariants: every entry is either written or counted; the count is written as an entry of its
//! own when its minute is over; the memory is limited, whatever names and addresses occur.

use std::borrow::Cow;
use std::collections::HashMap;
use std::time::Duration;

use tokio::time::Instant;

use super::entry::{Entry, Outcome};

/// The time window in which entries are counted together.
const WINDOW: Duration = Duration::from_secs(60);

/// Most lines of one action that one user, or one address, can cause in a window.
const EACH: u32 = 10;

/// Most lines of one action that was not done, from all users and addresses in a window.
const ALL: u32 = 100;

/// Most users and addresses that are distinguished in a window.
const KEYS: usize = 4096;

/// Most users that a count names.
const NAMED: usize = 3;

/// The users or addresses whose entries are counted together.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Whose {
    Address(String),
    User(String),
    All,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Key {
    actor: Cow<'static, str>,
    action: Cow<'static, str>,
    outcome: Outcome,
    whose: Whose,
}

#[derive(Debug, Default)]
struct Count {
    written: u32,
    omitted: u64,
    /// Some of the users whose entries were omitted.
    users: Vec<String>,
    /// Whether there were further users.
    more: bool,
}

impl Count {
    fn omit(&mut self, entry: &Entry) {
        self.omitted += 1;
        let Some(user) = &entry.user else { return };
        if self.users.contains(user) {
            return;
        }
        if self.users.len() < NAMED {
            self.users.push(user.clone());
        } else {
            self.more = true;
        }
    }

    /// Names the users whose entries were omitted.
    fn told(&self) -> String {
        if self.users.is_empty() {
            return String::new();
        }
        let users: Vec<_> = self.users.iter().map(|user| format!("`{user}`")).collect();
        let others = if self.more { " and others" } else { "" };
        format!(", of {}{others}", users.join(", "))
    }
}

/// The entries of the present window.
#[derive(Debug)]
pub(super) struct Repeats {
    /// The end of the window; `None` before the first entry.
    ends: Option<Instant>,
    counts: HashMap<Key, Count>,
}

impl Repeats {
    pub(super) fn new() -> Self {
        Self {
            ends: None,
            counts: HashMap::new(),
        }
    }

    /// Whether an entry is written; otherwise it is counted.
    pub(super) fn admit(&mut self, entry: &Entry, now: Instant) -> bool {
        self.ends.get_or_insert(now + WINDOW);
        let keys = keys(entry);
        let Some(full) = keys.iter().find(|key| self.is_full(key)) else {
            for key in keys {
                self.counts.entry(key).or_default().written += 1;
            }
            return true;
        };
        // A user or an address for which there is no room is counted together with all others.
        let known = self.counts.contains_key(full) || full.whose == Whose::All;
        let key = if known { Some(full) } else { keys.last() };
        if let Some(key) = key {
            self.counts.entry(key.clone()).or_default().omit(entry);
        }
        false
    }

    fn is_full(&self, key: &Key) -> bool {
        let most = if key.whose == Whose::All { ALL } else { EACH };
        match self.counts.get(key) {
            Some(count) => count.written >= most,
            None => key.whose != Whose::All && self.counts.len() >= KEYS,
        }
    }

    /// Ends the window if its time is over or `at_once` is set, and returns the entries about it.
    pub(super) fn settle(&mut self, now: Instant, at_once: bool) -> Vec<Entry> {
        if self.ends.is_none_or(|ends| now < ends && !at_once) {
            return Vec::new();
        }
        self.ends = None;
        // The memory is freed as well, so that a window with many names does not keep it.
        let counts = std::mem::take(&mut self.counts).into_iter();
        counts
            .filter(|(_, count)| count.omitted > 0)
            .map(|(key, count)| told(key, &count))
            .collect()
    }
}

/// The counters for an entry. There is always room for the last one. Actions that were permitted
/// are limited only for each user, so that other users can't prevent them from being written.
fn keys(entry: &Entry) -> Vec<Key> {
    let address = entry.address.clone().map(Whose::Address);
    let user = entry.user.clone().map(Whose::User);
    let whose = match entry.outcome {
        Outcome::Done => vec![user.or(address).unwrap_or(Whose::All)],
        _ => [address, user, Some(Whose::All)]
            .into_iter()
            .flatten()
            .collect(),
    };
    let key = |whose| Key {
        actor: entry.actor.clone(),
        action: entry.action.clone(),
        outcome: entry.outcome,
        whose,
    };
    whose.into_iter().map(key).collect()
}

fn told(key: Key, count: &Count) -> Entry {
    let entry = Entry::new(key.actor.clone(), key.action, key.outcome).plugin(key.actor);
    let seconds = WINDOW.as_secs();
    let omitted = count.omitted;
    let whose = match key.whose {
        Whose::User(_) => String::new(),
        _ => count.told(),
    };
    let entry = entry.detail(format!(
        "{omitted} more like this within {seconds} s are not listed{whose}"
    ));
    match key.whose {
        Whose::Address(address) => match count.users.as_slice() {
            [user] => entry.address(address).user(user),
            _ => entry.address(address),
        },
        Whose::User(user) => entry.user(user),
        Whose::All => entry,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn login(user: &str, address: &str) -> Entry {
        Entry::new("auth-plugin", "login", Outcome::Denied)
            .user(user)
            .address(address)
    }

    fn text(entries: &[Entry]) -> String {
        serde_json::to_string(entries).unwrap()
    }

    #[test]
    fn the_first_are_written_and_the_rest_is_a_count() {
        let (mut repeats, now) = (Repeats::new(), Instant::now());
        let written = (0..105)
            .filter(|_| repeats.admit(&login("demo", "192.0.2.1"), now))
            .count();
        assert_eq!(written, 10);
        assert!(repeats.settle(now, false).is_empty(), "it is not over");
        let told = repeats.settle(now + WINDOW, false);
        assert_eq!(told.len(), 1);
        let told = text(&told);
        assert!(
            told.contains("95 more") && told.contains("192.0.2.1"),
            "{told}"
        );
        assert!(repeats.admit(&login("demo", "192.0.2.1"), now + WINDOW));
        assert!(repeats.settle(now + WINDOW * 2, false).is_empty());
    }

    #[test]
    fn report_a12_a_count_says_whose_entries_it_stands_for() {
        let (mut repeats, now) = (Repeats::new(), Instant::now());
        for _ in 0..11 {
            repeats.admit(&login("demo", "192.0.2.1"), now);
        }
        let told = text(&repeats.settle(now, true));
        assert!(told.contains(r#""user":"demo""#), "{told}");
        for number in 0..20 {
            repeats.admit(&login(&format!("user {number}"), "192.0.2.1"), now);
        }
        let told = text(&repeats.settle(now, true));
        let whose = "10 more like this within 60 s are not listed, of `user 10`, `user 11`, `user 12` and others";
        assert!(told.contains(whose), "{told}");
    }

    #[test]
    fn many_addresses_and_names_fill_neither_the_file_nor_the_memory() {
        let (mut repeats, now) = (Repeats::new(), Instant::now());
        let entries = 20_000;
        let mut written = 0;
        for number in 0..entries {
            let entry = login(&format!("user {number}"), &format!("address {number}"));
            written += u64::from(repeats.admit(&entry, now));
            assert!(repeats.counts.len() <= KEYS + 8);
        }
        assert_eq!(written, u64::from(ALL));
        let omitted: u64 = repeats.counts.values().map(|count| count.omitted).sum();
        assert_eq!(written + omitted, entries);
        assert!(repeats.settle(now, true).len() <= 2);
    }

    #[test]
    fn refusals_do_not_crowd_out_what_was_done() {
        let (mut repeats, now) = (Repeats::new(), Instant::now());
        for number in 0..20_000 {
            repeats.admit(&login(&format!("user {number}"), "192.0.2.1"), now);
        }
        let done = Entry::new("auth-plugin", "login", Outcome::Done).user("ann");
        assert!(repeats.admit(&done, now));
    }
}
