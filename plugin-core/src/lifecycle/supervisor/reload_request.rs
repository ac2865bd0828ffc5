//! Requests to read config again: all of it, the section of one plugin, or the sections of plugins
//! that are turned on or off.

use std::collections::BTreeMap;

use super::SupervisorState;
use super::failure::names;
use crate::config::Overrides;
use crate::instance_name::InstanceName;
use crate::lifecycle::checked::Instead;
use crate::lifecycle::operation::OperationError;

/// A request to read config again.
#[derive(Debug)]
pub(super) struct ReloadRequest {
    /// The sections that are applied; `None` for all sections, including the manager's.
    pub(super) only: Option<Vec<String>>,
    /// Plugins that are turned on or off until the next start, whatever config says. With `None`,
    /// config decides and `overrides.yaml` is ignored.
    pub(super) switches: BTreeMap<String, Option<bool>>,
    /// The plugins among them for which this is stored for all later starts.
    pub(super) kept: Vec<(String, Option<bool>)>,
    pub(super) instead: Instead,
}

impl ReloadRequest {
    /// A request to read everything again.
    pub(super) fn of_all(switches: BTreeMap<String, Option<bool>>) -> Self {
        Self {
            only: None,
            switches,
            kept: Vec::new(),
            instead: Instead::Nothing,
        }
    }
}

/// How a plugin is turned on or off.
#[derive(Debug, Clone, Copy)]
pub(super) struct Switch {
    pub(super) enabled: bool,
    /// Whether the plugins that need it are turned off with it.
    pub(super) cascade: bool,
    /// Whether this is stored for all later starts.
    pub(super) is_kept: bool,
}

impl SupervisorState {
    /// The request that lets config decide again whether a plugin is on; with `None`, for every
    /// plugin that an operator turned on or off.
    pub(super) fn reset(&self, plugin: Option<&str>) -> Result<ReloadRequest, OperationError> {
        let configured = self.kernel.configured();
        let mut switches = configured.sources.switches().clone();
        let noted = Overrides::read(&self.kernel.data_dir);
        let noted = noted.map_err(|error| {
            OperationError::Unreadable(format!("can't read `overrides.yaml`: {error}"))
        })?;
        let mut names = noted.sections();
        names.extend(switches.keys().cloned());
        if let Some(plugin) = plugin {
            names.retain(|name| name == plugin);
            if names.is_empty() {
                self.of_build(plugin)?;
            }
        }
        let known = configured.settings.instances().map(|(_, one)| one.name());
        let only = known.filter(|known| names.contains(*known));
        let only = only.map(str::to_owned).collect();
        let kept: Vec<_> = names.into_iter().map(|name| (name, None)).collect();
        switches.extend(kept.iter().cloned());
        Ok(ReloadRequest {
            only: Some(only),
            switches,
            kept,
            instead: Instead::Nothing,
        })
    }

    /// The request of an operation that turns a plugin on or off.
    pub(super) fn switch(
        &self,
        plugin: &str,
        Switch {
            enabled,
            cascade,
            is_kept,
        }: Switch,
    ) -> Result<ReloadRequest, OperationError> {
        let configured = self.kernel.configured();
        // Only after config is read again is it known whether it names a labelled instance.
        let name = match InstanceName::of(plugin).label {
            Some(_) => self.of_build(plugin).ok(),
            None => Some(self.of_build(plugin)?),
        };
        let mut changed = vec![plugin.to_owned()];
        let there = self.kernel.instances().find(plugin).to_vec();
        if let Some(name) = name.filter(|_| enabled && there.is_empty()) {
            self.loaded_needs(name)?;
        }
        if !enabled {
            let dependents = self.kernel.dependents(&there);
            if let Some(first) = there.first().filter(|_| !dependents.is_empty() && !cascade) {
                return Err(OperationError::Required {
                    plugin: first.section(),
                    by: names(&dependents),
                });
            }
            changed.extend(dependents.iter().map(|one| one.section().to_owned()));
            changed.dedup();
        }
        let mut switches = configured.sources.switches().clone();
        let switch = |name: &String| (name.clone(), Some(enabled));
        switches.extend(changed.iter().map(switch));
        let kept = if is_kept { &changed[..] } else { &[] };
        let kept = kept.iter().map(switch).collect();
        // An instance that is loaded already is not changed, whatever its file says now.
        let is_there = enabled && !there.is_empty();
        Ok(ReloadRequest {
            only: Some(if is_there { Vec::new() } else { changed }),
            switches,
            kept,
            instead: Instead::Nothing,
        })
    }
}
