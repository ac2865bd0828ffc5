//! Version requirements in Cargo's syntax: `^1.2`, `~1.2.3`, `>=1, <3`, `1.*`.

use std::cmp::Ordering;

use super::scan::Scan;
use super::{Version, precedence};

/// Most comparators in one requirement; this is Cargo's limit.
const MOST: usize = 32;

/// Whether Cargo would accept the requirement.
///
/// # Example
///
/// ```
/// use plugin_core::version::is_valid_requirement;
///
/// assert!(is_valid_requirement(">=1.2, <2"));
/// assert!(!is_valid_requirement("newest"));
/// ```
#[must_use]
pub const fn is_valid_requirement(requirement: &str) -> bool {
    check(requirement, None).is_some()
}

/// Whether the version, if there is one, meets the requirement; `None` if the requirement is
/// invalid.
pub(super) const fn check(requirement: &str, version: Option<&Version>) -> Option<bool> {
    let mut scan = Scan::new(requirement);
    scan.skip_spaces();
    if scan.wildcard() {
        scan.skip_spaces();
        let met = matches!(version, Some(version) if version.pre.is_empty());
        return if scan.is_at_end() { Some(met) } else { None };
    }
    let (mut met, mut names_pre) = (true, false);
    let mut count = 0;
    while count < MOST {
        let comparator = option!(Comparator::read(&mut scan));
        if let Some(version) = version {
            met &= comparator.is_met(version);
            names_pre |= version.pre.is_empty() || comparator.names_pre_of(version);
        }
        if scan.is_at_end() {
            return Some(met && names_pre);
        }
        if !scan.eat(b',') {
            return None;
        }
        scan.skip_spaces();
        count += 1;
    }
    None
}

#[derive(Debug, Clone, Copy)]
enum Op {
    Same,
    Greater,
    AtLeast,
    Less,
    AtMost,
    Tilde,
    Caret,
}

/// An operator and the first one, two or three numbers of a version.
#[derive(Debug)]
struct Comparator<'t> {
    op: Op,
    numbers: [u64; 3],
    /// Number of given numbers.
    count: usize,
    pre: &'t str,
}

impl<'t> Comparator<'t> {
    const fn read(scan: &mut Scan<'t>) -> Option<Self> {
        let op = Op::read(scan);
        scan.skip_spaces();
        let mut numbers = [option!(scan.number()), 0, 0];
        let (mut count, mut wild) = (1, false);
        let mut place = 1;
        while place < 3 && scan.eat(b'.') {
            if scan.wildcard() {
                wild = true;
            } else if wild {
                return None;
            } else {
                numbers[place] = option!(scan.number());
                count += 1;
            }
            place += 1;
        }
        let pre = if count == 3 { option!(scan.pre()) } else { "" };
        if count == 3 && !scan.build() {
            return None;
        }
        scan.skip_spaces();
        let op = match op {
            Some(op) => op,
            None if wild => Op::Same,
            None => Op::Caret,
        };
        Some(Self {
            op,
            numbers,
            count,
            pre,
        })
    }

    const fn is_met(&self, version: &Version) -> bool {
        let order = self.compare(version);
        match self.op {
            Op::Same => order.is_eq(),
            Op::Greater => order.is_gt(),
            Op::AtLeast => order.is_ge(),
            Op::Less => order.is_lt(),
            Op::AtMost => order.is_le(),
            Op::Tilde => order.is_ge() && self.agrees(version, if self.count > 1 { 2 } else { 1 }),
            Op::Caret => order.is_ge() && self.agrees(version, self.fixed()),
        }
    }

    /// Compares the version with the given numbers of the comparator.
    const fn compare(&self, version: &Version) -> Ordering {
        match precedence::numbers(version.numbers(), self.numbers, self.count) {
            Ordering::Equal if self.count == 3 => precedence::pre(version.pre, self.pre),
            order => order,
        }
    }

    const fn agrees(&self, version: &Version, count: usize) -> bool {
        precedence::numbers(version.numbers(), self.numbers, count).is_eq()
    }

    /// How many numbers a caret fixes: up to the first that is not zero.
    const fn fixed(&self) -> usize {
        let mut at = 0;
        while at + 1 < self.count && self.numbers[at] == 0 {
            at += 1;
        }
        at + 1
    }

    /// Whether the comparator names a pre-release of the same version. Only then can a pre-release
    /// meet a requirement.
    const fn names_pre_of(&self, version: &Version) -> bool {
        self.count == 3 && !self.pre.is_empty() && self.agrees(version, 3)
    }
}

impl Op {
    const fn read(scan: &mut Scan<'_>) -> Option<Self> {
        if scan.eat(b'=') {
            Some(Self::Same)
        } else if scan.eat(b'>') {
            Some(if scan.eat(b'=') {
                Self::AtLeast
            } else {
                Self::Greater
            })
        } else if scan.eat(b'<') {
            Some(if scan.eat(b'=') {
                Self::AtMost
            } else {
                Self::Less
            })
        } else if scan.eat(b'~') {
            Some(Self::Tilde)
        } else if scan.eat(b'^') {
            Some(Self::Caret)
        } else {
            None
        }
    }
}
