//! What is done in a directory, on a thread that may block.

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

/// Opens a regular file. Nothing else is waited for, as a pipe without a writer would be; what it is
/// is asked of what is open, so that nobody can put another thing into its place meanwhile.
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

/// A socket, or a pipe that nobody reads, can't even be opened.
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

/// Writes beside the file, then puts the new one in its place.
pub(super) fn write(dir: &Dir, path: &Path, data: &[u8]) -> io::Result<()> {
    let path = target(dir, path)?;
    make_parent(dir, &path)?;
    check_regular(dir, &path)?;
    let mut tries = 0;
    loop {
        tries += 1;
        match write_beside(dir, &path, data) {
            // Another process began in this directory, and took the draft for one of a crash.
            Err(error) if error.kind() == ErrorKind::NotFound && tries < TRIES => {}
            // A name came again; there will be another one.
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
    // Else a crash could leave the new name with nothing in it.
    let filled = file.write_all(data).and_then(|()| file.sync_all());
    let done = filled.and_then(|()| dir.rename(&draft, dir, path));
    done.inspect_err(|_| {
        // The first error is the one to report.
        dir.remove_file(&draft).unwrap_or_default();
    })
}

/// What is not there yet may be written.
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

/// The file that a path stands for: the end of its links, if there is a file.
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

/// Makes a directory and those it is in; they are their owner's alone.
pub(super) fn make_dirs(dir: &Dir, path: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    cap_std::fs::DirBuilderExt::mode(&mut builder, 0o700);
    match dir.create_dir_with(path, &builder) {
        // A file, or a link that leads out: to open it tells which.
        Err(error) if error.kind() == ErrorKind::AlreadyExists => dir.open_dir(path).map(drop),
        made => made,
    }
}

/// A file that is made is its owner's alone.
fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    cap_std::fs::OpenOptionsExt::mode(options, 0o600);
    options
}
