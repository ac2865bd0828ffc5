//! What is to run: a composed set, and its checked config.

use std::collections::BTreeMap;

use super::configure_error::ConfigureError;
use super::instance::InstanceId;
use super::replica;
use crate::clock::Clock;
use crate::compose::Composition;
use crate::config::{self, PluginSettings, Settings, Sources};
use crate::descriptor::Descriptor;
use crate::permission::{Grants, PermissionDenied};

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
    pub(super) name: &'static str,
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

    /// Reads config again from where it was read from, but that some plugins are on or off whatever
    /// else says. Things are kept where they are, whatever `data_dir` says now.
    pub(super) fn read_again(
        &self,
        switches: BTreeMap<String, Option<bool>>,
    ) -> Result<Self, ConfigureError> {
        let sources = self.sources.clone().switched(switches);
        let here = sources.clone().data_dir(&self.settings.manager.data_dir);
        let checked = Self::read(self.composition.clone(), here, self.clock.clone())?;
        Ok(Self { sources, ..checked })
    }

    /// Whether the sources name another `data_dir` than the one where things are kept.
    pub(super) fn will_move(&self) -> bool {
        config::data_dir(&self.sources, &self.composition) != self.settings.manager.data_dir
    }

    /// What holds now, but for some plugins.
    pub(super) fn only(
        &self,
        plugins: &[&'static str],
        now: &Self,
    ) -> Result<Self, ConfigureError> {
        let settings = self
            .settings
            .only(plugins, &now.settings, &self.composition);
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

    fn permitted(self) -> Result<Self, ConfigureError> {
        let denied = self.denied();
        if denied.is_empty() {
            Ok(self)
        } else {
            Err(ConfigureError::Permissions(denied))
        }
    }

    /// The plugins that will run, in start order, and what config says of them.
    pub(super) fn enabled(&self) -> impl Iterator<Item = (&'static Descriptor, &PluginSettings)> {
        (self.composition.plugins())
            .map(|plugin| (plugin, &self.settings.plugins[plugin.name]))
            .filter(|(_, settings)| settings.config.enabled)
    }

    pub(super) fn grants_of(
        &self,
        plugin: &'static Descriptor,
        settings: &PluginSettings,
    ) -> Grants {
        self.settings.grants_of(plugin.name, settings)
    }

    /// The rights that plugins ask for and were not granted.
    pub(super) fn denied(&self) -> Vec<PermissionDenied> {
        self.enabled()
            .flat_map(|(plugin, settings)| self.grants_of(plugin, settings).check(plugin))
            .collect()
    }

    /// The instances that are to run, in start order: those of a plugin side by side.
    pub(super) fn wanted(&self) -> Vec<Wanted> {
        let mut wanted = Vec::new();
        for (place, plugin) in self.composition.plugins().enumerate() {
            let config = &self.settings.plugins[plugin.name].config;
            if !config.enabled {
                continue;
            }
            let names = replica::names(plugin.name, config.replicas);
            wanted.extend(names.enumerate().map(|(number, name)| Wanted {
                id: InstanceId {
                    plugin: place,
                    number,
                },
                plugin,
                name,
            }));
        }
        wanted
    }
}
