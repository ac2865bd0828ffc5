//! Sorts the plugins by (tier, name) with a merge sort that is cheap in const evaluation.
//!
//! The tier and seven bytes of the name, after the common prefix of all names, are combined into
//! one number, the head. Strings are compared only if the heads are equal.

use std::cmp::Ordering;

use super::arena::Arena;
use crate::const_text;
use crate::descriptor::Descriptor;

/// Number of words that [`rank`] needs for this many plugins.
pub(super) const fn len(plugins: usize) -> usize {
    3 * plugins
}

/// The indices of the plugins, ordered by rank.
pub(super) const fn rank<'s>(
    plugins: &[&'static Descriptor],
    arena: &mut Arena<'s>,
) -> &'s mut [u64] {
    let heads = arena.take(plugins.len());
    let mut from = arena.take(plugins.len());
    let mut into = arena.take(plugins.len());
    let skip = common_prefix(plugins);
    let mut at = 0;
    while at < plugins.len() {
        heads[at] = head(plugins[at], skip);
        from[at] = at as u64;
        at += 1;
    }
    let keys = SortKeys { plugins, heads };
    let mut width = 1;
    while width < plugins.len() {
        let mut start = 0;
        while start < plugins.len() {
            keys.merge(from, into, (start, width));
            start += 2 * width;
        }
        (from, into) = (into, from);
        width *= 2;
    }
    from
}

/// The length of the common prefix of all names, in bytes.
const fn common_prefix(plugins: &[&'static Descriptor]) -> usize {
    if plugins.is_empty() {
        return 0;
    }
    let first = plugins[0].name.as_bytes();
    let mut common = first.len();
    let mut at = 1;
    while at < plugins.len() {
        let name = plugins[at].name.as_bytes();
        let mut same = 0;
        while same < common && same < name.len() && name[same] == first[same] {
            same += 1;
        }
        common = same;
        at += 1;
    }
    common
}

const fn head(plugin: &Descriptor, skip: usize) -> u64 {
    let name = plugin.name.as_bytes();
    let mut head = plugin.tier() as u64;
    let mut at = skip;
    while at < skip + 7 {
        let byte = if at < name.len() { name[at] } else { 0 };
        head = head << 8 | byte as u64;
        at += 1;
    }
    head
}

struct SortKeys<'a> {
    plugins: &'a [&'static Descriptor],
    heads: &'a [u64],
}

impl SortKeys<'_> {
    /// Merges two neighbouring sorted runs.
    const fn merge(&self, from: &[u64], into: &mut [u64], (start, width): (usize, usize)) {
        let middle = least(start + width, from.len());
        let end = least(middle + width, from.len());
        let (mut left, mut right, mut at) = (start, middle, start);
        while at < end {
            let take_right = if left == middle || right == end {
                left == middle
            } else {
                let (one, other) = (from[left] as usize, from[right] as usize);
                let (head, other_head) = (self.heads[one], self.heads[other]);
                other_head < head || other_head == head && self.is_before(other, one)
            };
            if take_right {
                into[at] = from[right];
                right += 1;
            } else {
                into[at] = from[left];
                left += 1;
            }
            at += 1;
        }
    }

    /// Compares plugins with equal heads.
    const fn is_before(&self, a: usize, b: usize) -> bool {
        let (a, b) = (self.plugins[a], self.plugins[b]);
        match const_text::compare(a.name, b.name) {
            Ordering::Equal => const_text::compare(a.type_name, b.type_name).is_lt(),
            order => order.is_lt(),
        }
    }
}

const fn least(a: usize, b: usize) -> usize {
    if a < b { a } else { b }
}
