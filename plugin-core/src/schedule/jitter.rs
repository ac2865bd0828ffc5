//! A random delay, so that schedules with the same due time do not all run at once.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

/// A random delay from zero to `most`. It only spreads the load and protects no secret, so the seed
/// of a hash map is random enough.
pub(super) fn up_to(most: Duration) -> Duration {
    if most.is_zero() {
        return Duration::ZERO;
    }
    let nanos = u64::try_from(most.as_nanos()).unwrap_or(u64::MAX);
    let random = RandomState::new().hash_one(nanos);
    Duration::from_nanos(random % nanos.saturating_add(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_stays_in_its_bounds_and_is_not_always_the_same() {
        let most = Duration::from_secs(2);
        let delays: Vec<_> = (0..200).map(|_| up_to(most)).collect();
        assert!(delays.iter().all(|delay| *delay <= most));
        assert!(delays.iter().any(|delay| *delay < most / 4));
        assert!(delays.iter().any(|delay| *delay > most / 4 * 3));
        assert_eq!(up_to(Duration::ZERO), Duration::ZERO);
    }
}
