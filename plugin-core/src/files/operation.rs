//! The operations in a directory, which run on a thread that may block.

use std::io::{self, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

use cap_std::fs::{Dir, DirBuilder, File, OpenOptions};

use super::unfinished;
use crate::regular::{self, NotRegular};

pub(super) fn read(dir: &Dir, path: &Path) -> io::Result<Vec<u8>> {
    let mut data = Vec::new();
    open(dir, path, OpenOptions::new().read(true))?.read_to_end(&mut data)?;
    Ok(data)
}

/// `None` if the file has more than `limit` bytes.
pub(super) fn read_at_most(dir: &Dir, path: &Path, limit: u64) -> io::Result<Option<Vec<u8>>> {
    let file = open(dir, path, OpenOptions::new().read(true))?;
    let mut data = Vec::new();
    let read = file.take(limit.saturating_add(1)).read_to_end(&mut data)?;
    Ok((read as u64 <= limit).then_some(data))
}

/// Opens a regular file. It never waits, as opening a pipe without a writer would. The type is
/// checked on the open file, so that the file can't be replaced between the check and its use.
fn open(dir: &Dir, path: &Path, options: &mut OpenOptions) -> io::Result<File> {
    #[cfg(unix)]
    {
        let flags = regular::without_waiting();
        cap_std::fs::OpenOptionsExt::custom_flags(options, flags);
    }
    let file = dir.open_with(path, private(options)).map_err(special)?;
    if file.metadata()?.is_file() {
        return Ok(file);
    }
    Err(NotRegular::UNNAMED.into())
}

/// Translates the error for a socket, or for a pipe without a reader, which can't even be opened.
#[cfg(unix)]
fn special(error: io::Error) -> io::Error {
    let is_special = [rustix::io::Errno::NXIO, rustix::io::Errno::ISDIR]
        .iter()
        .any(|errno| error.raw_os_error() == Some(errno.raw_os_error()));
    if is_special {
        NotRegular::UNNAMED.into()
    } else {
        error
    }
}

#[cfg(not(unix))]
fn special(error: io::Error) -> io::Error {
    error
}

/// Writes a new file beside the old one, then replaces the old one.
pub(super) fn write(dir: &Dir, path: &Path, data: &[u8]) -> io::Result<()> {
    let path = target(dir, path)?;
    make_parent(dir, &path)?;
    check_regular(dir, &path)?;
    let mut tries = 0;
    loop {
        tries += 1;
        match write_beside(dir, &path, data) {
            // Another process started with this directory, and removed the draft as the rest of a
            // crash.
            Err(error) if error.kind() == ErrorKind::NotFound && tries < TRIES => {}
            // The name exists already; the next attempt uses another one.
            Err(error) if error.kind() == ErrorKind::AlreadyExists && tries < TRIES => {}
            done => return done,
        }
    }
}

const TRIES: u32 = 8;

fn write_beside(dir: &Dir, path: &Path, data: &[u8]) -> io::Result<()> {
    let draft = path.with_file_name(unfinished::name());
    let mut file = dir.open_with(
        &draft,
        private(OpenOptions::new().write(true).create_new(true)),
    )?;
    // Without the sync, a crash could leave an empty file with the new name.
    let filled = file.write_all(data).and_then(|()| file.sync_all());
    let done = filled.and_then(|()| dir.rename(&draft, dir, path));
    done.inspect_err(|_| {
        // The first error is reported.
        dir.remove_file(&draft).unwrap_or_default();
    })
}

/// Checks that the path is a regular file, or does not exist yet.
fn check_regular(dir: &Dir, path: &Path) -> io::Result<()> {
    match dir.symlink_metadata(path) {
        Ok(metadata) if !metadata.is_file() && !metadata.is_symlink() => {
            Err(NotRegular::UNNAMED.into())
        }
        _ => Ok(()),
    }
}

pub(super) fn append(dir: &Dir, path: &Path, data: &[u8]) -> io::Result<()> {
    make_parent(dir, path)?;
    let mut options = OpenOptions::new();
    let mut file = open(dir, path, options.append(true).create(true))?;
    file.write_all(data)
}

pub(super) fn remove(dir: &Dir, path: &Path) -> io::Result<()> {
    dir.remove_file(path)
}

pub(super) fn list(dir: &Dir, path: &Path) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in dir.read_dir(path)? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        if !unfinished::is_one(&name) {
            names.push(name);
        }
    }
    names.sort_unstable();
    Ok(names)
}

pub(super) fn exists(dir: &Dir, path: &Path) -> io::Result<bool> {
    dir.try_exists(path)
}

/// The file that a path refers to after following its links, if it exists.
fn target(dir: &Dir, path: &Path) -> io::Result<PathBuf> {
    match dir.canonicalize(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(path.to_owned()),
        found => found,
    }
}

fn make_parent(dir: &Dir, path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => make_dirs(dir, parent),
        _ => Ok(()),
    }
}

/// Creates a directory and those that contain it, with access only for their owner.
pub(super) fn make_dirs(dir: &Dir, path: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    cap_std::fs::DirBuilderExt::mode(&mut builder, 0o700);
    match dir.create_dir_with(path, &builder) {
        // It is a file, or a link that leads out; opening it shows which.
        Err(error) if error.kind() == ErrorKind::AlreadyExists => dir.open_dir(path).map(drop),
        made => made,
    }
}

/// A new file is accessible only to its owner.
fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    cap_std::fs::OpenOptionsExt::mode(options, 0o600);
    options
}
