//! Describes where config comes from, before anything is read.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;

use serde_json::Value;

use super::generation::Generation;
use super::manager;
use super::overrides::Overrides;
use super::variables::Variables;
use crate::child_command::ChildCommand;

/// Describes where config comes from. The layers, from the lowest to the highest, are:
///
/// 1. the defaults of the types,
/// 2. [`embedded`](Sources::embedded) texts, in the order in which they were added,
/// 3. the [`manager_file`](Sources::manager_file) and the files of the
///    [`config_dir`](Sources::config_dir),
/// 4. `APP__…` variables of the [`environment`](Sources::environment),
/// 5. values that the program [`set`](Sources::set)s,
/// 6. `overrides.yaml` in the data directory: the plugins that an operator turned on or off, and
///    the values that an operator set. It also overrides every [`generation`](Sources::generation).
///
/// Sections are merged key by key. A list or any other value replaces the value of the lower
/// layers. A key that is written without a value removes the value of the lower layers, so that the
/// default applies.
///
/// Nothing is read before [`load`](super::load) is called, and only what is named here is read.
/// Even the process's environment is read only if it is added.
///
/// # Example
///
/// ```
/// use plugin_core::config::Sources;
///
/// let sources = Sources::new()
///     .embedded("manager", "plugin_manager: { max_concurrency: 4 }")
///     .environment([("APP__PLUGIN_MANAGER__TIMEOUT", "5s")])
///     .plugin_config("hello-plugin", serde_json::json!({ "message": "hi" }));
/// # let _ = sources;
/// ```
#[derive(Clone, Default)]
pub struct Sources {
    pub(super) embedded: Vec<(String, String)>,
    pub(super) manager_file: Option<ManagerFile>,
    pub(super) config_dir: Option<PathBuf>,
    pub(super) environment: Variables,
    pub(super) set: Vec<(Vec<String>, Value)>,
    /// Plugins that are on or off whatever all other sources say; `None` for plugins whose entry in
    /// `overrides.yaml` is ignored.
    pub(super) switches: BTreeMap<String, Option<bool>>,
    /// The content that replaces the content of `overrides.yaml`.
    pub(super) overrides: Option<Arc<Overrides>>,
    pub(super) generation: Option<Arc<Generation>>,
    pub(super) obeys_rollback: bool,
    /// The data directory, whatever the other sources say.
    pub(super) kept_in: Option<PathBuf>,
    /// A data directory whose path is not Unicode, so that no config text can contain it.
    pub(super) unnamed_data_dir: Option<PathBuf>,
    /// How processes of instances are started.
    pub(super) processes: Option<ChildCommand>,
}

#[derive(Debug, Clone)]
pub(super) struct ManagerFile {
    pub(super) path: PathBuf,
    pub(super) optional: bool,
}

impl Sources {
    /// No sources: every plugin gets its defaults.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets how the process of an instance is started. Without it, no instance runs in a process of
    /// its own.
    #[must_use]
    pub fn processes(mut self, command: ChildCommand) -> Self {
        self.processes = Some(command);
        self
    }

    /// Adds a text that is compiled into the program. Sections of known plugins that are not in the
    /// build are ignored. `name` is used in messages.
    #[must_use]
    pub fn embedded(mut self, name: impl Into<String>, text: impl Into<String>) -> Self {
        self.embedded.push((name.into(), text.into()));
        self
    }

    /// Reads the manager's file, which may also contain sections of plugins.
    #[must_use]
    pub fn manager_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.manager_file = Some(ManagerFile {
            path: path.into(),
            optional: false,
        });
        self
    }

    /// Reads the manager's file if it exists. A broken link counts as existing, and is an error.
    #[must_use]
    pub fn optional_manager_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.manager_file = Some(ManagerFile {
            path: path.into(),
            optional: true,
        });
        self
    }

    /// Reads every `*.yaml` and `*.yml` file of a directory, which must exist. If this method is
    /// not called, the manager's `config_dir` is read, relative to the current directory, if a
    /// manager's file is named or a layer sets the key.
    #[must_use]
    pub fn config_dir(mut self, dir: impl Into<PathBuf>) -> Self {
        self.config_dir = Some(dir.into());
        self
    }

    /// Reads the files of a generation in place of the manager's file and the `config_dir`.
    #[must_use]
    pub fn generation(mut self, generation: Generation) -> Self {
        self.generation = Some(Arc::new(generation));
        self
    }

    /// Reads the generation that [`Generations::roll_back`](super::Generations::roll_back) chose in
    /// place of the files, as long as the files do not change.
    #[must_use]
    pub fn obey_rollback(mut self) -> Self {
        self.obeys_rollback = true;
        self
    }

    /// Adds environment variables, for `APP__…` and for `${…}`. If a variable is used and its name
    /// or value is not Unicode, [`load`](super::load) reports a mistake.
    #[must_use]
    pub fn environment<K, V>(mut self, variables: impl IntoIterator<Item = (K, V)>) -> Self
    where
        K: Into<OsString>,
        V: Into<OsString>,
    {
        for (name, value) in variables {
            self.environment.add(name.into(), value.into());
        }
        self
    }

    /// Adds the environment variables of the process.
    #[must_use]
    pub fn process_environment(self) -> Self {
        self.environment(std::env::vars_os())
    }

    /// Sets a value that overrides the texts, the files and the variables. The path is a list of
    /// keys, such as `["hello-plugin", "mailbox"]`. Only `overrides.yaml`, which says of plugins
    /// whether they are `enabled`, overrides this value. `${…}` is not replaced in it.
    #[must_use]
    pub fn set<K: Into<String>>(
        mut self,
        key: impl IntoIterator<Item = K>,
        value: impl Into<Value>,
    ) -> Self {
        let key = key.into_iter().map(Into::into).collect();
        self.set.push((key, value.into()));
        self
    }

    /// Turns plugins on or off whatever all other sources say; `None` ignores the entry of a plugin
    /// in `overrides.yaml`. Replaces what an earlier call set.
    pub(crate) fn switched(mut self, switches: BTreeMap<String, Option<bool>>) -> Self {
        self.switches = switches;
        self
    }

    /// Uses this content in place of the content of `overrides.yaml`.
    pub(crate) fn overridden(mut self, overrides: Overrides) -> Self {
        self.overrides = Some(Arc::new(overrides));
        self
    }

    /// Whether a rollback is obeyed.
    pub(crate) fn obeys_rollback(&self) -> bool {
        self.obeys_rollback
    }

    /// Reads the files even if a rollback replaces them.
    pub(crate) fn of_files(mut self) -> Self {
        self.obeys_rollback = false;
        self
    }

    /// Sets the data directory, whatever the other sources say about `data_dir`.
    pub(crate) fn kept_in(mut self, data_dir: PathBuf) -> Self {
        self.kept_in = Some(data_dir);
        self
    }

    pub(crate) fn switches(&self) -> &BTreeMap<String, Option<bool>> {
        &self.switches
    }

    /// Sets keys of a plugin's own config, which override all other values of these keys.
    #[must_use]
    pub fn plugin_config(self, name: impl Into<String>, config: impl Into<Value>) -> Self {
        self.set([name.into(), "config".to_owned()], config)
    }

    /// Sets the directory in which the plugins and the manager store data. If the path is not
    /// Unicode, [`load`](super::load) reports a mistake, because config is text.
    #[must_use]
    pub fn data_dir(mut self, path: impl Into<PathBuf>) -> Self {
        match path.into().into_os_string().into_string() {
            Ok(path) => self.set([manager::ROOT, "data_dir"], path),
            Err(path) => {
                self.unnamed_data_dir = Some(path.into());
                self
            }
        }
    }
}

impl std::fmt::Debug for Sources {
    /// Shows only names, because values may be secret.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let embedded: Vec<_> = self.embedded.iter().map(|(name, _)| name).collect();
        let set: Vec<_> = self.set.iter().map(|(key, _)| key.join(".")).collect();
        f.debug_struct("Sources")
            .field("embedded", &embedded)
            .field("manager_file", &self.manager_file)
            .field("config_dir", &self.config_dir)
            .field("environment", &self.environment.len())
            .field("set", &set)
            .finish()
    }
}
