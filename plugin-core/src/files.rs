//! Files below a root directory. No path leads out of it.
//!
//! The root is an open directory, not a path: the operating system's kernel resolves every name
//! below it. Therefore neither `..` nor a symbolic link leads out, even if directories are moved
//! meanwhile. If a grant is narrowed to a directory, that directory is a root of its own.

mod operation;
#[cfg(test)]
mod tests;
mod unfinished;

pub use crate::error::FileError;

use std::fmt;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use cap_std::ambient_authority;
use cap_std::fs::Dir;

use crate::accounting::OpenFiles;
use crate::audit::{Entry, Outcome};
use crate::context::Identity;
use crate::error::{Error, Result};
use crate::permission::{Action, inside};
use crate::regular;

/// Files below a root, as far as the plugin's `permissions` allow.
///
/// Paths are relative to the root. A path that is absolute or contains `..` is refused, and so is a
/// symbolic link that leads out; a link to a place below the root is followed. Only regular files
/// are read and written: a directory, a pipe, a socket or a device immediately causes an error. New
/// files and directories belong to their owner only: files have the mode 0600, directories 0700.
///
/// The following open files count for `resources.file_handles`: the root, one file for each
/// operation in progress, and the directory to which a grant is narrowed. An operation that would
/// exceed the limit is refused.
#[derive(Clone)]
pub struct Files(Arc<FilesInner>);

struct FilesInner {
    root: Dir,
    owner: Arc<Identity>,
    /// The root.
    _open: OpenFiles,
}

impl Files {
    pub(crate) fn open(root: &Path, owner: &Arc<Identity>) -> Result<Self> {
        owner.grants().files_any()?;
        let open = open_file(owner, 1)?;
        let root = Dir::open_ambient_dir(root, ambient_authority()).map_err(|error| {
            Error::config(format!("can't open the directory `{}`", root.display())).because(error)
        })?;
        unfinished::remove_all(&root);
        Ok(Self(Arc::new(FilesInner {
            root,
            owner: Arc::clone(owner),
            _open: open,
        })))
    }

    /// Reads a whole file.
    ///
    /// # Errors
    ///
    /// Returns an error if the plugin may not read the file, if the path leads out, or if there is
    /// no such regular file.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe.
    pub async fn read(&self, path: impl AsRef<Path>) -> Result<Vec<u8>, FileError> {
        self.run(Action::Read, path.as_ref(), operation::read).await
    }

    /// Reads a whole file that has no more than `limit` bytes.
    ///
    /// # Errors
    ///
    /// As [`Files::read`], and also if the file is larger. In that case, no more than `limit` bytes
    /// are read.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe.
    pub async fn read_at_most(
        &self,
        path: impl AsRef<Path>,
        limit: u64,
    ) -> Result<Vec<u8>, FileError> {
        let path = path.as_ref();
        let read = move |dir: &Dir, path: &Path| operation::read_at_most(dir, path, limit);
        let data = self.run(Action::Read, path, read).await?;
        data.ok_or_else(|| FileError::TooLarge {
            path: path.to_owned(),
            limit,
        })
    }

    /// Writes a whole file, and creates the directories that contain it. A reader sees either the
    /// old or the new content, never a part of it, and the same is true after a crash. A crash may
    /// leave a file `.unfinished-…` beside it, which [`Files::list`] does not return and the next
    /// start removes.
    ///
    /// # Errors
    ///
    /// Returns an error if the plugin may not write the file, if the path leads out or is not a
    /// regular file, or if the disk fails.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, the file has its old content, or will get the new one.
    pub async fn write(
        &self,
        path: impl AsRef<Path>,
        data: impl Into<Vec<u8>>,
    ) -> Result<(), FileError> {
        let data = data.into();
        self.run(Action::Write, path.as_ref(), move |dir, path| {
            operation::write(dir, path, &data)
        })
        .await
    }

    /// Appends to a file, and creates the file and its directories if they do not exist.
    ///
    /// # Errors
    ///
    /// Returns an error if the plugin may not write the file, if the path leads out or is not a
    /// regular file, or if the disk fails.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, the data may still be appended later.
    pub async fn append(
        &self,
        path: impl AsRef<Path>,
        data: impl Into<Vec<u8>>,
    ) -> Result<(), FileError> {
        let data = data.into();
        self.run(Action::Write, path.as_ref(), move |dir, path| {
            operation::append(dir, path, &data)
        })
        .await
    }

    /// Removes a file. A link is removed itself, not the file that it refers to.
    ///
    /// # Errors
    ///
    /// Returns an error if the plugin may not write the file, if the path leads out, or if there is
    /// no such file.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, the file may still be removed later.
    pub async fn remove(&self, path: impl AsRef<Path>) -> Result<(), FileError> {
        self.run(Action::Write, path.as_ref(), operation::remove)
            .await
    }

    /// The names in a directory, sorted; `""` is the root.
    ///
    /// # Errors
    ///
    /// Returns an error if the plugin may not read the directory, if the path leads out, or if
    /// there is no such directory.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe.
    pub async fn list(&self, path: impl AsRef<Path>) -> Result<Vec<String>, FileError> {
        self.run(Action::Read, path.as_ref(), operation::list).await
    }

    /// Whether a file or a directory exists at this path.
    ///
    /// # Errors
    ///
    /// Returns an error if the plugin may not read it, or if the path leads out.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe.
    pub async fn exists(&self, path: impl AsRef<Path>) -> Result<bool, FileError> {
        match self
            .run(Action::Read, path.as_ref(), operation::exists)
            .await
        {
            // The granted directory does not exist either.
            Err(FileError::Io { source, .. }) if source.kind() == ErrorKind::NotFound => Ok(false),
            answer => answer,
        }
    }

    /// Runs an operation on a thread that may block, in the granted directory that contains `path`.
    async fn run<T: Send + 'static>(
        &self,
        action: Action,
        path: &Path,
        operation: impl FnOnce(&Dir, &Path) -> io::Result<T> + Send + 'static,
    ) -> Result<T, FileError> {
        let place = self.place(action, path)?;
        let open = open_file(&self.0.owner, if place.is_narrowed() { 2 } else { 1 })?;
        let files = self.clone();
        let done = tokio::task::spawn_blocking(move || {
            let _open = open;
            files.granted(&place, action).and_then(|dir| {
                let dir = dir.as_ref().unwrap_or(&files.0.root);
                operation(dir, place.below())
            })
        });
        let done = done.await.unwrap_or_else(|error| Err(error.into()));
        done.map_err(|error| self.fault(path, action, error))
    }

    /// Checks a path and finds the granted directory that contains it.
    fn place(&self, action: Action, path: &Path) -> Result<ResolvedPath, FileError> {
        let path = inside(path).ok_or_else(|| self.outside(path, action))?;
        let grants = self.0.owner.grants();
        let directory = match action {
            Action::Read => grants.file_read(&path),
            _ => grants.file_write(&path),
        }?;
        Ok(ResolvedPath {
            directory: directory.to_owned(),
            path,
        })
    }

    /// The granted directory; `None` is the root.
    fn granted(&self, place: &ResolvedPath, action: Action) -> io::Result<Option<Dir>> {
        let root = &self.0.root;
        if !place.is_narrowed() {
            return Ok(None);
        }
        if action == Action::Write {
            operation::make_dirs(root, &place.directory)?;
        }
        root.open_dir(&place.directory).map(Some)
    }

    fn fault(&self, path: &Path, action: Action, source: io::Error) -> FileError {
        // cap-std creates this error itself; errors of the operating system have a code.
        let led_out =
            source.kind() == ErrorKind::PermissionDenied && source.raw_os_error().is_none();
        if led_out {
            return self.outside(path, action);
        }
        let path = path.to_owned();
        if regular::is_other(&source) {
            return FileError::NotRegular { path };
        }
        FileError::Io { path, source }
    }

    fn outside(&self, path: &Path, action: Action) -> FileError {
        let plugin = self.0.owner.name();
        let entry = Entry::new(plugin, format!("file.{action}"), Outcome::Denied);
        let audit = self.0.owner.grants().audit();
        audit.record(entry.plugin(plugin).detail(path.to_string_lossy()));
        FileError::Outside {
            path: path.to_owned(),
        }
    }
}

fn open_file(owner: &Identity, count: usize) -> Result<OpenFiles, FileError> {
    let opened = owner.account().open_file(count);
    opened.map_err(|limit| FileError::TooManyOpen { limit })
}

impl fmt::Debug for Files {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Files({})", self.0.owner.name())
    }
}

/// A path below the root, and the granted directory that contains it.
struct ResolvedPath {
    directory: PathBuf,
    path: PathBuf,
}

impl ResolvedPath {
    /// Whether the granted directory is not the root.
    fn is_narrowed(&self) -> bool {
        !self.directory.as_os_str().is_empty()
    }

    /// The path relative to the granted directory.
    fn below(&self) -> &Path {
        match self.path.strip_prefix(&self.directory) {
            Ok(below) if below.as_os_str().is_empty() => Path::new("."),
            Ok(below) => below,
            // The directory was found by this prefix.
            Err(_) => &self.path,
        }
    }
}
