//! The path of the socket, and how both ends pass it to the system.

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// Name of the plugin, and therefore of its directory below the manager's data folder.
pub(crate) const PLUGIN: &str = "admin-plugin";

/// Name of the socket in it.
pub(crate) const SOCKET: &str = "admin.sock";

/// Longest path of a socket that the system accepts, in bytes: one of the 108 bytes is the
/// terminator.
const LONGEST: usize = 107;

/// Calls `act` with the path of a socket. If the path is too long for the system, a path through
/// its open directory is used instead. So both ends can use the socket, however long the path of
/// the data folder is.
pub(crate) fn with<T>(socket: &Path, act: impl FnOnce(&Path) -> io::Result<T>) -> io::Result<T> {
    let (Some(dir), Some(name)) = (socket.parent(), socket.file_name()) else {
        return act(socket);
    };
    if socket.as_os_str().as_bytes().len() <= LONGEST {
        return act(socket);
    }
    let dir = File::open(dir)?;
    let short = PathBuf::from(format!("/proc/self/fd/{}", dir.as_raw_fd()));
    if !short.is_dir() {
        let bytes = socket.as_os_str().as_bytes().len();
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            format!(
                "the path of a socket has {LONGEST} bytes at most, this one has {bytes}: name a \
                 data folder with a shorter path"
            ),
        ));
    }
    act(&short.join(name))
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::{UnixListener, UnixStream};

    use super::*;

    #[test]
    fn a_long_path_is_bound_and_found() {
        let root = tempfile::tempdir().unwrap();
        for depth in [1, 10] {
            let dir = root.path().join("a-folder-of-some-length/".repeat(depth));
            std::fs::create_dir_all(&dir).unwrap();
            let socket = dir.join(SOCKET);
            let _listener = with(&socket, |path| UnixListener::bind(path)).unwrap();
            assert!(socket.exists());
            assert!(with(&socket, |path| UnixStream::connect(path)).is_ok());
        }
    }
}
