//! What is to run: a composed set, and its checked config.

use std::collections::BTreeMap;

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
    /// Where config was read from, and is read from again by a reload.
    pub(super) sources: Sources,
    pub(super) settings: Settings,
    pub(super) clock: Clock,
}

/// An instance that config wants to run.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted {
    pub(super) id: InstanceId,
    pub(super) plugin: &'static Descriptor,
    /// The name of its section of config.
    pub(super) section: &'static str,
    pub(super) name: &'static str,
}

/// What is read in the place of what is there.
#[derive(Debug)]
pub(super) enum Instead {
    Nothing,
    /// What operators said.
    Overrides(Overrides),
    /// The files.
    Generation(Generation),
    /// The files, in the place of what they are rolled back to.
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
        let settings = config::load(&sources, &composition).map_err(ConfigureError::Config)?;
        Self {
            composition,
            sources,
            settings,
            clock,
        }
        .permitted()
    }

    /// The config files as they are now.
    pub(super) fn files_now(&self) -> ConfigFiles {
        config::files(&self.sources, &self.composition)
    }

    /// Reads config again from where it was read from, but that some plugins are on or off whatever
    /// else says, and that something is read in the place of something else. Things are kept where they are, whatever `data_dir` says now.
    pub(super) fn read_again(
        &self,
        switches: BTreeMap<String, Option<bool>>,
        instead: Instead,
    ) -> Result<Self, ConfigureError> {
        let sources = self.sources.clone().switched(switches);
        let here = match instead {
            Instead::Nothing => sources.clone(),
            Instead::Overrides(overrides) => sources.clone().overridden(overrides),
            Instead::Generation(generation) => sources.clone().generation(generation),
            Instead::Files => sources.clone().of_files(),
        };
        let here = here.data_dir(&self.settings.manager.data_dir);
        let checked = Self::read(self.composition.clone(), here, self.clock.clone())?;
        Ok(Self { sources, ..checked })
    }

    /// Whether the sources name another `data_dir` than the one where things are kept.
    pub(super) fn will_move(&self) -> bool {
        config::data_dir(&self.sources, &self.composition) != self.settings.manager.data_dir
    }

    /// What holds now, but for some sections.
    pub(super) fn only(&self, sections: &[String], now: &Self) -> Result<Self, ConfigureError> {
        let settings = self
            .settings
            .only(sections, &now.settings, &self.composition);
        Self {
            settings: settings.map_err(ConfigureError::Config)?,
            ..self.clone()
        }
        .permitted()
    }

    /// Whether the files that are applied say what is applied. After the reload of one plugin they need
    /// not: its file may hold more that is different, and that was not taken over.
    pub(super) fn is_as_its_files_say(&self) -> bool {
        let Some(mix) = self.settings.mix() else {
            return true;
        };
        let sources = self.sources.clone().generation(mix);
        let sources = sources.data_dir(&self.settings.manager.data_dir);
        let read = config::load(&sources, &self.composition);
        read.is_ok_and(|read| self.settings.difference(&read).is_empty())
    }

    /// Which instances one takes services and answers from.
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

    /// The sections whose instances will run, in start order, and their plugins.
    pub(super) fn enabled(&self) -> impl Iterator<Item = (&'static Descriptor, &PluginSettings)> {
        let sections = self.settings.instances();
        sections.filter(|(_, settings)| settings.config.enabled)
    }

    pub(super) fn grants_of(&self, settings: &PluginSettings) -> Grants {
        self.settings.grants_of(settings)
    }

    /// The rights that plugins ask for and were not granted.
    pub(super) fn denied(&self) -> Vec<PermissionDenied> {
        self.enabled()
            .flat_map(|(plugin, settings)| self.grants_of(settings).check(plugin))
            .collect()
    }

    /// The instances that are to run, in start order: those of a plugin side by side.
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
