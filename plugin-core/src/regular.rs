//! Opens regular files, and refuses anything else in their place.
//!
//! Opening a FIFO waits until another program opens its other end, and data that is written to a
//! socket or a device is not stored. Therefore code that stores data in a file opens it with these
//! functions. They never wait, and they check the type of the open file, so that it can't be
//! replaced between the check and its use.

use std::fmt;
use std::fs::{File, FileType, OpenOptions};
use std::io::{self, Read as _};
use std::path::Path;

/// Opens a regular file, or creates one if the options say so.
///
/// # Errors
///
/// As [`OpenOptions::open`], and [`NotRegular`] if the path leads to something else.
///
/// # Example
///
/// ```
/// use plugin_core::{owned, regular};
///
/// # let directory = tempfile::tempdir().unwrap();
/// let mut options = owned::options();
/// options.append(true).create(true);
/// assert!(regular::open(&directory.path().join("notes"), &mut options).is_ok());
/// let error = regular::open(directory.path(), &mut options).unwrap_err();
/// assert!(regular::is_other(&error));
/// ```
pub fn open(path: &Path, options: &mut OpenOptions) -> io::Result<File> {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(options, without_waiting());
    open_with(path, options)
}

/// Like [`open`], for a file whose place only the service may choose: it refuses a symbolic link.
///
/// # Errors
///
/// As [`open`], and [`NotRegular`] also for a symbolic link.
pub fn open_own(path: &Path, options: &mut OpenOptions) -> io::Result<File> {
    #[cfg(unix)]
    {
        let flags = without_waiting() | rustix::fs::OFlags::NOFOLLOW.bits().cast_signed();
        std::os::unix::fs::OpenOptionsExt::custom_flags(options, flags);
    }
    open_with(path, options).map_err(|error| match path.is_symlink() {
        true => NotRegular {
            noun: "a symbolic link",
        }
        .into(),
        false => error,
    })
}

fn open_with(path: &Path, options: &OpenOptions) -> io::Result<File> {
    // A socket, a directory, or a FIFO without a reader can't even be opened.
    let file = options.open(path).map_err(|error| match check(path) {
        Err(other) if is_other(&other) => other,
        _ => error,
    })?;
    refuse_other(file.metadata()?.file_type())?;
    Ok(file)
}

/// Reads a whole file of at most `most` bytes.
///
/// # Errors
///
/// As [`open`], and also if the file is larger.
pub fn read(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    let file = open(path, OpenOptions::new().read(true))?;
    let mut bytes = Vec::new();
    file.take(most + 1).read_to_end(&mut bytes)?;
    if u64::try_from(bytes.len()).is_ok_and(|read| read <= most) {
        return Ok(bytes);
    }
    let what = format!("it is larger than {most} bytes");
    Err(io::Error::new(io::ErrorKind::InvalidData, what))
}

/// Checks that a path leads to a regular file or to nothing. It is for a file that other code
/// opens, such as a database library.
///
/// # Errors
///
/// Returns [`NotRegular`] if the path leads to something else, or the reason why it can't be
/// examined.
pub fn check(path: &Path) -> io::Result<()> {
    match std::fs::metadata(path) {
        Ok(metadata) => refuse_other(metadata.file_type()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

/// Whether an error says that a path leads to something other than a regular file.
#[must_use]
pub fn is_other(error: &io::Error) -> bool {
    error
        .get_ref()
        .is_some_and(|inner| inner.is::<NotRegular>())
}

fn refuse_other(kind: FileType) -> io::Result<()> {
    if kind.is_file() {
        return Ok(());
    }
    Err(NotRegular { noun: noun(kind) }.into())
}

/// The flag for opening a file without waiting.
#[cfg(unix)]
pub(crate) fn without_waiting() -> i32 {
    let flags = rustix::fs::OFlags::NONBLOCK | rustix::fs::OFlags::NOCTTY;
    flags.bits().cast_signed()
}

/// The error for a path that leads to a directory, a FIFO, a socket or a device.
#[derive(Debug)]
pub struct NotRegular {
    noun: &'static str,
}

impl NotRegular {
    /// The error without the type, where that is not determined.
    pub(crate) const UNNAMED: Self = Self {
        noun: "something else",
    };

    /// The type of the file, with its article.
    #[must_use]
    pub fn noun(&self) -> &'static str {
        self.noun
    }
}

impl fmt::Display for NotRegular {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let noun = self.noun;
        write!(
            f,
            "{noun} is there, and no regular file: move it away, or name another path"
        )
    }
}

impl std::error::Error for NotRegular {}

impl From<NotRegular> for io::Error {
    fn from(fault: NotRegular) -> Self {
        Self::new(io::ErrorKind::InvalidInput, fault)
    }
}

#[cfg(unix)]
fn noun(kind: FileType) -> &'static str {
    use std::os::unix::fs::FileTypeExt as _;
    match kind {
        kind if kind.is_dir() => "a directory",
        kind if kind.is_fifo() => "a FIFO",
        kind if kind.is_socket() => "a socket",
        _ => "a device",
    }
}

#[cfg(not(unix))]
fn noun(kind: FileType) -> &'static str {
    if kind.is_dir() {
        "a directory"
    } else {
        "a device"
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::os::unix::net::UnixListener;
    use std::path::PathBuf;
    use std::time::Duration;

    use super::*;
    use crate::owned;

    fn refuses(path: &Path, noun: &str) {
        let append = owned::options().append(true).create(true).to_owned();
        let both = owned::options()
            .append(true)
            .read(true)
            .create(true)
            .to_owned();
        let read = OpenOptions::new().read(true).to_owned();
        for mut options in [append, both, read] {
            let error = open(path, &mut options).unwrap_err();
            assert!(is_other(&error), "{path:?}: {error}");
            assert!(error.to_string().starts_with(noun), "{path:?}: {error}");
        }
        assert!(is_other(&check(path).unwrap_err()));
    }

    #[test]
    fn report_b16_nothing_but_a_regular_file_is_opened_and_nothing_is_waited_for() {
        let root = tempfile::tempdir().unwrap();
        let [fifo, socket] = ["fifo", "socket"].map(|name| root.path().join(name));
        rustix::fs::mkfifoat(rustix::fs::CWD, &fifo, 0o600.into()).unwrap();
        let _listener = UnixListener::bind(&socket).unwrap();
        std::os::unix::fs::symlink(&fifo, root.path().join("link")).unwrap();
        let link = root.path().join("link");
        let cases = [
            (fifo, "a FIFO"),
            (link, "a FIFO"),
            (socket, "a socket"),
            (root.path().to_owned(), "a directory"),
            (PathBuf::from("/dev/null"), "a device"),
        ];
        // It runs on a thread, so that the test ends even if a call waits.
        let (done, ended) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            for (path, noun) in cases {
                refuses(&path, noun);
            }
            done.send(()).unwrap();
        });
        let ended = ended.recv_timeout(Duration::from_secs(30));
        assert!(ended.is_ok(), "it waits, or opens something else");
        let absent = root.path().join("absent");
        assert!(check(&absent).is_ok());
        let error = open(&absent, OpenOptions::new().read(true)).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
        open(&absent, owned::options().append(true).create(true)).unwrap();
        assert!(check(&absent).is_ok());
    }
}
