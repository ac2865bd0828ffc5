//! Names of instances.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

/// The names of the instances of a plugin: its own if there is one, else `hello-plugin#1` and so
/// on.
pub(super) fn names(
    plugin: &'static str,
    replicas: usize,
) -> impl Iterator<Item = &'static str> + use<> {
    (1..=replicas).map(move |number| match replicas {
        1 => plugin,
        _ => interned(format!("{plugin}#{number}")),
    })
}

/// The name as one that lives as long as the process. Each is made once, however often a set is
/// configured.
fn interned(name: String) -> &'static str {
    static NAMES: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());
    let mut names = NAMES.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = names.get(name.as_str()) {
        return known;
    }
    let name = String::leak(name);
    names.insert(name);
    name
}

#[cfg(test)]
mod tests {
    use super::names;

    #[test]
    fn instances_are_numbered_if_there_are_several() {
        assert!(names("hello-plugin", 1).eq(["hello-plugin"]));
        let two = ["hello-plugin#1", "hello-plugin#2"];
        assert!(names("hello-plugin", 2).eq(two));
        let again: Vec<_> = names("hello-plugin", 2).map(str::as_ptr).collect();
        assert!(names("hello-plugin", 2).map(str::as_ptr).eq(again));
    }
}
