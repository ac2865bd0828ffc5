//! `cargo xtask new-plugin NAME`: a crate of the skeleton that all plugins share, in the
//! workspace, behind a feature of the app, with a default config.
//!
//! Invariant: nothing is written before all that is to be written is known, so that a workspace
//! without the places to name the plugin stays as it is.

mod names;
mod templates;

use std::fs;
use std::path::{Path, PathBuf};

use crate::command::{root, say};
use names::Names;

/// A file and what it is to hold.
type Text = (PathBuf, String);

pub(crate) fn run(name: Option<&str>) -> Result<(), String> {
    let names = Names::of(name.ok_or("usage: cargo xtask new-plugin NAME")?)?;
    let root = root();
    if root.join("plugins").join(&names.feature).exists() {
        return Err(format!("plugins/{} is there already", names.feature));
    }
    let mut files = created(&root, &names);
    files.extend(registered(&root, &names)?);
    for (file, text) in files {
        write(&file, &text)?;
    }
    say(&names.fill(templates::DONE));
    Ok(())
}

/// The files of the crate, and its config.
fn created(root: &Path, names: &Names) -> Vec<Text> {
    let folder = root.join("plugins").join(&names.feature);
    let config = format!("config/plugins/{}.yaml", names.plugin);
    [
        (folder.join("Cargo.toml"), templates::MANIFEST),
        (folder.join("src/lib.rs"), templates::LIB),
        (folder.join("src/config.rs"), templates::CONFIG),
        (folder.join("src/plugin.rs"), templates::PLUGIN),
        (root.join(config), templates::YAML),
    ]
    .map(|(file, template)| (file, names.fill(template)))
    .into()
}

/// The files of the workspace and the app, with the crate named in them.
fn registered(root: &Path, names: &Names) -> Result<Vec<Text>, String> {
    let workspace = edited(root.join("Cargo.toml"), |text| {
        let line = names.fill("plugin-{feature} = { path = \"plugins/{feature}\" }");
        insert(text, "plugin-api = ", &line)
    })?;
    let app = edited(root.join("app/Cargo.toml"), |text| {
        let feature = names.fill("{feature} = [\"dep:plugin-{feature}\"]");
        let dependency = names.fill("plugin-{feature} = { workspace = true, optional = true }");
        let text = insert(text, "api = [\"dep:", &feature)?;
        let text = insert(&text, "plugin-api = ", &dependency)?;
        turn_on(&text, &names.feature)
    })?;
    let composed = edited(root.join("app/src/plugins.rs"), |text| {
        let line = names.fill("    \"{feature}\" => {crate}::{Type},");
        insert(text, "\"api\"", &line)
    })?;
    Ok(vec![workspace, app, composed])
}

fn edited(file: PathBuf, edit: impl FnOnce(&str) -> Option<String>) -> Result<Text, String> {
    let name = file.display();
    let before = fs::read_to_string(&file).map_err(|error| format!("{name}: {error}"))?;
    let Some(after) = edit(&before) else {
        return Err(format!(
            "{name}: the line of `api`, behind which a new plugin is named, was not found; nothing was written"
        ));
    };
    Ok((file, after))
}

/// The text with a line behind the first that begins, blanks aside, with `after`.
fn insert(text: &str, after: &str, line: &str) -> Option<String> {
    let mut lines: Vec<&str> = text.lines().collect();
    let at = lines
        .iter()
        .position(|other| other.trim_start().starts_with(after))?;
    lines.insert(at + 1, line);
    Some(lines.join("\n") + "\n")
}

/// The manifest with a feature at the end of the default ones.
fn turn_on(manifest: &str, feature: &str) -> Option<String> {
    let list = manifest
        .lines()
        .find(|line| line.starts_with("default = ["))?;
    let open = list.strip_suffix(']')?;
    let gap = if open.ends_with('[') { "" } else { ", " };
    Some(manifest.replacen(list, &format!("{open}{gap}\"{feature}\"]"), 1))
}

fn write(file: &Path, text: &str) -> Result<(), String> {
    let fault = |error| format!("{}: {error}", file.display());
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder).map_err(fault)?;
    }
    fs::write(file, text).map_err(fault)
}

#[cfg(test)]
mod tests {
    use super::{insert, root, turn_on};

    #[test]
    fn a_line_comes_behind_its_neighbour() {
        assert_eq!(
            insert("a\n  b = 1\nc\n", "b", "x").unwrap(),
            "a\n  b = 1\nx\nc\n"
        );
        assert_eq!(insert("a\n", "b", "x"), None);
    }

    #[test]
    fn features_are_turned_on_one_after_the_other() {
        let one = turn_on("default = []\napi = []\n", "api").unwrap();
        assert_eq!(one, "default = [\"api\"]\napi = []\n");
        let two = turn_on(&one, "weather").unwrap();
        assert!(
            two.starts_with("default = [\"api\", \"weather\"]\n"),
            "{two}"
        );
    }

    #[test]
    fn the_workspace_has_the_places_for_two_plugins_more() {
        for name in ["weather", "order-service"] {
            let names = super::Names::of(name).unwrap();
            assert_eq!(super::registered(&root(), &names).unwrap().len(), 3);
        }
    }
}
