//! Directories and files that only the owner of the process may read and write: their modes on Unix
//! are 0700 and 0600, whatever the umask is.
//!
//! The data of a service (events, messages, tokens, logs) is private, so everything below
//! `data_dir` is created with these functions. On other systems, a new file has the permissions of
//! its directory.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

use crate::regular;

/// Creates a directory and its missing parents. Directories that exist already are not changed.
///
/// # Errors
///
/// Returns an error if it can't be created, or if the path leads to something else.
pub fn create_dir_all(path: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    (builder.create(path)).map_err(|error| not_below(path, error))
}

/// If an error occurred because a file is in place of a directory of the path, returns an error
/// that names this file; otherwise returns the error unchanged.
#[must_use]
pub fn not_below(path: &Path, error: io::Error) -> io::Error {
    let is_other = |at: &&Path| fs::metadata(at).is_ok_and(|found| !found.is_dir());
    let Some(at) = path.ancestors().find(is_other) else {
        return error;
    };
    io::Error::new(
        io::ErrorKind::NotADirectory,
        format!(
            "`{}` is a file, and no directory: move it away, or name another directory",
            at.display()
        ),
    )
}

/// Like [`create_dir_all`], and removes all permissions of other users if the directory exists
/// already. Use it for a directory that belongs only to the service, not for one that an operator
/// has chosen. A directory of another owner is not changed.
///
/// # Errors
///
/// As [`create_dir_all`].
pub fn own_dir(path: &Path) -> io::Result<()> {
    create_dir_all(path)?;
    // A process that does not own the directory can't change it, and its owner knows the reason.
    drop(close_to_others(&fs::metadata(path)?, |rights| {
        fs::set_permissions(path, rights)
    }));
    Ok(())
}

/// Options that create a file for its owner only. For an existing file, see [`own_file`].
#[must_use]
pub fn options() -> OpenOptions {
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Removes the permissions of other users on an open file, as far as the process may do that.
///
/// # Errors
///
/// Returns an error if the file's permissions can't be read.
pub fn own_file(file: &File) -> io::Result<()> {
    drop(close_to_others(&file.metadata()?, |rights| {
        file.set_permissions(rights)
    }));
    Ok(())
}

/// Replaces a file by one with the given content, for its owner only. A crash leaves either the old
/// or the new file, and perhaps a draft `.NAME.draft` beside it, which the next call overwrites.
/// Calls for one path must not overlap.
///
/// # Errors
///
/// Returns an error if the file can't be written. The old file is unchanged then.
pub fn replace(path: &Path, contents: &[u8]) -> io::Result<()> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let draft = path.with_file_name(format!(".{name}.draft"));
    let mut file = regular::open(&draft, options().write(true).create(true).truncate(true))?;
    own_file(&file)?;
    file.write_all(contents)?;
    file.sync_all()?;
    fs::rename(&draft, path)?;
    sync_dir(path.parent())
}

/// Removes a file durably: it stays removed even if the power fails afterwards. It is no error if
/// the file does not exist.
///
/// # Errors
///
/// Returns an error if the file can't be removed.
pub fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if is_absent(&error) => Ok(()),
        removed => removed.and_then(|()| sync_dir(path.parent())),
    }
}

/// Whether an error says that nothing exists at a path.
pub(crate) fn is_absent(error: &io::Error) -> bool {
    [io::ErrorKind::NotFound, io::ErrorKind::NotADirectory].contains(&error.kind())
}

/// Makes the names in a directory survive a power failure, on systems that can open a directory.
fn sync_dir(dir: Option<&Path>) -> io::Result<()> {
    #[cfg(unix)]
    if let Some(dir) = dir.filter(|dir| !dir.as_os_str().is_empty()) {
        return File::open(dir)?.sync_all();
    }
    let _unsynced = dir;
    Ok(())
}

#[cfg(unix)]
fn close_to_others(
    metadata: &fs::Metadata,
    set: impl FnOnce(fs::Permissions) -> io::Result<()>,
) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;

    let mut rights = metadata.permissions();
    if rights.mode() & 0o077 == 0 {
        return Ok(());
    }
    rights.set_mode(rights.mode() & 0o7700);
    set(rights)
}

#[cfg(not(unix))]
fn close_to_others(
    _: &fs::Metadata,
    _: impl FnOnce(fs::Permissions) -> io::Result<()>,
) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn what_is_removed_need_not_be_there() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("file");
        replace(&path, b"x").unwrap();
        let below = path.join("below");
        remove(&below).unwrap();
        for _ in 0..2 {
            remove(&path).unwrap();
            assert!(!path.exists());
        }
        assert!(remove(root.path()).is_err(), "a directory is no file");
    }

    #[test]
    fn report_a15_what_is_made_is_private_and_what_was_public_becomes_so() {
        let root = tempfile::tempdir().unwrap();
        let dir = root.path().join("data/plugins");
        create_dir_all(&dir).unwrap();
        assert_eq!([mode(&dir), mode(&root.path().join("data"))], [0o700; 2]);
        let path = dir.join("file");
        options().create(true).append(true).open(&path).unwrap();
        assert_eq!(mode(&path), 0o600);
        let above = create_dir_all(&path.join("below/it")).unwrap_err();
        let told = format!("`{}` is a file", path.display());
        assert!(above.to_string().contains(&told), "{above}");

        fs::set_permissions(&dir, fs::Permissions::from_mode(0o755)).unwrap();
        create_dir_all(&dir).unwrap();
        assert_eq!(mode(&dir), 0o755, "an operator's choice is left");
        own_dir(&dir).unwrap();
        assert_eq!(mode(&dir), 0o700);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        own_file(&File::open(&path).unwrap()).unwrap();
        assert_eq!(mode(&path), 0o600);
    }
}
