//! The plugins that an operator has turned on or off for good: a file in the data directory that lies
//! over the operator's own files, which are never written to.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{fs, io};

use crate::owned;

/// Name of the file, in the data directory.
const FILE: &str = "overrides.yaml";

pub(super) fn path(data_dir: &Path) -> PathBuf {
    data_dir.join(FILE)
}

/// Notes that a plugin is to be on or off, from the next reading of config on; `None` lets the other
/// sources decide again. The file is replaced as a whole, so a crash leaves the one before.
///
/// # Errors
///
/// When the file can't be read or written.
pub(crate) fn write(data_dir: &Path, plugin: &str, enabled: Option<bool>) -> io::Result<()> {
    let path = path(data_dir);
    let mut all = read(&path)?;
    match enabled {
        Some(enabled) => all.insert(plugin.to_owned(), enabled),
        None => all.remove(plugin),
    };
    if all.is_empty() {
        return match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        };
    }
    let mut text = String::from(
        "# Written by the operations `enable` and `disable`; without this file, config decides.\n",
    );
    for (plugin, enabled) in all {
        let _infallible = writeln!(text, "{plugin}:\n  enabled: {enabled}");
    }
    owned::create_dir_all(data_dir)?;
    owned::replace(&path, text.as_bytes())
}

/// What the file says now; nothing if there is none.
fn read(path: &Path) -> io::Result<BTreeMap<String, bool>> {
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(BTreeMap::new()),
        Err(error) => return Err(error),
    };
    let origin = super::origin::Origin::file(&path.to_string_lossy());
    let root = super::yaml::parse(&text, &origin).map_err(|_| {
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
    use super::*;

    #[test]
    fn each_plugin_is_noted_once_and_an_empty_file_is_none() {
        let dir = tempfile::tempdir().unwrap();
        let data = dir.path().join("data");
        write(&data, "a", Some(false)).unwrap();
        write(&data, "b", Some(true)).unwrap();
        write(&data, "a", Some(true)).unwrap();
        let noted = read(&path(&data)).unwrap();
        assert_eq!(noted, [("a".into(), true), ("b".into(), true)].into());
        write(&data, "a", None).unwrap();
        write(&data, "b", None).unwrap();
        assert!(!path(&data).exists());
        write(&data, "b", None).unwrap();
    }
}
