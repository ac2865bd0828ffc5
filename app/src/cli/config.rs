//! `config`: what the command line says of the config.

use std::str::FromStr;

use clap::{Args, Subcommand};

/// Look at the config.
#[derive(Debug, Subcommand)]
pub(crate) enum Config {
    /// Print a plugin's effective values with their origin. Secrets are masked.
    Show(ConfigShow),
    /// List the configs that were applied, the oldest first.
    History,
    /// Tell what is different between two configs. Secrets are masked.
    Diff(ConfigDiff),
    /// Go back to a config that was applied, in the place of the files, until one of them changes. A
    /// running service takes it over at once.
    Rollback(ConfigRollback),
    /// Have config decide again whether a plugin is on: forget what `enable`, `disable`, `load` and
    /// `unload` said. A running service does so at once.
    Reset(ConfigReset),
}

/// Whose switches to forget.
#[derive(Debug, Args)]
pub(crate) struct ConfigReset {
    /// Name of the plugin; else it is all of them.
    pub(crate) plugin: Option<String>,
    /// Say what would change, and change nothing.
    #[arg(long)]
    pub(crate) dry_run: bool,
}

/// Which configs to compare.
#[derive(Debug, Args)]
pub(crate) struct ConfigDiff {
    /// The older one: the number of a config that was applied, `running` for the one that was
    /// applied last, or `files` for the files as they are now.
    #[arg(value_name = "A", default_value = "running")]
    pub(crate) old: Which,
    /// The newer one, in the same words.
    #[arg(value_name = "B", default_value = "files")]
    pub(crate) new: Which,
}

/// Where to go back to.
#[derive(Debug, Args)]
pub(crate) struct ConfigRollback {
    /// The number of a config that was applied, `running` for the one that was applied last, or
    /// `files` to have the files count again.
    #[arg(value_name = "N")]
    pub(crate) to: Which,
}

/// A config.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Which {
    /// One that was applied.
    Generation(u64),
    /// The one that was applied last.
    Running,
    /// The files as they are now.
    Files,
}

impl FromStr for Which {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "running" => Ok(Self::Running),
            "files" => Ok(Self::Files),
            number => match number.parse() {
                Ok(number) => Ok(Self::Generation(number)),
                Err(_) => {
                    Err("expected a number that `config history` lists, `running` or `files`")
                }
            },
        }
    }
}

/// What to show of the config.
#[derive(Debug, Args)]
pub(crate) struct ConfigShow {
    /// Name of the plugin, or `plugin_manager`.
    pub(crate) plugin: String,
}
