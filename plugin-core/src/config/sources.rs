//! Where config comes from, said before anything is read.

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

/// Where config comes from. From the lowest layer to the highest, key by key:
///
/// 1. the defaults of the types,
/// 2. [`embedded`](Sources::embedded) texts, in the order they were named,
/// 3. the [`manager_file`](Sources::manager_file) and the files of the
///    [`config_dir`](Sources::config_dir),
/// 4. `APP__…` variables of the [`environment`](Sources::environment),
/// 5. what the program [`set`](Sources::set)s,
/// 6. `overrides.yaml` of the data directory: the plugins that an operator turned on or off, and
///    the values that one has set. It goes over every [`generation`](Sources::generation), too.
///
/// Sections are merged key by key; a list or any other value replaces what is below it. A key
/// that is written without a value takes away what is below it, so that the default holds.
///
/// Nothing is read before [`load`](super::load), and nothing that is not named here: not even the
/// process's environment.
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
    /// Plugins that are on or off whatever all else says, and those of which `overrides.yaml` does not
    /// count.
    pub(super) switches: BTreeMap<String, Option<bool>>,
    /// What `overrides.yaml` is to hold, in the place of what it holds.
    pub(super) overrides: Option<Arc<Overrides>>,
    pub(super) generation: Option<Arc<Generation>>,
    pub(super) obeys_rollback: bool,
    /// Where things are kept, whatever all else says.
    pub(super) kept_in: Option<PathBuf>,
    /// A directory that no text can name.
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
    /// No source at all: every plugin gets defaults.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Says how the process of an instance is started that runs in one of its own; without, none
    /// does.
    #[must_use]
    pub fn processes(mut self, command: ChildCommand) -> Self {
        self.processes = Some(command);
        self
    }

    /// Adds a text that is compiled into the program. What it says of a plugin that is known but
    /// not in the build is skipped. `name` is for messages.
    #[must_use]
    pub fn embedded(mut self, name: impl Into<String>, text: impl Into<String>) -> Self {
        self.embedded.push((name.into(), text.into()));
        self
    }

    /// Reads the manager's file. It may also hold sections of plugins.
    #[must_use]
    pub fn manager_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.manager_file = Some(ManagerFile {
            path: path.into(),
            optional: false,
        });
        self
    }

    /// Reads the manager's file if it is there. A link that leads nowhere is there, and an error.
    #[must_use]
    pub fn optional_manager_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.manager_file = Some(ManagerFile {
            path: path.into(),
            optional: true,
        });
        self
    }

    /// Reads every `*.yaml` and `*.yml` of a directory, which has to be there. Without it, the
    /// manager's `config_dir` is read, from the current directory on, if a manager's file is named
    /// or a layer sets the key.
    #[must_use]
    pub fn config_dir(mut self, dir: impl Into<PathBuf>) -> Self {
        self.config_dir = Some(dir.into());
        self
    }

    /// Reads the files of a generation in the place of the manager's file and the `config_dir`.
    #[must_use]
    pub fn generation(mut self, generation: Generation) -> Self {
        self.generation = Some(Arc::new(generation));
        self
    }

    /// Reads the generation that [`Generations::roll_back`](super::Generations::roll_back) chose in
    /// the place of the files, as long as these are as they were then.
    #[must_use]
    pub fn obey_rollback(mut self) -> Self {
        self.obeys_rollback = true;
        self
    }

    /// Adds environment variables, for `APP__…` and for `${…}`. One that is used and whose name or
    /// value is no Unicode is a mistake that [`load`](super::load) reports.
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

    /// Puts a value over the texts, the files and the variables: `["hello-plugin", "mailbox"]`.
    /// Only `overrides.yaml`, which says of plugins whether they are `enabled`, goes over it. `${…}`
    /// is not filled in.
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

    /// Has plugins be on or off whatever all else says, or, without a word, whatever `overrides.yaml`
    /// says; what was said before is replaced.
    pub(crate) fn switched(mut self, switches: BTreeMap<String, Option<bool>>) -> Self {
        self.switches = switches;
        self
    }

    /// Reads as if `overrides.yaml` held something else.
    pub(crate) fn overridden(mut self, overrides: Overrides) -> Self {
        self.overrides = Some(Arc::new(overrides));
        self
    }

    /// Whether a rollback is obeyed.
    pub(crate) fn obeys_rollback(&self) -> bool {
        self.obeys_rollback
    }

    /// Reads the files, whatever they are rolled back to.
    pub(crate) fn of_files(mut self) -> Self {
        self.obeys_rollback = false;
        self
    }

    /// Has things be kept in a directory whatever all else says of `data_dir`.
    pub(crate) fn kept_in(mut self, data_dir: PathBuf) -> Self {
        self.kept_in = Some(data_dir);
        self
    }

    pub(crate) fn switches(&self) -> &BTreeMap<String, Option<bool>> {
        &self.switches
    }

    /// Puts a plugin's own config, key by key, over what is read for it.
    #[must_use]
    pub fn plugin_config(self, name: impl Into<String>, config: impl Into<Value>) -> Self {
        self.set([name.into(), "config".to_owned()], config)
    }

    /// Sets where plugins and the manager keep things. A path that is no Unicode is a mistake that
    /// [`load`](super::load) reports: config is text.
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
    /// Names only: values may be secret.
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
