//! Compares the config with the build: versions, dependencies, conflicts, and whether all needs are
//! met.

mod needs;

use std::collections::{BTreeMap, BTreeSet};

use super::issue::{Issue, IssueKind};
use super::node::Node;
use super::replicas;
use super::report::Report;
use super::sections::nobody;
use super::settings::{self, PluginSettings};
use crate::compose::Composition;
use crate::descriptor::Descriptor;
use crate::instance_name::InstanceName;

/// Adds an issue for everything that does not fit. The services and requirements of the plugins
/// were already proven when the build was composed. What remains is the effect of `enabled: false`,
/// and what the instances of a plugin take from instances of other plugins.
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
        for settings in settings::instances_of(plugin, plugins) {
            fit.version(plugin, settings);
            fit.singleton(plugin, settings);
            if settings.config.enabled {
                fit.dependencies(settings);
                fit.conflicts(settings);
                fit.replicas(plugin, settings);
                fit.taken(plugin, settings);
            }
        }
        fit.needed(plugin);
        fit.started.insert(plugin.name);
    }
}

struct Fit<'a> {
    composition: &'a Composition,
    plugins: &'a BTreeMap<&'static str, PluginSettings>,
    report: &'a mut Report,
    /// The plugins that start before the current one.
    started: BTreeSet<&'static str>,
}

impl Fit<'_> {
    fn issue(&mut self, node: Option<&Node>, key: String, what: String) {
        let place = node.map(|node| node.place.clone()).unwrap_or_default();
        self.report
            .issue(Issue::new(IssueKind::Build, &place, key, what));
    }

    /// The names of the plugin's instances that are enabled.
    fn enabled(&self, plugin: &'static Descriptor) -> impl Iterator<Item = &'static str> {
        let instances = settings::instances_of(plugin, self.plugins);
        let enabled = instances.filter(|one| one.config.enabled);
        enabled.map(PluginSettings::name)
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
                format!("{}.version", settings.name()),
                what,
            );
        }
    }

    /// Refuses labelled instances of a plugin that must run as one instance.
    fn singleton(&mut self, plugin: &Descriptor, settings: &PluginSettings) {
        let is_labelled = settings.name() != plugin.name;
        if let Some(why) = replicas::singleton(plugin).filter(|_| is_labelled) {
            let what = format!(
                "`{0}` runs as one instance: {why}: configure `{0}` itself",
                plugin.name
            );
            let place = settings.section.node.key.clone();
            self.report
                .issue(Issue::new(IssueKind::Build, &place, settings.name(), what));
        }
    }

    fn dependencies(&mut self, settings: &PluginSettings) {
        for (at, name) in settings.config.dependencies.iter().enumerate() {
            let node = settings.node(&format!("dependencies.{at}"));
            let key = format!("{}.dependencies[{at}]", settings.name());
            if let Some(absent) = self.composition.absent(InstanceName::of(name).plugin) {
                let place = node.map(|node| node.place.clone()).unwrap_or_default();
                self.report.issue(nobody(&place, &key, name, &absent));
            } else if let Some(what) = self.unmet(settings, name) {
                self.issue(node, key, what);
            }
        }
    }

    /// The reason why a dependency on a plugin of this build is not met; `None` if it is met.
    fn unmet(&self, settings: &PluginSettings, name: &str) -> Option<String> {
        let (own, other) = (settings.name(), InstanceName::of(name).plugin);
        let plugin = InstanceName::of(own).plugin;
        if other == plugin {
            return Some("a plugin can't depend on itself".to_owned());
        }
        if !self.is_enabled(name) {
            return Some(format!(
                "`{name}` is not enabled, and `{own}` depends on it"
            ));
        }
        (!self.started.contains(other)).then(|| {
            format!(
                "`{name}` starts after `{own}`: add `after(\"{other}\")` to the `#[plugin]` of `{plugin}`"
            )
        })
    }

    /// Checks the conflicts. The name of a plugin stands for all its instances, except in the
    /// plugin's own section.
    fn conflicts(&mut self, settings: &PluginSettings) {
        let own = settings.name();
        for (at, name) in settings.config.conflicts.iter().enumerate() {
            let is_own = InstanceName::of(own).plugin == name;
            let plugin = (self.composition.find(name)).filter(|_| !is_own);
            let other = plugin.and_then(|plugin| self.enabled(plugin).next());
            if let Some(name) = other.or_else(|| self.is_enabled(name).then_some(name)) {
                let node = settings.node(&format!("conflicts.{at}"));
                let key = format!("{own}.conflicts[{at}]");
                let what = format!("`{name}` is enabled, and `{own}` must not run with it");
                self.issue(node, key, what);
            }
        }
    }

    fn replicas(&mut self, plugin: &Descriptor, settings: &PluginSettings) {
        if settings.config.replicas == 1 {
            return;
        }
        for why in replicas::refusals(plugin) {
            let key = format!("{}.replicas", settings.name());
            let what = format!("`{}` runs as one instance: {why}", plugin.name);
            self.issue(settings.node("replicas"), key, what);
        }
    }
}

fn shown(plugin: &Descriptor) -> String {
    let version = plugin.version;
    let release = format!("{}.{}.{}", version.major, version.minor, version.patch);
    match version.pre {
        "" => release,
        pre => format!("{release}-{pre}"),
    }
}
