//! Groups, keys and replicas: one member gets each event.

mod keys;
mod moves;
mod plugins;
mod refused;
mod replicas;
mod sharing;

use std::collections::BTreeMap;

use plugin_core::prelude::*;

use crate::journal::Journal;

/// How often each first word is in the journal.
fn counts(journal: &Service<dyn Journal>) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for line in journal.lines() {
        let word = line.split(' ').next().unwrap_or_default();
        *counts.entry(word.to_owned()).or_default() += 1;
    }
    counts
}

/// The instance whose code runs.
fn instance() -> &'static str {
    plugin_core::current().map_or("nobody", |current| current.plugin)
}
