//! Keys that are read and checked but not enforced. An operator who sets one is warned, with the
//! reason, because a limit that has no effect is worse than none.

use std::collections::BTreeMap;

use super::limits::{LimitMeans, NOT_MEASURED};
use super::manager;
use super::node::{Data, Node};
use super::report::Report;
use super::settings::{PluginSettings, Section};

const MANAGER: [(&str, &str); 1] = [(
    "plugin_dir",
    "plugins are linked into the binary; one from a directory needs a process of its own",
)];

/// Whether a key of the manager is not enforced.
pub(super) fn of_manager(key: &str) -> bool {
    MANAGER.iter().any(|(name, _)| *name == key)
}

/// Adds a warning for each such key that is set.
pub(super) fn warn(
    manager: &Section,
    plugins: &BTreeMap<&'static str, PluginSettings>,
    report: &mut Report,
) {
    for (key, why) in MANAGER {
        let why = format!("not in force: {why}");
        warn_of(manager.node.get(key), (manager::ROOT, key, why), report);
    }
    for (name, plugin) in plugins {
        for limit in plugin.config.resources.limits(plugin.isolated.isolation) {
            if limit.means == LimitMeans::NotMeasured {
                let why = (*name, limit.key, NOT_MEASURED.to_owned());
                warn_of(plugin.node(limit.key), why, report);
            }
        }
    }
}

/// Adds a warning for a key that is set. A feature that is set to off needs no warning.
fn warn_of(node: Option<&Node>, (name, key, why): (&str, &str, String), report: &mut Report) {
    let set = node.filter(|node| node.place.is_explicit() && node.data != Data::Bool(false));
    if let Some(node) = set {
        report.warn(node, format!("{name}.{key}"), why);
    }
}
