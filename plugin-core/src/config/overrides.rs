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

/// Notes that plugins are to be on or off, from the next reading of config on. The file is replaced
/// as a whole, so a crash leaves the one before or this one.
///
/// # Errors
///
/// When the file can't be read or written; then nothing has changed.
pub(crate) fn write(
    data_dir: &Path,
    plugins: &[(&'static str, bool)],
) -> io::Result<PreviousOverrides> {
    let path = path(data_dir);
    let before = match regular::read(&path, reading::LARGEST as u64) {
        Ok(bytes) => Some(bytes),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(error),
    };
    let mut all = parse(before.as_deref().unwrap_or_default())?;
    let changed = plugins
        .iter()
        .map(|(plugin, on)| ((*plugin).to_owned(), *on));
    all.extend(changed);
    let mut text = String::from(
        "# Written by the operations `enable` and `disable`; without this file, config decides.\n",
    );
    for (plugin, enabled) in all {
        let _infallible = writeln!(text, "{plugin}:\n  enabled: {enabled}");
    }
    owned::create_dir_all(data_dir)?;
    owned::replace(&path, text.as_bytes())?;
    Ok(PreviousOverrides(before))
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
        let first = write(&data, &[("a", false), ("b", true)]).unwrap();
        let second = write(&data, &[("a", true)]).unwrap();
        let noted = || parse(&fs::read(path(&data)).unwrap()).unwrap();
        assert_eq!(noted(), [("a".into(), true), ("b".into(), true)].into());
        restore(&data, second).unwrap();
        assert_eq!(noted(), [("a".into(), false), ("b".into(), true)].into());
        restore(&data, first).unwrap();
        assert!(!path(&data).exists());
    }
}
