//! The error of reading or writing a file.

use std::fmt;
use std::io;
use std::path::PathBuf;

use crate::counted::counted;
use crate::permission::PermissionDenied;

/// The reason why a file was not read or written.
#[derive(Debug)]
#[non_exhaustive]
pub enum FileError {
    /// The plugin does not have the right.
    Denied(PermissionDenied),
    /// The path leads out of the directory that the plugin was granted.
    Outside {
        /// The path.
        path: PathBuf,
    },
    /// The file has, or would have, more bytes than allowed.
    TooLarge {
        /// The path.
        path: PathBuf,
        /// The limit.
        limit: u64,
    },
    /// It is a directory, a pipe, a socket or a device.
    NotRegular {
        /// The path.
        path: PathBuf,
    },
    /// The plugin has as many open files as it may have.
    TooManyOpen {
        /// The limit.
        limit: usize,
    },
    /// The operating system returned an error.
    Io {
        /// The path.
        path: PathBuf,
        /// The error of the operating system.
        source: io::Error,
    },
}

impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Denied(denied) => denied.fmt(f),
            Self::Outside { path } => write!(
                f,
                "`{}` leads out of the plugin's directory: write a path below it, without a leading `/` and without `..`",
                path.display()
            ),
            Self::TooLarge { path, limit } => write!(
                f,
                "file `{}` has more than the {limit} bytes that are allowed",
                path.display()
            ),
            Self::NotRegular { path } => write!(
                f,
                "`{}` is no regular file: directories, pipes, sockets and devices are neither read nor written",
                path.display()
            ),
            Self::TooManyOpen { limit } => write!(
                f,
                "the plugin has {} open, as many as `resources.file_handles` allows",
                counted(*limit, "file")
            ),
            Self::Io { path, .. } => write!(f, "file `{}`", path.display()),
        }
    }
}

impl std::error::Error for FileError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io { source, .. } => Some(source),
            Self::Denied(_)
            | Self::Outside { .. }
            | Self::TooLarge { .. }
            | Self::NotRegular { .. }
            | Self::TooManyOpen { .. } => None,
        }
    }
}

impl From<PermissionDenied> for FileError {
    fn from(denied: PermissionDenied) -> Self {
        Self::Denied(denied)
    }
}
