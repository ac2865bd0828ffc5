//! Checks `permissions` and `roles`: their resources, actions and roles must be known.

use std::collections::BTreeMap;

use super::issue::{Issue, IssueKind};
use super::manager::{self, ManagerConfig};
use super::node::Node;
use super::report::Report;
use super::settings::{PluginSettings, Section};
use crate::permission::{Permission, PermissionError, PermissionField};

/// Adds an issue for each unknown resource, action or role.
pub(super) fn check(
    manager: &ManagerConfig,
    section: &Section,
    plugins: &BTreeMap<&'static str, PluginSettings>,
    report: &mut Report,
) {
    let are_roles_known = !report
        .issues
        .iter()
        .any(|issue| issue.key.starts_with("plugin_manager.roles"));
    for (name, role) in &manager.roles {
        let node = section.node.get("roles").and_then(|roles| roles.get(name));
        let key = format!("{}.roles.{name}", manager::ROOT);
        permissions(&role.permissions, node, &key, report);
    }
    for (name, plugin) in plugins {
        if let Some(listed) = &plugin.config.permissions {
            permissions(listed, Some(&plugin.section.node), name, report);
        }
        if are_roles_known && !report.spoiled.contains(manager::ROOT) {
            roles(name, plugin, manager, report);
        }
    }
}

/// Checks a list of permissions. `node` is the section that contains the key `permissions`.
fn permissions(listed: &[Permission], node: Option<&Node>, key: &str, report: &mut Report) {
    let list = node.and_then(|node| node.get("permissions"));
    for (at, permission) in listed.iter().enumerate() {
        let entry = list.and_then(|list| list.get(&at.to_string()));
        for mistake in permission.mistakes() {
            let key = format!("{key}.permissions[{at}]");
            report.issue(issue(&mistake, entry, &key));
        }
    }
}

fn issue(mistake: &PermissionError, entry: Option<&Node>, key: &str) -> Issue {
    let (key, node) = match mistake.place() {
        PermissionField::Resource => (
            format!("{key}.resource"),
            entry.and_then(|it| it.get("resource")),
        ),
        PermissionField::Actions => (
            format!("{key}.actions"),
            entry.and_then(|it| it.get("actions")),
        ),
        PermissionField::Action(at) => (
            format!("{key}.actions[{at}]"),
            entry.and_then(|it| it.get("actions")?.get(&at.to_string())),
        ),
    };
    let place = node.map(|node| node.place.clone()).unwrap_or_default();
    Issue::new(IssueKind::Invalid, &place, key, mistake.to_string())
}

fn roles(name: &str, plugin: &PluginSettings, manager: &ManagerConfig, report: &mut Report) {
    for (at, role) in plugin.config.roles.iter().enumerate() {
        if manager.roles.contains_key(role) {
            continue;
        }
        let place = plugin.origin(&format!("roles.{at}"));
        let what = format!("no role is named `{role}`: define it under `plugin_manager.roles`");
        let issue = Issue::new(
            IssueKind::Build,
            &place,
            format!("{name}.roles[{at}]"),
            what,
        );
        let known = manager.roles.keys().map(String::as_str);
        let issue = match report.has_room() {
            true => issue.meant(role, known),
            false => issue,
        };
        report.issue(issue);
    }
}
