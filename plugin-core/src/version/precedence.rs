//! Compares versions by precedence.

use std::cmp::Ordering;

use crate::const_text::compare;

/// Compares the first numbers of two versions.
pub(super) const fn numbers(a: [u64; 3], b: [u64; 3], count: usize) -> Ordering {
    let mut at = 0;
    while at < count {
        if a[at] != b[at] {
            return if a[at] < b[at] {
                Ordering::Less
            } else {
                Ordering::Greater
            };
        }
        at += 1;
    }
    Ordering::Equal
}

/// Compares the parts after `-`. A version without such a part is later than one with it.
pub(super) const fn pre(mut a: &str, mut b: &str) -> Ordering {
    if a.is_empty() || b.is_empty() {
        return if a.is_empty() {
            later(b.is_empty())
        } else {
            Ordering::Less
        };
    }
    loop {
        let (first, rest) = split(a);
        let (other, others) = split(b);
        match identifiers(first, other) {
            Ordering::Equal => {}
            order => return order,
        }
        if rest.is_empty() || others.is_empty() {
            return longer(rest, others);
        }
        (a, b) = (rest, others);
    }
}

const fn later(same: bool) -> Ordering {
    if same {
        Ordering::Equal
    } else {
        Ordering::Greater
    }
}

const fn longer(a: &str, b: &str) -> Ordering {
    if !a.is_empty() {
        Ordering::Greater
    } else if !b.is_empty() {
        Ordering::Less
    } else {
        Ordering::Equal
    }
}

/// Numbers are compared as numbers, and come before words.
const fn identifiers(a: &str, b: &str) -> Ordering {
    match (is_number(a), is_number(b)) {
        (true, true) if a.len() != b.len() => {
            if a.len() < b.len() {
                Ordering::Less
            } else {
                Ordering::Greater
            }
        }
        (true, false) => Ordering::Less,
        (false, true) => Ordering::Greater,
        _ => compare(a, b),
    }
}

const fn is_number(text: &str) -> bool {
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        if !bytes[at].is_ascii_digit() {
            return false;
        }
        at += 1;
    }
    true
}

/// The first identifier, and the text after its dot.
const fn split(text: &str) -> (&str, &str) {
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() && bytes[at] != b'.' {
        at += 1;
    }
    let (first, rest) = text.split_at(at);
    let dot = if rest.is_empty() { 0 } else { 1 };
    (first, rest.split_at(dot).1)
}
