//! The buckets of one limit, by key, up to a maximum number.
//!
//! A full bucket equals a new one, so it can be removed. If all are in use, further keys share one
//! bucket, so a client that invents keys to avoid a limit meets the limit of this shared bucket.

use std::collections::HashMap;
use std::time::Duration;

use crate::bucket::{Bucket, Rate};

/// Interval in nanoseconds at which full buckets are removed if there is no room, because that
/// checks all of them.
const SWEEP: u64 = 1_000_000_000;

#[derive(Debug)]
pub(crate) struct Buckets {
    rate: Rate,
    most: usize,
    by_key: HashMap<Box<str>, Bucket>,
    /// The bucket for keys without room.
    shared: Bucket,
    /// When full buckets were removed last.
    swept: Option<u64>,
}

impl Buckets {
    pub(crate) fn new(rate: Rate, most: usize) -> Self {
        Self {
            rate,
            most,
            by_key: HashMap::new(),
            shared: Bucket::default(),
            swept: None,
        }
    }

    /// Takes a token for a key, or returns how long there will be none.
    pub(crate) fn take(&mut self, key: &str, now: u64) -> Result<(), Duration> {
        let rate = self.rate;
        self.bucket(key, now).take(rate, now)
    }

    /// Returns the token that was taken last.
    pub(crate) fn give_back(&mut self, key: &str) {
        let rate = self.rate;
        let bucket = self.by_key.get_mut(key).unwrap_or(&mut self.shared);
        bucket.give_back(rate);
    }

    fn bucket(&mut self, key: &str, now: u64) -> &mut Bucket {
        if !self.by_key.contains_key(key) {
            if self.by_key.len() >= self.most {
                self.sweep(now);
            }
            if self.by_key.len() >= self.most {
                return &mut self.shared;
            }
            self.by_key.insert(key.into(), Bucket::default());
        }
        self.by_key.get_mut(key).unwrap_or(&mut self.shared)
    }

    fn sweep(&mut self, now: u64) {
        if self
            .swept
            .is_some_and(|swept| now < swept.saturating_add(SWEEP))
        {
            return;
        }
        self.swept = Some(now);
        self.by_key.retain(|_, bucket| !bucket.is_full(now));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000_000;

    #[test]
    fn there_are_no_more_buckets_than_allowed_and_the_rest_share_one() {
        let mut buckets = Buckets::new(Rate::new(1, Duration::from_secs(10), 1), 2);
        assert!(buckets.take("a", SECOND).is_ok());
        assert!(buckets.take("b", SECOND).is_ok());
        assert!(buckets.take("c", SECOND).is_ok(), "the shared one is full");
        assert!(buckets.take("d", SECOND).is_err(), "and now it is empty");
        assert_eq!(buckets.by_key.len(), 2);
        let later = 12 * SECOND;
        assert!(buckets.take("d", later).is_ok(), "`a` and `b` give way");
        assert!(buckets.take("e", later).is_ok());
        assert_eq!(buckets.by_key.len(), 2);
    }
}
