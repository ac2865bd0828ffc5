//! Failures are counted, and forgotten when their window is over.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::Arc;

use plugin_core::config::Period;
use plugin_core::prelude::*;
use serde_json::Value;
use tokio::task::JoinSet;

use super::*;

/// A cache without an end.
#[derive(Default)]
struct Memory(std::sync::Mutex<HashMap<String, Value>>);

#[service]
impl Cache for Memory {
    async fn get(&self, key: &str) -> Option<Value> {
        // Lets another task in between reading and writing.
        tokio::task::yield_now().await;
        self.0.lock().unwrap().get(key).cloned()
    }

    async fn set(&self, key: &str, value: Value, _ttl: Duration) {
        self.0.lock().unwrap().insert(key.to_owned(), value);
    }

    async fn remove(&self, key: &str) {
        self.0.lock().unwrap().remove(key);
    }
}

fn attempts(per_user: u32, per_ip: u32) -> Attempts<Memory> {
    let limits = Failures {
        window: Period::seconds(60),
        per_user: NonZeroU32::new(per_user).unwrap(),
        per_ip: NonZeroU32::new(per_ip).unwrap(),
    };
    Attempts::new(Memory::default(), limits)
}

fn at(second: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1000 + second)
}

#[tokio::test]
async fn a_user_has_so_many_failures_in_a_window() {
    let attempts = attempts(2, 100);
    let ann = Origin::new("ann", None);
    assert_eq!(attempts.begin(&ann, at(0)).await, Ok(()));
    assert_eq!(attempts.begin(&ann, at(20)).await, Ok(()));
    assert_eq!(
        attempts.begin(&ann, at(30)).await,
        Err(Duration::from_secs(30))
    );
    assert_eq!(
        attempts.begin(&Origin::new("bob", None), at(30)).await,
        Ok(())
    );
    assert_eq!(attempts.begin(&ann, at(60)).await, Ok(()));
}

#[tokio::test]
async fn an_address_has_so_many_whoever_it_tries() {
    let attempts = attempts(100, 2);
    for user in ["ann", "bob"] {
        let origin = Origin::new(user, Some("10.0.0.1"));
        assert_eq!(attempts.begin(&origin, at(0)).await, Ok(()));
    }
    assert!(
        attempts
            .begin(&Origin::new("eve", Some("10.0.0.1")), at(0))
            .await
            .is_err()
    );
    assert!(
        attempts
            .begin(&Origin::new("eve", Some("10.0.0.2")), at(0))
            .await
            .is_ok()
    );
}

#[tokio::test]
async fn a_success_forgives_the_user_and_not_the_address() {
    let attempts = attempts(2, 3);
    let ann = Origin::new("ann", Some("10.0.0.1"));
    attempts.begin(&ann, at(0)).await.unwrap();
    attempts.begin(&ann, at(0)).await.unwrap();
    attempts.succeeded(&ann, at(0)).await;
    attempts.begin(&ann, at(0)).await.unwrap();
    attempts.begin(&ann, at(0)).await.unwrap();
    assert!(
        attempts
            .begin(&Origin::new("bob", Some("10.0.0.1")), at(0))
            .await
            .is_err()
    );
}

#[tokio::test]
async fn what_is_undecided_does_not_count() {
    let attempts = attempts(1, 1);
    let ann = Origin::new("ann", Some("10.0.0.1"));
    for _ in 0..5 {
        attempts.begin(&ann, at(0)).await.unwrap();
        attempts.undecided(&ann, at(0)).await;
    }
}

#[tokio::test]
async fn guesses_at_once_all_count() {
    let attempts = Arc::new(attempts(3, 100));
    let mut guesses = JoinSet::new();
    for _ in 0..20 {
        let attempts = Arc::clone(&attempts);
        guesses.spawn(async move { attempts.begin(&Origin::new("ann", None), at(0)).await });
    }
    let outcomes = guesses.join_all().await;
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 3);
}

#[test]
fn a_network_is_one_address() {
    assert_eq!(
        network("2001:db8:1:2:3:4:5:6"),
        network("2001:db8:1:2:ffff::1")
    );
    assert_ne!(network("2001:db8:1:2::1"), network("2001:db8:1:3::1"));
    assert_eq!(network("::ffff:10.0.0.1"), "10.0.0.1");
    assert_eq!(network("not an address"), network("neither"));
}
