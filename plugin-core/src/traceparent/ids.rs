//! Unique ids: SplitMix64 (Steele, Lea, Flood: "Fast Splittable Pseudorandom Number Generators",
//! 2014; Stafford's mix 13) over numbers that are used once, with two starting points from the
//! operating system's random numbers.
//!
//! An id is computed from a number and not stored. The ids of an event are computed only when they
//! are needed.

use std::cell::Cell;
use std::hash::{BuildHasher, RandomState};
use std::num::NonZeroU64;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// The odd number nearest to 2^64 divided by the golden ratio, which is the step of SplitMix64.
const STEP: u64 = 0x9e37_79b9_7f4a_7c15;

struct HashKeys {
    high: u64,
    low: u64,
}

static KEYS: LazyLock<HashKeys> = LazyLock::new(|| {
    // The standard library takes the seed from the operating system; SipHash makes two numbers from
    // it.
    let seed = RandomState::new();
    HashKeys {
        high: seed.hash_one(0_u64),
        low: seed.hash_one(1_u64),
    }
});

/// A trace id for a number that is used once in the process.
pub(super) fn trace(number: u64) -> (u64, NonZeroU64) {
    let high = mix(KEYS.high.wrapping_add(number.wrapping_mul(STEP)));
    let low = mix(KEYS.low.wrapping_add(number.wrapping_mul(STEP)));
    (high, not_zero(low))
}

/// A span id for a number that is used once below a parent.
pub(super) fn span(parent: u64, number: u64) -> NonZeroU64 {
    let start = KEYS.low ^ parent.rotate_left(32);
    not_zero(mix(start.wrapping_add(number.wrapping_mul(STEP))))
}

/// A number that is used once and belongs to no event; the numbers of events count up from zero.
pub(super) fn number() -> u64 {
    const BLOCK: u64 = 1 << 16;
    static BLOCKS: AtomicU64 = AtomicU64::new(0);
    thread_local! {
        static NEXT: Cell<u64> = const { Cell::new(0) };
    }
    let next = NEXT.get();
    let number = if next.is_multiple_of(BLOCK) {
        BLOCKS.fetch_add(1, Relaxed) * BLOCK + 1
    } else {
        next
    };
    NEXT.set(number + 1);
    u64::MAX - number
}

const fn mix(number: u64) -> u64 {
    let number = (number ^ number >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ number >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ number >> 31
}

/// Avoids an id of zero, which the specification does not allow.
fn not_zero(id: u64) -> NonZeroU64 {
    NonZeroU64::new(id).unwrap_or(NonZeroU64::MIN)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    /// The first outputs of SplitMix64 with the seed 1234567, from the reference implementation
    /// (<https://prng.di.unimi.it/splitmix64.c>).
    #[test]
    fn it_is_splitmix64() {
        let nth = |n: u64| mix(1_234_567_u64.wrapping_add(n.wrapping_mul(STEP)));
        assert_eq!(
            [1, 2, 3].map(nth),
            [
                6_457_827_717_110_365_317,
                3_203_168_211_198_807_973,
                9_817_491_932_198_370_423
            ]
        );
    }

    #[test]
    fn no_two_are_the_same() {
        let numbers: Vec<u64> = (0..10_000).map(|_| number()).chain(0..10_000).collect();
        let traces: HashSet<_> = numbers.iter().map(|&number| trace(number)).collect();
        let spans: HashSet<_> = numbers.iter().map(|&number| span(7, number)).collect();
        assert_eq!((traces.len(), spans.len()), (20_000, 20_000));
    }
}
