//! A token bucket in one number.
//!
//! It is the token bucket (J. S. Turner, "New Directions in Communications", IEEE Communications
//! Magazine 24(10), 1986) in the form of the Generic Cell Rate Algorithm (ITU-T Recommendation
//! I.371, "virtual scheduling"): instead of tokens, it stores the time at which the bucket will be
//! full again, so that nothing has to be refilled. An event conforms if that time is not further
//! away than the depth of the bucket.

use std::time::Duration;

/// The refill rate and the depth of a bucket, in nanoseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rate {
    /// Time for one token.
    interval: u64,
    /// Time for all tokens.
    depth: u64,
}

impl Rate {
    /// Allows a number of events in a period, and `burst` at once.
    pub(crate) fn new(events: u32, per: Duration, burst: u32) -> Self {
        let per = u64::try_from(per.as_nanos()).unwrap_or(u64::MAX);
        let interval = (per / u64::from(events.max(1))).max(1);
        Self {
            interval,
            depth: interval.saturating_mul(u64::from(burst.max(1))),
        }
    }
}

/// The time at which a bucket is full again; zero means that it is full.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Bucket(u64);

impl Bucket {
    /// Takes a token, or returns how long there will be none. `now` is in nanoseconds.
    pub(crate) fn take(&mut self, rate: Rate, now: u64) -> Result<(), Duration> {
        let full = self.0.max(now).saturating_add(rate.interval);
        let allowed = now.saturating_add(rate.depth);
        if full > allowed {
            return Err(Duration::from_nanos(full - allowed));
        }
        self.0 = full;
        Ok(())
    }

    /// Returns the token that was taken last.
    pub(crate) fn give_back(&mut self, rate: Rate) {
        self.0 = self.0.saturating_sub(rate.interval);
    }

    /// Whether it is full, so that it equals a new one.
    pub(crate) fn is_full(self, now: u64) -> bool {
        self.0 <= now
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000_000;

    /// How many of `tries` at the same moment pass.
    fn passed(bucket: &mut Bucket, rate: Rate, now: u64, tries: u32) -> u32 {
        (0..tries)
            .map(|_| u32::from(bucket.take(rate, now).is_ok()))
            .sum()
    }

    #[test]
    fn a_burst_passes_and_then_the_rate() {
        let rate = Rate::new(10, Duration::from_secs(1), 5);
        let mut bucket = Bucket::default();
        assert_eq!(passed(&mut bucket, rate, SECOND, 100), 5);
        assert_eq!(passed(&mut bucket, rate, SECOND + SECOND / 10, 100), 1);
        assert_eq!(
            passed(&mut bucket, rate, 2 * SECOND, 100),
            5,
            "no more than it holds"
        );
        let mut long_run = 0;
        for step in 1..=1_000 {
            long_run += passed(&mut bucket, rate, 2 * SECOND + step * SECOND / 100, 3);
        }
        assert_eq!(long_run, 100, "in ten seconds");
    }

    #[test]
    fn it_says_when_to_come_again_and_then_lets_pass() {
        let rate = Rate::new(2, Duration::from_secs(1), 1);
        let mut bucket = Bucket::default();
        bucket.take(rate, SECOND).unwrap();
        let wait = bucket.take(rate, SECOND + SECOND / 4).unwrap_err();
        assert_eq!(wait, Duration::from_millis(250));
        assert!(bucket.take(rate, SECOND + SECOND / 2 - 1).is_err());
        assert!(bucket.take(rate, SECOND + SECOND / 2).is_ok());
    }

    #[test]
    fn what_is_given_back_is_there_again() {
        let rate = Rate::new(1, Duration::from_secs(60), 1);
        let mut bucket = Bucket::default();
        bucket.take(rate, SECOND).unwrap();
        assert!(!bucket.is_full(SECOND));
        bucket.give_back(rate);
        assert!(bucket.take(rate, SECOND).is_ok());
    }
}
