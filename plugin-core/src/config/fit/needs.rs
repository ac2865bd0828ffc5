//! Checks that everything that an instance needs is enabled, and that each provider that its config
//! names really provides the service or request.

use super::{Fit, Issue, IssueKind};
use crate::config::bindings::{self, Takes};
use crate::config::mask::mask;
use crate::config::settings::{self, PluginSettings};
use crate::descriptor::Descriptor;
use crate::init::{Arity, Need};

impl Fit<'_> {
    /// Checks that the instances exist from which this instance takes services and requests.
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

    /// The enabled instances that provide the service or answer the request, in start order.
    fn providers(&self, taken: &Takes) -> Vec<&'static str> {
        let plugins = self.composition.plugins();
        let providers = plugins.filter(|plugin| taken.is_of(plugin));
        providers.flat_map(|plugin| self.enabled(plugin)).collect()
    }

    /// The reason why nothing can be taken from the instance that config names; `None` if it can.
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

    /// The reason why the instance without a label can't be used, if a labelled one could be named
    /// instead.
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

    /// Checks that no enabled plugin needs this plugin, which is not enabled.
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

/// The reason why an instance needs a plugin by its types, unless the config of the instance
/// chooses another provider.
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
    // A need for which config names an instance is checked in `taken`.
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
