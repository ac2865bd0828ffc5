//! The plugins that an operator has turned on or off for good: a file in the data directory that lies
//! over the operator's own files, which are never written to.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io;
use std::path::{Path, PathBuf};

use super::origin::Origin;
use super::reading;
use super::yaml;
use crate::owned;
use crate::regular;

/// Name of the file, in the data directory.
const FILE: &str = "overrides.yaml";

pub(super) fn path(data_dir: &Path) -> PathBuf {
    data_dir.join(FILE)
}

/// What the file held before a change.
#[derive(Debug)]
pub(crate) struct PreviousOverrides(Option<Vec<u8>>);

/// Notes that plugins are to be on or off from the next reading of config on, or that nothing is said
/// of them any more. The file is replaced as a whole, so a crash leaves the one before or this one.
///
/// # Errors
///
/// When the file can't be read or written; then nothing has changed.
pub(crate) fn write(
    data_dir: &Path,
    plugins: &[(String, Option<bool>)],
) -> io::Result<PreviousOverrides> {
    let before = read(data_dir)?;
    let mut all = parse(before.as_deref().unwrap_or_default())?;
    for (plugin, switch) in plugins {
        match switch {
            Some(enabled) => all.insert(plugin.clone(), *enabled),
            None => all.remove(plugin),
        };
    }
    let path = path(data_dir);
    if all.is_empty() {
        owned::remove(&path)?;
        return Ok(PreviousOverrides(before));
    }
    let mut text = HEAD.to_owned();
    for (plugin, enabled) in all {
        let _infallible = writeln!(text, "{plugin}:\n  enabled: {enabled}");
    }
    owned::create_dir_all(data_dir)?;
    owned::replace(&path, text.as_bytes())?;
    Ok(PreviousOverrides(before))
}

/// What the file begins with.
const HEAD: &str = "\
# Written by the operations `enable` and `disable`, which keep no comments. It goes before the config
# files: `config reset` takes lines out of it, so that these decide again.
";

/// The plugins that are noted, and whether they are on.
///
/// # Errors
///
/// When the file can't be read.
pub(crate) fn noted(data_dir: &Path) -> io::Result<BTreeMap<String, bool>> {
    parse(read(data_dir)?.as_deref().unwrap_or_default())
}

/// Which plugins `overrides.yaml` speaks of: all of them, or one, if it does.
///
/// # Errors
///
/// When it can't be read.
pub fn overridden(data_dir: &Path, plugin: Option<&str>) -> io::Result<Vec<String>> {
    let mut names: Vec<String> = noted(data_dir)?.into_keys().collect();
    names.retain(|name| plugin.is_none_or(|plugin| plugin == name));
    Ok(names)
}

/// Has config decide again whether a plugin is on, or whether each is, at the next start: for a data
/// folder that no service runs with. Says which plugins that is news for.
///
/// # Errors
///
/// When `overrides.yaml` can't be read or written.
pub fn reset_overrides(data_dir: &Path, plugin: Option<&str>) -> io::Result<Vec<String>> {
    let names = overridden(data_dir, plugin)?;
    if !names.is_empty() {
        let forgotten: Vec<_> = names.iter().map(|name| (name.clone(), None)).collect();
        write(data_dir, &forgotten)?;
    }
    Ok(names)
}

/// What the file holds, if it is there.
fn read(data_dir: &Path) -> io::Result<Option<Vec<u8>>> {
    match regular::read(&path(data_dir), reading::LARGEST as u64) {
        Err(error) if owned::is_absent(&error) => Ok(None),
        read => read.map(Some),
    }
}

/// Has the file hold what it held before a change.
///
/// # Errors
///
/// When it can't be written.
pub(crate) fn restore(
    data_dir: &Path,
    PreviousOverrides(before): PreviousOverrides,
) -> io::Result<()> {
    match before {
        Some(bytes) => owned::replace(&path(data_dir), &bytes),
        None => owned::remove(&path(data_dir)),
    }
}

/// What a text of the file says.
fn parse(text: &[u8]) -> io::Result<BTreeMap<String, bool>> {
    let text = String::from_utf8_lossy(text);
    let root = yaml::parse(&text, &Origin::file(FILE)).map_err(|_| {
        io::Error::new(
            io::ErrorKind::InvalidData,
            "it is no YAML: mend it, or remove it so that the other sources decide",
        )
    })?;
    let sections = root.map().into_iter().flatten();
    Ok(sections
        .filter_map(|(plugin, section)| {
            Some((plugin.clone(), section.get("enabled")?.to_json().as_bool()?))
        })
        .collect())
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
        let noted = || noted(&data).unwrap();
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
}
