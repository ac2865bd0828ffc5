//! The files of a new plugin. `{feature}`, `{plugin}`, `{crate}` and `{Type}` are filled in.

pub(super) const MANIFEST: &str = r#"[package]
name = "plugin-{feature}"
description = "What {feature} does"
version.workspace = true
edition.workspace = true
rust-version.workspace = true
license.workspace = true
publish.workspace = true

[lints]
workspace = true

[dependencies]
plugin-contracts.workspace = true
plugin-core.workspace = true
schemars.workspace = true
serde.workspace = true
tracing.workspace = true
"#;

pub(super) const LIB: &str = r"//! What {feature} does.

#![forbid(unsafe_code)]

mod config;
mod plugin;

pub use config::{Type}Config;
pub use plugin::{Type};
";

pub(super) const CONFIG: &str = r#"//! Settings of `{plugin}`.

use plugin_core::prelude::*;

/// Settings of `{plugin}`.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct {Type}Config {
    /// What to say when a user logs in.
    pub message: String,
}

#[cfg(test)]
mod tests {
    use plugin_core::config::{unbounded, unwritable};

    use super::*;

    /// Numbers and periods have bounds, and no type is one that a file can't say well.
    #[test]
    fn a_file_can_say_all_of_it() {
        let schema = schemars::schema_for!({Type}Config);
        assert_eq!(unwritable(schema.as_value()), [""; 0]);
        assert_eq!(unbounded(schema.as_value()), [""; 0]);
    }
}
"#;

pub(super) const PLUGIN: &str = r#"//! The plugin: says something when a user logs in.

use plugin_contracts::UserLogin;
use plugin_core::prelude::*;

use crate::config::{Type}Config;

/// Says something when a user logs in.
#[derive(Debug)]
pub struct {Type} {
    config: {Type}Config,
}

/// Says something when a user logs in.
#[plugin(name = "{plugin}")]
impl {Type} {
    #[init]
    async fn init(Config(config): Config<{Type}Config>) -> Result<Self> {
        Ok(Self { config })
    }

    #[subscribe]
    fn on_login(&self, login: &UserLogin) {
        tracing::info!(user = login.user_id, "{}", self.config.message);
    }
}
"#;

pub(super) const YAML: &str = r#"{plugin}:
  name: "{plugin}"
  config:
    message: "hello from {feature}"
"#;

pub(super) const DONE: &str = "\
made plugins/{feature} and config/plugins/{plugin}.yaml, behind the feature `{feature}`
next:
  cargo run -- explain {plugin}
  APP__LOGGER_PLUGIN__CONFIG__LEVEL=info cargo run -- run --events demo/day.ndjson
  $EDITOR plugins/{feature}/src/plugin.rs";
