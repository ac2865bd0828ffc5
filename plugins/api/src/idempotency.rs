//! Idempotency keys of callers: the same key stands for the same event, which is published once and
//! gets the same answer.
//!
//! Invariants: a key belongs to its user; a user's own keys are removed to make room before those
//! of other users; the key of an event that failed is free again.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::http::{HeaderMap, HeaderName, StatusCode};
use plugin_core::event::IdempotencyKey;
use serde_json::Value;
use sha2::{Digest, Sha256};
use tokio::sync::watch;
use tokio::time::Instant;

use plugin_http::Problem;

const HEADER: HeaderName = HeaderName::from_static("idempotency-key");

/// Longest key.
const LONGEST: usize = 255;

/// Most keys that are remembered for one user, and for all users.
const OF_ONE: usize = 1_000;
const OF_ALL: usize = 100_000;

/// The result of an event.
#[derive(Debug, Clone)]
pub(crate) enum Outcome {
    Pending,
    Stored,
    /// It was not published.
    Failed(Problem),
}

/// Identifies the event of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Fingerprint([u8; 32]);

/// What is known about a key.
pub(crate) enum Known {
    No(watch::Sender<Outcome>),
    /// It belongs to the same event.
    Same(watch::Receiver<Outcome>),
    /// It belongs to another event.
    Other,
}

/// The keys in use.
#[derive(Debug)]
pub(crate) struct Keys {
    ttl: Duration,
    /// The lives of the plugin share it.
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    users: HashMap<Arc<str>, UserKeys>,
    /// All keys in the order in which they arrived; some may have been removed earlier.
    order: VecDeque<(Instant, Arc<str>, Arc<str>)>,
    count: usize,
}

#[derive(Debug, Default)]
struct UserKeys {
    entries: HashMap<Arc<str>, Entry>,
    order: VecDeque<Arc<str>>,
}

#[derive(Debug)]
struct Entry {
    since: Instant,
    event: Fingerprint,
    outcome: watch::Receiver<Outcome>,
}

impl Keys {
    pub(crate) fn new(ttl: Duration) -> Self {
        Self {
            ttl,
            state: Arc::default(),
        }
    }

    /// Takes over the keys of an earlier life; without one, no key is known.
    pub(crate) fn after(before: Option<&Self>, ttl: Duration) -> Self {
        match before {
            Some(before) => Self {
                ttl,
                state: Arc::clone(&before.state),
            },
            None => Self::new(ttl),
        }
    }

    /// Takes a key for an event, unless it is in use.
    pub(crate) fn begin(&self, user: &str, key: &str, event: Fingerprint) -> Known {
        let mut state = self.state();
        state.forget(self.ttl);
        if let Some(entry) = state.find(user, key).filter(|entry| entry.holds()) {
            return match entry.event == event {
                true => Known::Same(entry.outcome.clone()),
                false => Known::Other,
            };
        }
        let (sender, outcome) = watch::channel(Outcome::Pending);
        state.insert((user, key), event, outcome);
        Known::No(sender)
    }

    /// Remembers a key that the server made, when its caller learns about it.
    pub(crate) fn adopt(
        &self,
        (user, key): (&str, &str),
        event: Fingerprint,
        outcome: watch::Receiver<Outcome>,
    ) {
        self.state().insert((user, key), event, outcome);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Entry {
    /// Whether the event was published, or may be published. An event that was aborted while it was
    /// pending may be tried again, because the store knows the key.
    fn holds(&self) -> bool {
        match *self.outcome.borrow() {
            Outcome::Pending => self.outcome.has_changed().is_ok(),
            Outcome::Stored => true,
            Outcome::Failed(_) => false,
        }
    }
}

impl State {
    fn find(&self, user: &str, key: &str) -> Option<&Entry> {
        self.users.get(user)?.entries.get(key)
    }

    fn insert(
        &mut self,
        (user, key): (&str, &str),
        event: Fingerprint,
        outcome: watch::Receiver<Outcome>,
    ) {
        let (user, key): (Arc<str>, Arc<str>) = (user.into(), key.into());
        self.remove(&user, &key);
        self.make_room(&user);
        let since = Instant::now();
        let of_user = self.users.entry(Arc::clone(&user)).or_default();
        let entry = Entry {
            since,
            event,
            outcome,
        };
        of_user.entries.insert(Arc::clone(&key), entry);
        of_user.order.push_back(Arc::clone(&key));
        self.order.push_back((since, user, key));
        self.count += 1;
    }

    /// Removes the oldest key: one of the same user, if there is one.
    fn make_room(&mut self, user: &str) {
        let own = |state: &Self| {
            let of_user = state.users.get(user)?;
            let full = of_user.entries.len() >= OF_ONE || state.count >= OF_ALL;
            full.then(|| of_user.order.front().cloned()).flatten()
        };
        if let Some(key) = own(self) {
            self.remove(user, &key);
        }
        while self.count >= OF_ALL
            && let Some((since, user, key)) = self.order.pop_front()
        {
            self.remove_of(since, &user, &key);
        }
    }

    /// Removes keys that are too old.
    fn forget(&mut self, ttl: Duration) {
        while (self.order.front()).is_some_and(|(since, ..)| since.elapsed() >= ttl)
            && let Some((since, user, key)) = self.order.pop_front()
        {
            self.remove_of(since, &user, &key);
        }
        // Keys that were removed earlier leave their entry in the order.
        if self.order.len() > 2 * self.count + OF_ONE {
            let users = &self.users;
            self.order.retain(|(since, user, key)| {
                let entry = users.get(user).and_then(|user| user.entries.get(key));
                entry.is_some_and(|entry| entry.since == *since)
            });
        }
    }

    /// Removes a key if it is the one from that time.
    fn remove_of(&mut self, since: Instant, user: &str, key: &str) {
        if self
            .find(user, key)
            .is_some_and(|entry| entry.since == since)
        {
            self.remove(user, key);
        }
    }

    fn remove(&mut self, user: &str, key: &str) {
        let Some(of_user) = self.users.get_mut(user) else {
            return;
        };
        if of_user.entries.remove(key).is_some() {
            self.count -= 1;
            of_user.order.retain(|other| **other != *key);
        }
        if of_user.entries.is_empty() {
            self.users.remove(user);
        }
    }
}

/// The key of a request, if the request has one.
pub(crate) fn key(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let mut values = headers.get_all(HEADER).iter();
    let Some(value) = values.next() else {
        return Ok(None);
    };
    let text = value.to_str().unwrap_or_default();
    let is_good = !text.is_empty()
        && text.len() <= LONGEST
        && text.bytes().all(|byte| byte.is_ascii_graphic());
    if !is_good || values.next().is_some() {
        let detail = format!(
            "`Idempotency-Key` is one key of 1 to {LONGEST} visible ASCII characters, such as a UUID"
        );
        return Err(Problem::new(StatusCode::BAD_REQUEST, detail));
    }
    Ok(Some(text.to_owned()))
}

impl Fingerprint {
    /// The fingerprint of an event; the notation of the JSON makes no difference.
    pub(crate) fn of(topic: &str, body: &[u8]) -> Self {
        let value: Value = serde_json::from_slice(body).unwrap_or_default();
        Self(digest(&[topic, &value.to_string()]))
    }
}

/// The key of an event for which a user chose a key.
pub(crate) fn event_key(user: &str, key: &str) -> IdempotencyKey {
    let digest = digest(&["api-plugin", user, key]);
    let mut half = [0; 16];
    half.copy_from_slice(&digest[..16]);
    IdempotencyKey::from_digest(half)
}

/// The digest of texts and their lengths, so that different lists of texts have different digests.
fn digest(texts: &[&str]) -> [u8; 32] {
    let mut hash = Sha256::new();
    for text in texts {
        hash.update((text.len() as u64).to_be_bytes());
        hash.update(text);
    }
    hash.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TTL: Duration = Duration::from_secs(60);

    fn taken(keys: &Keys, user: &str, key: &str) -> Option<watch::Sender<Outcome>> {
        match keys.begin(user, key, Fingerprint::of("t", b"1")) {
            Known::No(sender) => Some(sender),
            _ => None,
        }
    }

    fn stored(keys: &Keys, user: &str, key: &str) {
        taken(keys, user, key)
            .unwrap()
            .send_replace(Outcome::Stored);
    }

    #[tokio::test(start_paused = true)]
    async fn a_key_is_its_user_s_and_of_one_event_as_long_as_it_is_known() {
        let keys = Keys::new(TTL);
        stored(&keys, "ada", "k");
        assert!(taken(&keys, "ada", "k").is_none());
        assert!(taken(&keys, "bob", "k").is_some());
        let other = keys.begin("ada", "k", Fingerprint::of("t", b"2"));
        assert!(matches!(other, Known::Other));
        let same = keys.begin("ada", "k", Fingerprint::of("t", b" 1"));
        assert!(matches!(same, Known::Same(_)));
        tokio::time::advance(TTL).await;
        assert!(taken(&keys, "ada", "k").is_some());
    }

    #[tokio::test]
    async fn what_failed_or_was_cut_off_is_tried_again() {
        let keys = Keys::new(TTL);
        let pending = taken(&keys, "ada", "k").unwrap();
        assert!(taken(&keys, "ada", "k").is_none());
        drop(pending);
        let failing = taken(&keys, "ada", "k").unwrap();
        failing.send_replace(Outcome::Failed(Problem::unavailable("full")));
        assert!(taken(&keys, "ada", "k").is_some());
    }

    #[tokio::test]
    async fn a_user_with_many_keys_loses_only_his_own() {
        let keys = Keys::new(TTL);
        stored(&keys, "bob", "k");
        for number in 0..3 * OF_ONE {
            stored(&keys, "ada", &number.to_string());
        }
        assert!(taken(&keys, "bob", "k").is_none());
        assert!(taken(&keys, "ada", "0").is_some());
        assert_eq!(keys.state().count, OF_ONE + 1);
    }

    #[test]
    fn a_key_has_a_form() {
        let of = |values: &[&str]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(HEADER, value.parse().unwrap());
            }
            key(&headers)
        };
        assert_eq!(of(&[]).unwrap(), None);
        assert_eq!(of(&["abc-1"]).unwrap().as_deref(), Some("abc-1"));
        for wrong in [
            &[""][..],
            &["a b"],
            &["a", "a"],
            &[&"x".repeat(256)],
            &["é"],
        ] {
            assert!(of(wrong).is_err(), "{wrong:?}");
        }
    }
}
