//! The permanent changes that operators made to the running service by commands: which plugins are
//! enabled, and single values. They are stored in a file in the data directory that overrides the
//! operator's own files. Those are never changed.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Write as _};
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::node::Node;
use super::origin::Origin;
use super::reading;
use super::yaml;
use crate::owned;
use crate::regular;
use crate::timestamp::Timestamp;

/// Name of the file in the data directory.
pub(super) const FILE: &str = "overrides.yaml";

pub(super) fn path(data_dir: &Path) -> PathBuf {
    data_dir.join(FILE)
}

/// The content of the file before a change.
#[derive(Debug)]
pub(crate) struct PreviousOverrides(Option<Vec<u8>>);

/// The key in the file below which the values are stored that operators set. No plugin can have
/// this name.
pub(super) const VALUES: &str = "_values";

/// The changes of operators that are stored beside the config files.
#[derive(Clone, Default, PartialEq)]
pub(crate) struct Overrides {
    /// The plugins that are turned on or off.
    switches: BTreeMap<String, bool>,
    /// The values by their keys, such as `hello-plugin.config.message`.
    values: BTreeMap<String, SetValue>,
}

/// A value that an operator set, with the operator and the time.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct SetValue {
    pub(super) value: Value,
    pub(super) by: String,
    pub(super) at: String,
}

impl fmt::Debug for Overrides {
    /// Shows only names, because values may be secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Overrides")
            .field("switches", &self.switches)
            .field("values", &self.values.keys())
            .finish()
    }
}

impl Overrides {
    /// Reads the file.
    ///
    /// # Errors
    ///
    /// Returns an error if the file can't be read.
    pub(crate) fn read(data_dir: &Path) -> io::Result<Self> {
        Self::parse(read(data_dir)?.as_deref().unwrap_or_default())
    }

    fn parse(text: &[u8]) -> io::Result<Self> {
        let text = String::from_utf8_lossy(text);
        let root = yaml::parse(&text, &Origin::file(FILE)).map_err(|_| {
            io::Error::new(
                io::ErrorKind::InvalidData,
                "it is no YAML: mend it, or remove it so that the other sources decide",
            )
        })?;
        let mut overrides = Self::default();
        for (name, section) in root.map().into_iter().flatten() {
            if name == VALUES {
                overrides.values = values(section);
            } else if let Some(enabled) = section.get("enabled") {
                let enabled = enabled.to_json().as_bool();
                overrides
                    .switches
                    .extend(enabled.map(|it| (name.clone(), it)));
            }
        }
        Ok(overrides)
    }

    /// The new content of the file; empty if there are no changes.
    pub(super) fn text(&self) -> String {
        let mut text = String::new();
        for (plugin, enabled) in &self.switches {
            let _infallible = writeln!(text, "{plugin}:\n  enabled: {enabled}");
        }
        if !self.values.is_empty() {
            let _infallible = writeln!(text, "{VALUES}:");
        }
        for (key, value) in &self.values {
            // JSON is YAML too.
            let _infallible = writeln!(text, "  {}: {}", Value::from(&**key), json!(value));
        }
        match text.is_empty() {
            true => text,
            false => format!("{HEAD}{text}"),
        }
    }

    /// Writes the file atomically: after a crash, either the old or the new content is there.
    ///
    /// # Errors
    ///
    /// Returns an error if the file can't be read or written; nothing has changed then.
    pub(crate) fn write(&self, data_dir: &Path) -> io::Result<PreviousOverrides> {
        let before = read(data_dir)?;
        let path = path(data_dir);
        let text = self.text();
        if text.is_empty() {
            owned::remove(&path)?;
        } else {
            owned::create_dir_all(data_dir)?;
            owned::replace(&path, text.as_bytes())?;
        }
        Ok(PreviousOverrides(before))
    }

    /// Turns a plugin on or off. With `None`, removes all changes of the plugin, including its
    /// values.
    pub(crate) fn switch(&mut self, plugin: &str, switch: Option<bool>) {
        match switch {
            Some(enabled) => drop(self.switches.insert(plugin.to_owned(), enabled)),
            None => {
                self.switches.remove(plugin);
                self.values.retain(|key, _| section_of(key) != plugin);
            }
        }
    }

    /// Sets a value in the section of a plugin, with the actor that sets it. Values that were set
    /// above or below this key are removed.
    pub(crate) fn set(&mut self, plugin: &str, key: &str, value: Value, by: &str) {
        self.unset(plugin, key);
        let above = |set: &String| format!("{plugin}.{key}.").starts_with(&format!("{set}."));
        self.values.retain(|set, _| !above(set));
        let at = Timestamp::now().to_string();
        let by = by.to_owned();
        (self.values).insert(format!("{plugin}.{key}"), SetValue { value, by, at });
    }

    /// Removes the values that were set at or below a key in the section of a plugin. Returns
    /// whether there were any.
    pub(crate) fn unset(&mut self, plugin: &str, key: &str) -> bool {
        let (key, before) = (format!("{plugin}.{key}"), self.values.len());
        let below = format!("{key}.");
        (self.values).retain(|set, _| *set != key && !set.starts_with(&below));
        self.values.len() < before
    }

    /// The names of the sections that have changes.
    pub(crate) fn sections(&self) -> BTreeSet<String> {
        let values = self.values.keys().map(|key| section_of(key).to_owned());
        self.switches.keys().cloned().chain(values).collect()
    }
}

fn section_of(key: &str) -> &str {
    key.split('.').next().unwrap_or_default()
}

/// The valid values in the file. Values that are not in the form that this module writes are left
/// out.
pub(super) fn values(section: &Node) -> BTreeMap<String, SetValue> {
    let values = section.map().into_iter().flatten();
    let values = values.filter_map(|(key, value)| {
        let value = serde_json::from_value(value.to_json()).ok()?;
        Some((key.clone(), value))
    });
    values.collect()
}

/// Stores that plugins are turned on or off from the next time that config is read, or (with
/// `None`) that their changes are removed.
///
/// # Errors
///
/// Returns an error if the file can't be read or written; nothing has changed then.
pub(crate) fn write(
    data_dir: &Path,
    plugins: &[(String, Option<bool>)],
) -> io::Result<PreviousOverrides> {
    let mut overrides = Overrides::read(data_dir)?;
    for (plugin, switch) in plugins {
        overrides.switch(plugin, *switch);
    }
    overrides.write(data_dir)
}

/// The first lines of the file.
const HEAD: &str = "\
# Written by `enable`, `disable` and `config set`, which keep no comments. It goes before the config
# files: `config reset` and `config unset` take lines out of it, so that these decide again.
";

/// The sections that `overrides.yaml` contains: all of them, or only the one of `plugin`, if it is
/// there.
///
/// # Errors
///
/// Returns an error if the file can't be read.
pub fn overridden(data_dir: &Path, plugin: Option<&str>) -> io::Result<Vec<String>> {
    let names = Overrides::read(data_dir)?.sections();
    let mut names: Vec<String> = names.into_iter().collect();
    names.retain(|name| plugin.is_none_or(|plugin| plugin == name));
    Ok(names)
}

/// Removes the changes of one plugin, or of all, so that at the next start the other config decides
/// whether they are enabled. The data folder must not be in use by a running service. Returns the
/// plugins that had changes.
///
/// # Errors
///
/// Returns an error if `overrides.yaml` can't be read or written.
pub fn reset_overrides(data_dir: &Path, plugin: Option<&str>) -> io::Result<Vec<String>> {
    let names = overridden(data_dir, plugin)?;
    if !names.is_empty() {
        let forgotten: Vec<_> = names.iter().map(|name| (name.clone(), None)).collect();
        write(data_dir, &forgotten)?;
    }
    Ok(names)
}

/// The content of the file, if the file exists.
fn read(data_dir: &Path) -> io::Result<Option<Vec<u8>>> {
    match regular::read(&path(data_dir), reading::LARGEST as u64) {
        Err(error) if owned::is_absent(&error) => Ok(None),
        read => read.map(Some),
    }
}

/// Restores the content that the file had before a change.
///
/// # Errors
///
/// Returns an error if the file can't be written.
pub(crate) fn restore(
    data_dir: &Path,
    PreviousOverrides(before): PreviousOverrides,
) -> io::Result<()> {
    match before {
        Some(bytes) => owned::replace(&path(data_dir), &bytes),
        None => owned::remove(&path(data_dir)),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn each_plugin_is_noted_once_and_a_change_can_be_taken_back() {
        let dir = tempfile::tempdir().unwrap();
        let data = dir.path().join("data");
        let note = |plugins: &[(&str, Option<bool>)]| {
            let plugins = plugins.iter();
            let plugins: Vec<_> = plugins
                .map(|(name, on)| ((*name).to_owned(), *on))
                .collect();
            write(&data, &plugins).unwrap()
        };
        let first = note(&[("a", Some(false)), ("b", Some(true))]);
        let second = note(&[("a", Some(true))]);
        let noted = || Overrides::read(&data).unwrap().switches;
        assert_eq!(noted(), [("a".into(), true), ("b".into(), true)].into());
        restore(&data, second).unwrap();
        assert_eq!(noted(), [("a".into(), false), ("b".into(), true)].into());
        restore(&data, first).unwrap();
        assert!(!path(&data).exists());

        note(&[("a", Some(true)), ("b", Some(true)), ("c", Some(true))]);
        let text = fs::read_to_string(path(&data)).unwrap();
        assert!(text.starts_with("# Written by"), "{text}");
        assert_eq!(reset_overrides(&data, Some("x")).unwrap(), [""; 0]);
        assert_eq!(reset_overrides(&data, Some("b")).unwrap(), ["b"]);
        assert_eq!(reset_overrides(&data, None).unwrap(), ["a", "c"]);
        assert!(!path(&data).exists(), "nothing is said any more");
    }

    #[test]
    fn a_value_is_noted_with_who_set_it_and_goes_with_its_key_or_its_plugin() {
        let dir = tempfile::tempdir().unwrap();
        let mut overrides = Overrides::default();
        overrides.switch("a", Some(true));
        overrides.set("a", "config.list", json!([1, {"x": "- y: ${Z}"}]), "ann");
        overrides.set("a", "config.deep.er", json!("one"), "ann");
        overrides.set("b", "timeout", json!("5s"), "bob");
        overrides.write(dir.path()).unwrap();
        assert_eq!(Overrides::read(dir.path()).unwrap(), overrides);
        assert_eq!(overrides.values["b.timeout"].by, "bob");

        overrides.set("a", "config.deep", json!({"er": "two"}), "ann");
        let keys: Vec<_> = overrides.values.keys().collect();
        assert_eq!(keys, ["a.config.deep", "a.config.list", "b.timeout"]);
        overrides.set("a", "config.deep.er", json!("three"), "ann");
        assert_eq!(overrides.values.len(), 3);
        assert!(!overrides.unset("b", "time"));
        assert!(overrides.unset("b", "timeout"));
        assert!(overrides.unset("a", "config"));
        assert!(overrides.values.is_empty());
        overrides.set("a", "timeout", json!("5s"), "ann");
        overrides.switch("a", None);
        assert_eq!(overrides, Overrides::default());
    }
}
