//! What is to run: a composed set with its checked config.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::configure_error::ConfigureError;
use crate::clock::Clock;
use crate::compose::Composition;
use crate::config::{self, ConfigFiles, Generation, Overrides, PluginSettings, Settings, Sources};
use crate::context::InstanceId;
use crate::descriptor::Descriptor;
use crate::instance_name::{InstanceName, replicas};
use crate::permission::{Grants, PermissionDenied};
use crate::provider_bindings::ProviderBindings;

/// A composed set with its checked config.
#[derive(Debug, Clone)]
pub(super) struct Checked {
    pub(super) composition: Composition,
    /// The sources of config, which a reload reads again.
    pub(super) sources: Sources,
    pub(super) settings: Settings,
    pub(super) clock: Clock,
}

/// An instance that should run according to config.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted {
    pub(super) id: InstanceId,
    pub(super) plugin: &'static Descriptor,
    /// The name of its section in config.
    pub(super) section: &'static str,
    pub(super) name: &'static str,
}

/// A replacement for something that is usually read.
#[derive(Debug)]
pub(super) enum Instead {
    Nothing,
    /// Changes of operators, in place of those in `overrides.yaml`.
    Overrides(Overrides),
    /// A generation, in place of the files.
    Generation(Generation),
    /// The files, in place of the generation that replaces them.
    Files,
}

impl Instead {
    pub(super) fn overrides(&self) -> Option<&Overrides> {
        match self {
            Self::Overrides(overrides) => Some(overrides),
            _ => None,
        }
    }
}

impl Checked {
    /// Reads the config of a composed set, and checks it and the rights that it grants.
    pub(super) fn read(
        composition: Composition,
        sources: Sources,
        clock: Clock,
    ) -> Result<Self, ConfigureError> {
        Self::read_with_files(composition, sources, clock).1
    }

    /// Does the same, and also returns the files that were read, even if they are refused.
    fn read_with_files(
        composition: Composition,
        sources: Sources,
        clock: Clock,
    ) -> (Arc<ConfigFiles>, Result<Self, ConfigureError>) {
        let (files, loaded) = config::load_with_files(&sources, &composition);
        let checked = loaded.map_err(ConfigureError::Config).and_then(|settings| {
            Self {
                composition,
                sources,
                settings,
                clock,
            }
            .permitted()
        });
        (files, checked)
    }

    /// The config files as they are now.
    pub(super) fn files_now(&self) -> ConfigFiles {
        config::files(&self.sources, &self.composition)
    }

    /// Reads config again from the same sources, except that some plugins are turned on or off
    /// whatever the sources say, and that something may be read in place of something else. The
    /// data directory stays the same, whatever `data_dir` says now. Also returns the files that were
    /// read.
    pub(super) fn read_again(
        &self,
        switches: BTreeMap<String, Option<bool>>,
        instead: Instead,
    ) -> (Arc<ConfigFiles>, Result<Self, ConfigureError>) {
        let sources = self.sources.clone().switched(switches);
        let here = match instead {
            Instead::Nothing => sources.clone(),
            Instead::Overrides(overrides) => sources.clone().overridden(overrides),
            Instead::Generation(generation) => sources.clone().generation(generation),
            Instead::Files => sources.clone().of_files(),
        };
        let here = here.kept_in(self.settings.manager.data_dir.clone());
        let (composition, clock) = (self.composition.clone(), self.clock.clone());
        let (files, checked) = Self::read_with_files(composition, here, clock);
        (files, checked.map(|checked| Self { sources, ..checked }))
    }

    /// The present config with some sections of this one.
    pub(super) fn only(self, sections: &[String], now: &Self) -> Result<Self, ConfigureError> {
        let settings = (self.settings).only(sections, &now.settings, &self.composition);
        let settings = settings.map_err(ConfigureError::Config)?;
        Self { settings, ..self }.permitted()
    }

    /// Whether the applied files describe the applied config. After a reload of one plugin they may
    /// not, because its file may contain further changes, which were not applied.
    pub(super) fn is_as_its_files_say(&self) -> bool {
        let Some(mix) = self.settings.mix() else {
            return true;
        };
        let sources = self.sources.clone().generation(mix);
        let sources = sources.kept_in(self.settings.manager.data_dir.clone());
        let read = config::load(&sources, &self.composition);
        read.is_ok_and(|read| self.settings.difference(&read).is_empty())
    }

    /// The instances that provide services and answers to an instance.
    pub(super) fn bindings(&self, wanted: &Wanted) -> ProviderBindings {
        let settings = &self.settings.plugins[wanted.section];
        config::bindings(wanted.plugin, &settings.config)
    }

    fn permitted(self) -> Result<Self, ConfigureError> {
        let denied = self.denied();
        if denied.is_empty() {
            Ok(self)
        } else {
            Err(ConfigureError::Permissions(denied))
        }
    }

    /// The sections whose instances will run, in start order, with their plugins.
    pub(super) fn enabled(&self) -> impl Iterator<Item = (&'static Descriptor, &PluginSettings)> {
        let sections = self.settings.instances();
        sections.filter(|(_, settings)| settings.config.enabled)
    }

    pub(super) fn grants_of(&self, settings: &PluginSettings) -> Grants {
        self.settings.grants_of(settings)
    }

    /// The rights that plugins ask for and that are not granted.
    pub(super) fn denied(&self) -> Vec<PermissionDenied> {
        self.enabled()
            .flat_map(|(plugin, settings)| self.grants_of(settings).check(plugin))
            .collect()
    }

    /// The instances that should run, in start order. The instances of one plugin follow each
    /// other.
    pub(super) fn wanted(&self) -> Vec<Wanted> {
        let mut wanted = Vec::new();
        for (place, plugin) in self.composition.plugins().enumerate() {
            let sections = self.settings.instances_of(plugin);
            for settings in sections.filter(|settings| settings.config.enabled) {
                let section = settings.name();
                let label = InstanceName::of(section).label.unwrap_or_default();
                let names = replicas(section, settings.config.replicas);
                wanted.extend(names.enumerate().map(|(number, name)| Wanted {
                    id: InstanceId {
                        plugin: place,
                        label,
                        number,
                    },
                    plugin,
                    section,
                    name,
                }));
            }
        }
        wanted
    }
}
