//! The order of (kind, name), by a merge sort that const evaluation can afford.
//!
//! Kind and the first seven bytes of the name are one number; the rest of the strings is compared
//! only between names that begin alike.

use std::cmp::Ordering;

use super::arena::Arena;
use super::text;
use crate::descriptor::Descriptor;

/// Words that [`rank`] takes for so many plugins.
pub(super) const fn len(plugins: usize) -> usize {
    3 * plugins
}

/// The indices of the plugins, by rank.
pub(super) const fn rank<'s>(
    plugins: &[&'static Descriptor],
    arena: &mut Arena<'s>,
) -> &'s mut [u64] {
    let heads = arena.take(plugins.len());
    let mut from = arena.take(plugins.len());
    let mut into = arena.take(plugins.len());
    let mut at = 0;
    while at < plugins.len() {
        heads[at] = head(plugins[at]);
        from[at] = at as u64;
        at += 1;
    }
    let keys = Keys { plugins, heads };
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

const fn head(plugin: &Descriptor) -> u64 {
    let name = plugin.name.as_bytes();
    let mut head = plugin.kind as u64;
    let mut at = 0;
    while at < 7 {
        let byte = if at < name.len() { name[at] } else { 0 };
        head = head << 8 | byte as u64;
        at += 1;
    }
    head
}

struct Keys<'a> {
    plugins: &'a [&'static Descriptor],
    heads: &'a [u64],
}

impl Keys<'_> {
    /// Merges two neighbouring sorted runs.
    const fn merge(&self, from: &[u64], into: &mut [u64], (start, width): (usize, usize)) {
        let middle = least(start + width, from.len());
        let end = least(middle + width, from.len());
        let (mut left, mut right, mut at) = (start, middle, start);
        while at < end {
            let take_right =
                left == middle || right < end && self.is_before(from[right], from[left]);
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

    const fn is_before(&self, a: u64, b: u64) -> bool {
        let (a, b) = (a as usize, b as usize);
        if self.heads[a] != self.heads[b] {
            return self.heads[a] < self.heads[b];
        }
        let (a, b) = (self.plugins[a], self.plugins[b]);
        match text::compare(a.name, b.name) {
            Ordering::Equal => text::compare(a.type_name, b.type_name).is_lt(),
            order => order.is_lt(),
        }
    }
}

const fn least(a: usize, b: usize) -> usize {
    if a < b { a } else { b }
}
