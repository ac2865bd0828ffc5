//! The common part of lines, as numbers.

use std::hash::{DefaultHasher, Hash, Hasher};

use tracing::Metadata;

use crate::fields::Fields;

/// Fields that say what happened; other fields say to whom.
const TELLING: [&str; 10] = [
    "error",
    "kind",
    "handler",
    "topic",
    "subscription",
    "schedule",
    "task",
    "interceptor",
    "action",
    "reason",
];

/// The common part of lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cause {
    /// The code that wrote the line, and the plugin.
    pub(crate) site: u64,
    /// The hash of the text.
    pub(crate) text: u64,
}

impl Cause {
    /// Represents all causes of a piece of code above the limit.
    pub(super) const OTHERS: u64 = 0;

    pub(crate) fn of(metadata: &Metadata<'_>, plugin: Option<&str>, fields: &Fields) -> Self {
        Self {
            site: hashed(|hash| {
                metadata.callsite().hash(hash);
                plugin.hash(hash);
            }),
            text: hashed(|hash| {
                words(&fields.message, hash);
                for (name, value) in &fields.rest {
                    if TELLING.contains(name) {
                        name.hash(hash);
                        words(value.as_str().unwrap_or_default(), hash);
                    }
                }
            }),
        }
    }
}

fn hashed(write: impl FnOnce(&mut DefaultHasher)) -> u64 {
    let mut hash = DefaultHasher::new();
    write(&mut hash);
    hash.finish()
}

/// Hashes the words of a text that are neither quoted nor contain a digit, because ids, numbers and
/// names differ between lines.
fn words(text: &str, hash: &mut impl Hasher) {
    for outside in text.split(['`', '"']).step_by(2) {
        for word in outside.split(|char: char| !char.is_alphanumeric()) {
            if !word.is_empty() && !word.contains(|char: char| char.is_numeric()) {
                word.hash(hash);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn same(one: &str, other: &str) -> bool {
        hashed(|hash| words(one, hash)) == hashed(|hash| words(other, hash))
    }

    #[test]
    fn ids_numbers_and_what_is_quoted_make_no_other_cause() {
        assert!(same("there is no user `ann`", "there is no user `bob 2`"));
        assert!(same(
            "letter 0675e8cf3b2a91c4: 17 rows",
            "letter 1a: 4 rows"
        ));
        assert!(same("column \"a\" of row 1", "column \"b\" of row 2"));
        assert!(!same("pool is closed", "pool timed out"));
        assert!(!same("no user `ann`", "no order `ann`"));
    }
}
