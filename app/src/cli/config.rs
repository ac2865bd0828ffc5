//! `config`: what the command line says of the config.

use std::str::FromStr;

use clap::{Args, Subcommand};
use plugin_core::lifecycle::ConfigChoice;
use serde_json::Value;

/// Look at the config.
#[derive(Debug, Subcommand)]
pub(crate) enum Config {
    /// Print a plugin's values with their origin: those in force in the running service or, if none
    /// runs, those that the next start takes. Secrets are masked.
    Show(ConfigShow),
    /// The same, or the value of one key alone.
    Get(ConfigGet),
    /// Set values in the running service, now and at each start. The config files stay as they are,
    /// and give way until `config unset`.
    Set(ConfigSet),
    /// Forget values that were set: what the files say holds again.
    Unset(ConfigUnset),
    /// List the configs that were applied, the oldest first.
    History,
    /// Tell what is different between two configs. Secrets are masked.
    Diff(ConfigDiff),
    /// Go back to a config that was applied, in the place of the files, until one of them changes. A
    /// running service takes it over at once.
    Rollback(ConfigRollback),
    /// Have config decide again: forget what `enable`, `disable`, `load`, `unload` and `config set`
    /// said. A running service does so at once.
    Reset(ConfigReset),
}

/// What to look at.
#[derive(Debug, Args)]
pub(crate) struct ConfigGet {
    /// Name of the plugin.
    pub(crate) plugin: String,
    /// The one key in its section, as `config.message`: its value is printed alone.
    pub(crate) key: Option<String>,
}

/// What to set.
#[derive(Debug, Args)]
pub(crate) struct ConfigSet {
    /// Name of the plugin.
    pub(crate) plugin: String,
    /// Keys in its section with their values, as `config.message=hi`. A value that is JSON is read
    /// as such; anything else is text.
    #[arg(value_name = "KEY=VALUE", required = true)]
    pub(crate) settings: Vec<Setting>,
    /// Say what would change, and change nothing.
    #[arg(long)]
    pub(crate) dry_run: bool,
}

/// What to forget.
#[derive(Debug, Args)]
pub(crate) struct ConfigUnset {
    /// Name of the plugin.
    pub(crate) plugin: String,
    /// Keys in its section, as `config.message`.
    #[arg(value_name = "KEY", required = true)]
    pub(crate) keys: Vec<String>,
    /// Say what would change, and change nothing.
    #[arg(long)]
    pub(crate) dry_run: bool,
}

/// A key and its value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Setting {
    pub(crate) key: String,
    pub(crate) value: Value,
}

impl FromStr for Setting {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (key, value) = text.split_once('=').ok_or("expected `KEY=VALUE`")?;
        let read = serde_json::from_str(value);
        Ok(Self {
            key: key.to_owned(),
            value: read.unwrap_or_else(|_| value.into()),
        })
    }
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
    pub(crate) old: ConfigChoice,
    /// The newer one, in the same words.
    #[arg(value_name = "B", default_value = "files")]
    pub(crate) new: ConfigChoice,
}

/// Where to go back to.
#[derive(Debug, Args)]
pub(crate) struct ConfigRollback {
    /// The number of a config that was applied, `running` for the one that was applied last, or
    /// `files` to have the files count again.
    #[arg(value_name = "N")]
    pub(crate) to: ConfigChoice,
}

/// What to show of the config.
#[derive(Debug, Args)]
pub(crate) struct ConfigShow {
    /// Name of the plugin, or `plugin_manager`.
    pub(crate) plugin: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_json_or_else_text() {
        let value = |text: &str| text.parse::<Setting>().unwrap().value;
        assert_eq!(value("a=1"), Value::from(1));
        assert_eq!(value("a=\"1\""), Value::from("1"));
        assert_eq!(value("a=[true]"), Value::from(vec![true]));
        assert_eq!(value("a=5s"), Value::from("5s"));
        assert_eq!(value("a=b=c"), Value::from("b=c"));
        assert_eq!(value("a="), Value::from(""));
        assert!("a".parse::<Setting>().is_err());
    }
}
