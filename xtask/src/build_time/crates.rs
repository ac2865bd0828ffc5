//! The two crates that are compared: copies, in a workspace of their own below `target`, so that
//! they can be edited.

use std::fs;
use std::path::{Path, PathBuf};

use super::at;
use crate::command::root;

/// The workspace of the copies.
pub(super) struct Crates {
    pub(super) folder: PathBuf,
    pub(super) by_hand: Twin,
    pub(super) plugin: Twin,
    /// What the watched compilers write down.
    pub(super) log: PathBuf,
}

/// One of the two.
pub(super) struct Twin {
    pub(super) package: &'static str,
    /// Its root module, as it was copied.
    lib: PathBuf,
    text: String,
}

/// What an edit changes: a text in the body of a handler, which both have.
const EDITED: &str = "user logged in";

impl Crates {
    /// Copies the crates.
    pub(super) fn make() -> Result<Self, String> {
        let (root, folder) = (root(), root().join("target/build-time"));
        let made = |name: &str, from: &str, package| {
            let to = folder.join(name);
            copy(&root.join(from).join("src"), &to.join("src"))?;
            let manifest = "Cargo.toml";
            write(&to.join(manifest), &read(&root.join(from).join(manifest))?)?;
            Twin::new(package, &to)
        };
        let crates = Self {
            by_hand: made("by-hand", "benches/by-hand", "hello-by-hand")?,
            plugin: made("plugin", "plugins/hello", "plugin-hello")?,
            log: folder.join("rustc.log"),
            folder: folder.clone(),
        };
        let manifest = read(&root.join("Cargo.toml"))?;
        write(&folder.join("Cargo.toml"), &workspace(&manifest))?;
        let lock = "Cargo.lock";
        write(&folder.join(lock), &read(&root.join(lock))?)?;
        Ok(crates)
    }

    pub(super) fn twins(&self) -> impl Iterator<Item = &Twin> {
        [&self.by_hand, &self.plugin].into_iter()
    }
}

/// The manifest of our workspace, as that of the copies: same versions, lints and profiles.
fn workspace(manifest: &str) -> String {
    let lines = manifest.lines().filter_map(|line| match line {
        _ if line.starts_with("default-members") => None,
        _ if line.starts_with("members") => Some(r#"members = ["by-hand", "plugin"]"#.to_owned()),
        _ => Some(line.replace("path = \"", "path = \"../../")),
    });
    lines.map(|line| line + "\n").collect()
}

impl Twin {
    fn new(package: &'static str, folder: &Path) -> Result<Self, String> {
        let lib = folder.join("src/lib.rs");
        let text = read(&lib)?;
        if !text.contains(EDITED) {
            return Err(format!(
                "{}: `{EDITED}` is not there to edit",
                lib.display()
            ));
        }
        Ok(Self { package, lib, text })
    }

    /// Changes the crate a little, and so that each round has a text of its own.
    pub(super) fn edit(&self, round: usize) -> Result<(), String> {
        let edited = format!("{EDITED}, {round}");
        write(&self.lib, &self.text.replacen(EDITED, &edited, 1))
    }
}

fn copy(from: &Path, to: &Path) -> Result<(), String> {
    for entry in fs::read_dir(from).map_err(|error| at(from, &error))? {
        let path = entry.map_err(|error| at(from, &error))?.path();
        let Some(name) = path.file_name() else {
            continue;
        };
        if path.is_dir() {
            copy(&path, &to.join(name))?;
        } else {
            write(&to.join(name), &read(&path)?)?;
        }
    }
    Ok(())
}

fn read(file: &Path) -> Result<String, String> {
    fs::read_to_string(file).map_err(|error| at(file, &error))
}

fn write(file: &Path, text: &str) -> Result<(), String> {
    let folder = file.parent().unwrap_or(file);
    fs::create_dir_all(folder)
        .and_then(|()| fs::write(file, text))
        .map_err(|error| at(file, &error))
}

#[cfg(test)]
mod tests {
    use super::workspace;

    #[test]
    fn the_workspace_of_the_copies_has_the_same_dependencies() {
        let manifest = "[workspace]\nmembers = [\"app\"]\ndefault-members = [\"app\"]\n\
                        core = { path = \"core\", version = \"1\" }\ntokio = \"1\"\n";
        let copied = "[workspace]\nmembers = [\"by-hand\", \"plugin\"]\n\
                      core = { path = \"../../core\", version = \"1\" }\ntokio = \"1\"\n";
        assert_eq!(workspace(manifest), copied);
    }
}
