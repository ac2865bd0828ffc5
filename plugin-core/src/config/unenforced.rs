//! Keys that are read and checked, and that nothing enforces yet. An operator who sets one is
//! told so: a limit that does not hold is worse than none.

use std::collections::BTreeMap;

use super::manager;
use super::node::{Data, Node};
use super::report::Report;
use super::settings::{PluginSettings, Section};

const MANAGER: [(&str, &str); 4] = [
    (
        "plugin_dir",
        "plugins are linked into the binary, the directory is not read",
    ),
    (
        "enable_sandbox",
        "plugins run in this process, without a sandbox",
    ),
    ("max_memory", "the limit is not enforced"),
    ("max_cpu", "the limit is not enforced"),
];

const PLUGIN: [(&str, &str); 3] = [
    ("resources.memory", "the limit is not enforced"),
    ("resources.cpu", "the limit is not enforced"),
    ("resources.file_handles", "the limit is not enforced"),
];

/// Whether a key of the manager is such a key.
pub(super) fn of_manager(key: &str) -> bool {
    MANAGER.iter().any(|(name, _)| *name == key)
}

/// Adds a warning for each such key that somebody set.
pub(super) fn warn(
    manager: &Section,
    plugins: &BTreeMap<&'static str, PluginSettings>,
    report: &mut Report,
) {
    for (key, why) in MANAGER {
        warn_of(manager.node.get(key), manager::ROOT, (key, why), report);
    }
    for (name, plugin) in plugins {
        for (key, why) in PLUGIN {
            warn_of(plugin.node(key), name, (key, why), report);
        }
    }
}

/// A feature that is switched off needs no warning.
fn warn_of(node: Option<&Node>, name: &str, (key, why): (&str, &str), report: &mut Report) {
    let set = node.filter(|node| node.place.is_explicit() && node.data != Data::Bool(false));
    if let Some(node) = set {
        report.warn(
            node,
            format!("{name}.{key}"),
            format!("not in force yet: {why}"),
        );
    }
}
