//! Random variation of the pause before a retry, so that events that failed together are not
//! retried together.
//!
//! "Equal jitter" of Marc Brooker, "Exponential Backoff And Jitter" (AWS Architecture Blog, 2015):
//! half of the pause is fixed, the other half is random. "Full jitter" varies more, but may leave
//! no pause at all, and a handler with few retries needs the pauses.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::time::Duration;

/// A random number generator: SplitMix64 of Steele, Lea and Flood, "Fast Splittable Pseudorandom
/// Number Generators" (OOPSLA 2014).
pub(in crate::event) struct Jitter(u64);

impl Jitter {
    /// Creates it with a seed from the keys that the standard library gets from the operating
    /// system.
    pub(in crate::event) fn new() -> Self {
        Self(RandomState::new().build_hasher().finish())
    }

    /// A random duration between half of the pause and the whole pause.
    pub(in crate::event) fn spread(&mut self, pause: Duration) -> Duration {
        let half = pause / 2;
        half + half.mul_f64(self.fraction())
    }

    /// A number from 0 to 1, from the upper 53 bits: as many as an `f64` can represent.
    #[expect(
        clippy::cast_precision_loss,
        reason = "53 bits are what an `f64` holds"
    )]
    fn fraction(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_of_a_pause_is_kept_and_the_rest_is_spread() {
        let mut jitter = Jitter(42);
        let pause = Duration::from_secs(8);
        let spread: Vec<_> = (0..1_000).map(|_| jitter.spread(pause)).collect();
        assert!(
            spread
                .iter()
                .all(|&kept| kept >= pause / 2 && kept <= pause)
        );
        let early = spread.iter().filter(|&&kept| kept < pause * 3 / 4).count();
        assert!(
            (400..600).contains(&early),
            "{early} of 1000 in the lower half"
        );
    }

    #[test]
    fn two_sources_differ() {
        assert_ne!(Jitter::new().next(), Jitter::new().next());
    }
}
