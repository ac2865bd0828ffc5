//! What is to run: a composed set, and its checked config.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::configure_error::ConfigureError;
use super::operation::OperationError;
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
        Self::read_with_files(composition, sources, clock).1
    }

    /// The same, with the files as they were then, also when what they say is refused.
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

    /// Reads config again from where it was read from, but that some plugins are on or off whatever
    /// else says, and that something is read in the place of something else. Things are kept where
    /// they are, whatever `data_dir` says now. Answers with the files, too.
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

    /// What holds now, but for some sections, which are taken from here.
    pub(super) fn taken(self, sections: &[String], now: &Self) -> Result<Self, OperationError> {
        let there = [now, &self].map(|config| &config.settings.plugins);
        let is_known = |name: &String| there.iter().any(|all| all.contains_key(&**name));
        if let Some(unknown) = sections.iter().find(|name| !is_known(name)) {
            let known = self.settings.instances().map(|(_, one)| one.name());
            return Err(OperationError::Unknown {
                plugin: unknown.clone(),
                known: known.collect(),
            });
        }
        let settings = (self.settings).only(sections, &now.settings, &self.composition);
        let taken = settings.map_err(ConfigureError::Config);
        let taken = taken.and_then(|settings| Self { settings, ..self }.permitted());
        taken.map_err(OperationError::Config)
    }

    /// Whether the files that are applied say what is applied. After the reload of one plugin they need
    /// not: its file may hold more that is different, and that was not taken over.
    pub(super) fn is_as_its_files_say(&self) -> bool {
        let Some(mix) = self.settings.mix() else {
            return true;
        };
        let sources = self.sources.clone().generation(mix);
        let sources = sources.kept_in(self.settings.manager.data_dir.clone());
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
