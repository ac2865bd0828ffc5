//! What two lines have in common, as numbers.

use std::hash::{DefaultHasher, Hash, Hasher};

use tracing::Metadata;

use crate::fields::Fields;

/// Fields that say what happened; the others say to whom.
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

/// What lines have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cause {
    /// The code that wrote the line, and the plugin.
    pub(crate) site: u64,
    /// What it says.
    pub(crate) text: u64,
}

impl Cause {
    /// What stands for all causes of a site that are too many.
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

/// The words of a text that are neither quoted nor hold a digit: ids, numbers and names differ
/// from line to line.
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
