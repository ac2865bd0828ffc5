//! The directories to watch, so that no change of a file is missed.
//!
//! A file itself is never watched: if another file is renamed to its path, the watch would stay on
//! the old one. Changes of a file are visible in the directory that contains it, which also reports
//! its own removal, and in the directory of each link on the way.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use plugin_core::config::ConfigFiles;

/// Longest chain of links.
const LINKS: usize = 16;

/// Directories by their paths, with the present identity of each.
pub(crate) type Places = BTreeMap<PathBuf, Identity>;

/// Distinguishes a directory from another one that replaces it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Identity(u64, u64);

impl Identity {
    fn of(path: &Path) -> Option<Self> {
        let metadata = fs::metadata(path).ok().filter(fs::Metadata::is_dir)?;
        #[cfg(unix)]
        let identity = {
            use std::os::unix::fs::MetadataExt;
            Self(metadata.dev(), metadata.ino())
        };
        #[cfg(not(unix))]
        let identity = {
            let created = metadata.created().ok();
            let since = created.and_then(|time| time.duration_since(std::time::UNIX_EPOCH).ok());
            Self(since.map_or(0, |since| since.as_micros() as u64), 0)
        };
        Some(identity)
    }
}

/// The existing directories of config files.
pub(crate) fn of(files: &ConfigFiles) -> Places {
    let mut places = Places::new();
    if let Some(dir) = files.config_dir() {
        // A file in the directory stands for those that do not exist yet.
        follow(&absolute(dir).join("*"), LINKS, &mut places);
    }
    for path in files.manager_file().into_iter().chain(files.paths()) {
        follow(&absolute(path), LINKS, &mut places);
    }
    places
}

fn follow(path: &Path, links: usize, places: &mut Places) {
    around(path, places);
    for step in path.ancestors() {
        let (Ok(target), Some(parent)) = (fs::read_link(step), step.parent()) else {
            continue;
        };
        around(step, places);
        if links > 0 {
            follow(&parent.join(target), links - 1, places);
        }
    }
}

/// Adds the directory of a file; if it does not exist, adds the nearest existing one above.
fn around(path: &Path, places: &mut Places) {
    let mut above = path.ancestors().skip(1);
    let there = above.find_map(|dir| Some((dir.to_owned(), Identity::of(dir)?)));
    places.extend(there);
}

fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}
