//! Names of publishers that an earlier run of the program stored.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

/// Most names that are kept, and the longest name. This is far more than a service has plugins, and
/// it limits the memory that another writer to the store can use up.
const MOST_NAMES: usize = 4_096;
const LONGEST_NAME: usize = 256;

/// Used in place of a name for which there is no room.
const UNKNOWN: &str = "unknown";

/// Gives a name the lifetime of the process. Letters of earlier runs name publishers that may not
/// exist in this process.
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
