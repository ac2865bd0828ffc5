//! Chooses the member for an event: in turn, by load, or by key.

use super::MemberId;

/// The member of a key by rendezvous hashing, also called highest random weight: each member gets a
/// weight from the key and its own seed, and the highest weight wins. When a member leaves, only
/// its keys move; when one joins, only the keys move that it gets (Thaler and Ravishankar, "Using
/// Name-Based Mappings to Increase Hit Rates", IEEE/ACM Transactions on Networking 6(1), 1998).
pub(super) fn rendezvous(key: u64, ids: &[MemberId]) -> Option<usize> {
    let weight = |at: &usize| (mix(key ^ ids[*at].seed), ids[*at].seed);
    (0..ids.len()).max_by_key(weight)
}

/// The finalizer of SplitMix64 (Steele, Lea and Flood, "Fast Splittable Pseudorandom Number
/// Generators", OOPSLA 2014).
const fn mix(bits: u64) -> u64 {
    let bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

/// The indexes below `count`, in rotation, beginning at `first`.
pub(crate) fn rotated(count: usize, first: usize) -> impl Iterator<Item = usize> {
    (0..count).map(move |at| (first % count + at) % count)
}

#[cfg(test)]
mod tests {
    use super::{MemberId, rendezvous, rotated};
    use crate::key;

    fn ids(names: &[&str]) -> Vec<MemberId> {
        let id = |(at, name): (u64, &&str)| MemberId {
            subscription: at,
            mailbox: 0,
            seed: key::of(name),
        };
        (0..).zip(names).map(id).collect()
    }

    fn chosen(key: u64, names: &'static [&str]) -> &'static str {
        names[rendezvous(key, &ids(names)).unwrap()]
    }

    const ALL: &[&str] = &["billing#1", "billing#2", "billing#3", "billing#4"];
    const WITHOUT_3: &[&str] = &["billing#1", "billing#2", "billing#4"];

    #[test]
    fn only_the_keys_of_the_member_that_leaves_move() {
        for key in (0..4096).map(|number: u64| key::of(&number.to_string())) {
            let before = chosen(key, ALL);
            let after = chosen(key, WITHOUT_3);
            assert!(before == after || before == "billing#3", "{before} {after}");
        }
    }

    #[test]
    fn keys_spread_evenly() {
        let mut counts = std::collections::BTreeMap::<_, u32>::new();
        for key in (0..4096).map(|number: u64| key::of(&number.to_string())) {
            *counts.entry(chosen(key, ALL)).or_default() += 1;
        }
        // The expected number is 1024 each, with a standard deviation of 28.
        assert!(
            counts.values().all(|count| (900..1150).contains(count)),
            "{counts:?}"
        );
    }

    #[test]
    fn the_rotation_begins_where_it_is_told_to() {
        assert!(rotated(3, 7).eq([1, 2, 0]));
        assert!(rotated(3, usize::MAX).eq([0, 1, 2]));
    }
}
