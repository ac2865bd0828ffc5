//! The config against the build: versions, dependencies, conflicts, and who needs whom.

use std::collections::{BTreeMap, BTreeSet};

use super::book::nobody;
use super::issue::{Issue, IssueKind};
use super::node::Node;
use super::replicas;
use super::report::Report;
use super::settings::PluginSettings;
use crate::compose::Composition;
use crate::descriptor::Descriptor;
use crate::init::{Arity, Need};

/// Adds what does not fit. Services and requirements of the plugins themselves were proven when
/// the build was composed; what is left to see is what `enabled: false` takes away.
pub(super) fn check(
    composition: &Composition,
    plugins: &BTreeMap<&'static str, PluginSettings>,
    report: &mut Report,
) {
    let mut fit = Fit {
        composition,
        plugins,
        report,
        started: BTreeSet::new(),
    };
    for plugin in composition.plugins() {
        let settings = &plugins[plugin.name];
        fit.version(plugin, settings);
        if settings.config.enabled {
            fit.dependencies(plugin, settings);
            fit.conflicts(plugin, settings);
            fit.replicas(plugin, settings);
        } else {
            fit.disabled(plugin, settings);
        }
        fit.started.insert(plugin.name);
    }
}

struct Fit<'a> {
    composition: &'a Composition,
    plugins: &'a BTreeMap<&'static str, PluginSettings>,
    report: &'a mut Report,
    /// Plugins that come before the one at hand.
    started: BTreeSet<&'static str>,
}

impl Fit<'_> {
    fn issue(&mut self, node: Option<&Node>, key: String, what: String) {
        let place = node.map(|node| node.place.clone()).unwrap_or_default();
        self.report
            .issue(Issue::new(IssueKind::Build, &place, key, what));
    }

    fn is_enabled(&self, name: &str) -> bool {
        self.plugins
            .get(name)
            .is_some_and(|plugin| plugin.config.enabled)
    }

    fn version(&mut self, plugin: &Descriptor, settings: &PluginSettings) {
        let wanted = settings.config.version.as_ref();
        if let Some(wanted) = wanted.filter(|wanted| !wanted.matches(&plugin.version)) {
            let what = format!(
                "this binary holds version {} of `{}`, which `{wanted}` does not allow",
                shown(plugin),
                plugin.name
            );
            self.issue(
                settings.node("version"),
                format!("{}.version", plugin.name),
                what,
            );
        }
    }

    fn dependencies(&mut self, plugin: &Descriptor, settings: &PluginSettings) {
        for (at, name) in settings.config.dependencies.iter().enumerate() {
            let node = settings.node(&format!("dependencies.{at}"));
            let key = format!("{}.dependencies[{at}]", plugin.name);
            if let Some(absent) = self.composition.absent(name) {
                let place = node.map(|node| node.place.clone()).unwrap_or_default();
                self.report.issue(nobody(&place, &key, name, &absent));
            } else if let Some(what) = self.unmet(plugin, name) {
                self.issue(node, key, what);
            }
        }
    }

    /// Why a dependency on a plugin of this build does not hold.
    fn unmet(&self, plugin: &Descriptor, name: &str) -> Option<String> {
        if name == plugin.name {
            return Some("a plugin can't depend on itself".to_owned());
        }
        if !self.is_enabled(name) {
            return Some(format!(
                "`{name}` is not enabled, and `{}` depends on it",
                plugin.name
            ));
        }
        (!self.started.contains(name)).then(|| {
            format!(
                "`{name}` starts after `{0}`: add `after(\"{name}\")` to the `#[plugin]` of `{0}`",
                plugin.name
            )
        })
    }

    fn conflicts(&mut self, plugin: &Descriptor, settings: &PluginSettings) {
        for (at, name) in settings.config.conflicts.iter().enumerate() {
            if self.is_enabled(name) {
                let node = settings.node(&format!("conflicts.{at}"));
                let key = format!("{}.conflicts[{at}]", plugin.name);
                let what = format!(
                    "`{name}` is enabled, and `{}` must not run with it",
                    plugin.name
                );
                self.issue(node, key, what);
            }
        }
    }

    fn replicas(&mut self, plugin: &Descriptor, settings: &PluginSettings) {
        if settings.config.replicas == 1 {
            return;
        }
        for why in replicas::refusals(plugin) {
            let key = format!("{}.replicas", plugin.name);
            let what = format!("`{}` runs as one instance: {why}", plugin.name);
            self.issue(settings.node("replicas"), key, what);
        }
    }

    /// A plugin that is not enabled must not be needed by one that is.
    fn disabled(&mut self, plugin: &'static Descriptor, settings: &PluginSettings) {
        let needing: Vec<String> = self
            .composition
            .plugins()
            .filter(|other| self.is_enabled(other.name))
            .filter_map(|other| Some(format!("`{}` ({})", other.name, need(other, plugin)?)))
            .collect();
        if !needing.is_empty() {
            let what = format!(
                "`{}` is not enabled, but is needed by {}",
                plugin.name,
                needing.join(", ")
            );
            self.issue(
                settings.node("enabled"),
                format!("{}.enabled", plugin.name),
                what,
            );
        }
    }
}

/// What one plugin needs another for, as its types say.
fn need(plugin: &Descriptor, provider: &Descriptor) -> Option<String> {
    let service = plugin.needs.iter().find_map(|need| match need {
        Need::Service {
            service,
            arity: Arity::One,
        } => provider
            .provides
            .iter()
            .any(|provide| provide.service.key == service.key)
            .then(|| format!("for its service `{}`", service.name)),
        _ => None,
    });
    let request = plugin.needs.iter().find_map(|need| match need {
        Need::Request {
            request,
            arity: Arity::One,
        } => provider
            .answers(request)
            .then(|| format!("which answers its `{}`", request.topic)),
        _ => None,
    });
    let requires =
        |requirement: &&crate::descriptor::Requirement| requirement.plugin == provider.name;
    let required = plugin.requires.iter().find(requires);
    let asked = service.or(request);
    asked.or_else(|| required.map(|it| format!("which requires it, {}", it.version)))
}

fn shown(plugin: &Descriptor) -> String {
    let version = plugin.version;
    let release = format!("{}.{}.{}", version.major, version.minor, version.patch);
    match version.pre {
        "" => release,
        pre => format!("{release}-{pre}"),
    }
}
