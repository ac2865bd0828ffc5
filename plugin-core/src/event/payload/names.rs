//! Names of publishers that an earlier run of the program wrote down.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

/// Most names that are kept, and the longest of them: far more than a service has plugins, and no
/// more than somebody else who writes to a store can make us remember.
const MOST_NAMES: usize = 4_096;
const LONGEST_NAME: usize = 256;

/// What stands for a name that there is no room to keep.
const UNKNOWN: &str = "unknown";

/// A name that lives as long as the process: letters of earlier runs name publishers that this one
/// may not have.
pub(crate) fn interned(name: &str) -> &'static str {
    static NAMES: Mutex<Option<HashSet<&'static str>>> = Mutex::new(None);
    let mut names = NAMES.lock().unwrap_or_else(PoisonError::into_inner);
    let names = names.get_or_insert_default();
    if let Some(known) = names.get(name) {
        return known;
    }
    if names.len() >= MOST_NAMES || name.len() > LONGEST_NAME {
        return UNKNOWN;
    }
    let leaked: &'static str = name.to_owned().leak();
    names.insert(leaked);
    leaked
}
