//! What is done in a directory, on a thread that may block.

use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use cap_std::fs::{Dir, OpenOptions};

/// How the names of files begin that are not whole yet.
const UNFINISHED: &str = ".unfinished-";

pub(super) fn read(dir: &Dir, path: &Path) -> io::Result<Vec<u8>> {
    dir.read(path)
}

/// `None` if the file has more than `limit` bytes.
pub(super) fn read_at_most(dir: &Dir, path: &Path, limit: u64) -> io::Result<Option<Vec<u8>>> {
    let file = dir.open(path)?;
    let mut data = Vec::new();
    let read = file.take(limit.saturating_add(1)).read_to_end(&mut data)?;
    Ok((read as u64 <= limit).then_some(data))
}

/// Writes beside the file, then puts the new one in its place.
pub(super) fn write(dir: &Dir, path: &Path, data: &[u8]) -> io::Result<()> {
    let path = target(dir, path)?;
    make_parent(dir, &path)?;
    let unfinished = path.with_file_name(unfinished());
    let done = fill(dir, &unfinished, data).and_then(|()| dir.rename(&unfinished, dir, &path));
    done.inspect_err(|_| {
        // The first error is the one to report.
        dir.remove_file(&unfinished).unwrap_or_default();
    })
}

fn fill(dir: &Dir, path: &Path, data: &[u8]) -> io::Result<()> {
    let mut file = dir.open_with(path, OpenOptions::new().write(true).create_new(true))?;
    file.write_all(data)?;
    // Else a crash could leave the new name with nothing in it.
    file.sync_all()
}

pub(super) fn append(dir: &Dir, path: &Path, data: &[u8]) -> io::Result<()> {
    make_parent(dir, path)?;
    let mut file = dir.open_with(path, OpenOptions::new().append(true).create(true))?;
    file.write_all(data)
}

pub(super) fn remove(dir: &Dir, path: &Path) -> io::Result<()> {
    dir.remove_file(path)
}

pub(super) fn list(dir: &Dir, path: &Path) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in dir.read_dir(path)? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        if !name.starts_with(UNFINISHED) {
            names.push(name);
        }
    }
    names.sort_unstable();
    Ok(names)
}

pub(super) fn exists(dir: &Dir, path: &Path) -> io::Result<bool> {
    dir.try_exists(path)
}

/// The file that a path stands for: the end of its links, if there is a file.
fn target(dir: &Dir, path: &Path) -> io::Result<PathBuf> {
    match dir.canonicalize(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(path.to_owned()),
        found => found,
    }
}

fn make_parent(dir: &Dir, path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => make_dirs(dir, parent),
        _ => Ok(()),
    }
}

/// Makes a directory and those it is in.
pub(super) fn make_dirs(dir: &Dir, path: &Path) -> io::Result<()> {
    match dir.create_dir_all(path) {
        // A file, or a link that leads out: to open it tells which.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => dir.open_dir(path).map(drop),
        made => made,
    }
}

fn unfinished() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let number = NEXT.fetch_add(1, Relaxed);
    format!("{UNFINISHED}{}-{number}", std::process::id())
}
