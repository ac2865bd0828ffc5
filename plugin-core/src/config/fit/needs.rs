//! Who needs whom: whether what an instance can't be without is enabled, and whether what its config
//! names to take it from provides it.

use super::{Fit, Issue, IssueKind};
use crate::config::bindings::{self, Takes};
use crate::config::mask::mask;
use crate::config::settings::{self, PluginSettings};
use crate::descriptor::Descriptor;
use crate::init::{Arity, Need};

impl Fit<'_> {
    /// What an instance takes from one other has to be there.
    pub(super) fn taken(&mut self, plugin: &'static Descriptor, settings: &PluginSettings) {
        for taken in bindings::taken(plugin) {
            let section = settings.section.node.get(taken.section);
            let node = section.and_then(|section| section.get(&taken.name));
            let (what, place) = match taken.bound(&settings.config) {
                Some(instance) => (self.leads_nowhere(&taken, instance), node),
                None => (self.unbound(&taken), Some(&settings.section.node)),
            };
            if let Some(what) = what {
                let key = format!("{}.{}.{}", settings.name(), taken.section, taken.name);
                self.issue(place, key, what);
            }
        }
    }

    /// The instances that are enabled and provide something, in start order.
    fn providers(&self, taken: &Takes) -> Vec<&'static str> {
        let plugins = self.composition.plugins();
        let providers = plugins.filter(|plugin| taken.is_of(plugin));
        providers.flat_map(|plugin| self.enabled(plugin)).collect()
    }

    /// Why nothing can be taken from the instance that config names for it.
    fn leads_nowhere(&self, taken: &Takes, instance: &str) -> Option<String> {
        let providers = self.providers(taken);
        if providers.contains(&instance) {
            return None;
        }
        let shown = mask(instance);
        let why = match self.plugins.get(instance) {
            None => format!("no instance is named `{shown}`"),
            Some(settings) if !settings.config.enabled => format!("`{shown}` is not enabled"),
            Some(_) => format!("`{shown}` does not provide it"),
        };
        Some(match &*providers {
            [] => format!("{why}, and neither is any that provides it"),
            providers => format!("{why}: name one of `{}`", providers.join("`, `")),
        })
    }

    /// Why something can't be taken from the instance without a label, where a labelled one could be
    /// named.
    fn unbound(&self, taken: &Takes) -> Option<String> {
        let mut plugins = self.composition.plugins();
        let plugin = plugins.find(|plugin| taken.is_of(plugin))?;
        let providers = self.providers(taken);
        let first = providers.first().filter(|_| taken.is_needed)?;
        (!self.is_enabled(plugin.name)).then(|| {
            format!(
                "it is taken from `{}`, which is not enabled: name one of `{}`, as in `{}: {{ {}: {first} }}`",
                plugin.name,
                providers.join("`, `"),
                taken.section,
                taken.name,
            )
        })
    }

    /// A plugin that is not enabled must not be needed by one that is.
    pub(super) fn needed(&mut self, plugin: &'static Descriptor) {
        if self.enabled(plugin).next().is_some() {
            return;
        }
        let instances = settings::instances(self.composition, self.plugins);
        let needing: Vec<String> = instances
            .filter(|(_, other)| other.config.enabled)
            .filter_map(|(other, its)| {
                let why = need(other, its, plugin)?;
                Some(format!("`{}` ({why})", its.name()))
            })
            .collect();
        if needing.is_empty() {
            return;
        }
        let what = format!(
            "`{}` is not enabled, but is needed by {}",
            plugin.name,
            needing.join(", ")
        );
        let key = format!("{}.enabled", plugin.name);
        let place = self.plugins[plugin.name].origin("enabled");
        self.report
            .issue(Issue::new(IssueKind::Build, &place, key, what));
    }
}

/// What an instance needs a plugin for, as its types say and its config does not say otherwise.
fn need(
    plugin: &'static Descriptor,
    settings: &PluginSettings,
    provider: &Descriptor,
) -> Option<String> {
    let provides = |key| (provider.provides.iter()).any(|provide| provide.service.key == key);
    let extension = plugin.needs.iter().find_map(|need| match need {
        Need::Service {
            service,
            arity: Arity::One,
        } if service.many && provides(service.key) => Some(service.name),
        _ => None,
    });
    let extension = extension.map(|service| format!("for its service `{service}`"));
    // What it names an instance for is told there.
    let mut taken = bindings::taken(plugin)
        .filter(|taken| taken.is_needed && taken.is_of(provider))
        .filter(|taken| taken.bound(&settings.config).is_none());
    let taken = taken.next().map(|taken| match taken.section {
        "services" => format!("for its service `{}`", taken.name),
        _ => format!("which answers its `{}`", taken.name),
    });
    let mut requires = plugin.requires.iter();
    let required = requires.find(|requirement| requirement.plugin == provider.name);
    let required = required.map(|it| format!("which requires it, {}", it.version));
    taken.or(extension).or(required)
}
