//! A number with its noun.

use std::fmt::Display;

/// A count with its noun: `1 event`, `2 events`. The plural of the noun has to end in `s`.
///
/// # Example
///
/// ```
/// use plugin_core::counted;
///
/// assert_eq!(counted(1_u64, "dead letter"), "1 dead letter");
/// assert_eq!(counted(0_usize, "warning"), "0 warnings");
/// ```
#[must_use]
pub fn counted<N: Copy + Display + PartialEq + From<u8>>(count: N, noun: &str) -> String {
    let s = if count == N::from(1) { "" } else { "s" };
    format!("{count} {noun}{s}")
}
