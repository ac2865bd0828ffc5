//! `cargo xtask new-plugin NAME`: a crate of the skeleton that all plugins share, in the
//! workspace, behind a feature of the app, with a default config.

use std::fs;
use std::path::Path;

use crate::command::{root, say};

/// What a new plugin is called, in its several spellings.
struct Names {
    /// `shopping-cart`: feature and folder.
    feature: String,
    /// `plugin_shopping_cart`: the crate, as Rust names it.
    krate: String,
    /// `ShoppingCart`: the type.
    type_name: String,
}

pub(crate) fn run(name: Option<&str>) -> Result<(), String> {
    let names = Names::of(name.ok_or("usage: cargo xtask new-plugin NAME")?)?;
    let root = root();
    let folder = root.join("plugins").join(&names.feature);
    if folder.exists() {
        return Err(format!("plugins/{} is there already", names.feature));
    }
    write(&folder.join("Cargo.toml"), &names.fill(MANIFEST))?;
    write(&folder.join("src/lib.rs"), &names.fill(LIB))?;
    write(&folder.join("src/config.rs"), &names.fill(CONFIG))?;
    write(&folder.join("src/plugin.rs"), &names.fill(PLUGIN))?;
    let config = format!("config/plugins/{}-plugin.yaml", names.feature);
    write(&root.join(config), &names.fill(YAML))?;
    names.register(&root)?;
    say(&names.fill(DONE));
    Ok(())
}

impl Names {
    fn of(name: &str) -> Result<Self, String> {
        let words: Vec<&str> = name.split('-').collect();
        let good = |word: &&str| {
            word.starts_with(|first: char| first.is_ascii_lowercase())
                && word
                    .chars()
                    .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit())
        };
        if !words.iter().all(good) {
            return Err(format!(
                "`{name}` is no name: write words of a-z and 0-9 with `-` between them, such as `shopping-cart`"
            ));
        }
        let capital = |word: &&str| word[..1].to_uppercase() + &word[1..];
        Ok(Self {
            feature: name.to_owned(),
            krate: format!("plugin_{}", words.join("_")),
            type_name: words.iter().map(capital).collect(),
        })
    }

    fn fill(&self, template: &str) -> String {
        template
            .replace("{feature}", &self.feature)
            .replace("{crate}", &self.krate)
            .replace("{Type}", &self.type_name)
    }

    /// Names the crate where the workspace and the app look.
    fn register(&self, root: &Path) -> Result<(), String> {
        let feature = &self.feature;
        insert(
            &root.join("Cargo.toml"),
            "plugin-api = ",
            &format!("plugin-{feature} = {{ path = \"plugins/{feature}\" }}"),
        )?;
        let app = root.join("app/Cargo.toml");
        insert(
            &app,
            "api = [\"dep:",
            &format!("{feature} = [\"dep:plugin-{feature}\"]"),
        )?;
        insert(
            &app,
            "plugin-api = ",
            &format!("plugin-{feature} = {{ workspace = true, optional = true }}"),
        )?;
        edit(&app, |text| {
            text.replacen("\"api\"]", &format!("\"api\", \"{feature}\"]"), 1)
        })?;
        insert(
            &root.join("app/src/plugins.rs"),
            "\"api\"",
            &self.fill("    \"{feature}\" => {crate}::{Type},"),
        )
    }
}

/// Puts a line after the first that begins, blanks aside, with `after`.
fn insert(file: &Path, after: &str, line: &str) -> Result<(), String> {
    edit(file, |text| {
        let mut lines: Vec<&str> = text.lines().collect();
        match lines
            .iter()
            .position(|other| other.trim_start().starts_with(after))
        {
            Some(at) => lines.insert(at + 1, line),
            None => return text.to_owned(),
        }
        lines.join("\n") + "\n"
    })
}

fn edit(file: &Path, change: impl FnOnce(&str) -> String) -> Result<(), String> {
    let fault = |error| format!("{}: {error}", file.display());
    let before = fs::read_to_string(file).map_err(fault)?;
    let after = change(&before);
    if after == before {
        return Err(format!(
            "{}: the place to name the new plugin was not found: add it by hand",
            file.display()
        ));
    }
    fs::write(file, after).map_err(fault)
}

fn write(file: &Path, text: &str) -> Result<(), String> {
    let fault = |error| format!("{}: {error}", file.display());
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder).map_err(fault)?;
    }
    fs::write(file, text).map_err(fault)
}

const MANIFEST: &str = r#"[package]
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

const LIB: &str = r"//! What {feature} does.

#![forbid(unsafe_code)]

mod config;
mod plugin;

pub use config::{Type}Config;
pub use plugin::{Type};
";

const CONFIG: &str = r"//! Settings of `{feature}-plugin`.

use plugin_core::prelude::*;

/// Settings of `{feature}-plugin`.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct {Type}Config {
    /// What to say when a user logs in.
    pub message: String,
}
";

const PLUGIN: &str = r#"//! The plugin: says something when a user logs in.

use plugin_contracts::UserLogin;
use plugin_core::prelude::*;

use crate::config::{Type}Config;

/// Says something when a user logs in.
#[derive(Debug)]
pub struct {Type} {
    config: {Type}Config,
}

/// Says something when a user logs in.
#[plugin(name = "{feature}-plugin")]
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

const YAML: &str = r#"{feature}-plugin:
  name: "{feature}-plugin"
  config:
    message: "hello from {feature}"
"#;

const DONE: &str = "\
made plugins/{feature} and config/plugins/{feature}-plugin.yaml, behind the feature `{feature}`
next:
  cargo run -- explain {feature}-plugin
  cargo run -- run --events demo/day.ndjson
  $EDITOR plugins/{feature}/src/plugin.rs";
