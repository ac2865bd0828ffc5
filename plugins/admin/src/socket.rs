//! The Unix socket.
//!
//! Invariant: the manager locks the data folder before any plugin is initialized. Therefore a
//! socket that exists before it is bound is not in use, and no service takes the socket of another
//! one.

use std::fs::{self, Permissions};
use std::io;
use std::net::IpAddr;
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use plugin_core::{Error, ErrorExt, Result};
use plugin_http::Listener;
use tokio::net::{UnixListener, UnixStream};

use crate::path::{SOCKET, with};
use crate::peer::Peer;

/// Listens on the socket in a directory.
///
/// # Errors
///
/// Returns an error if the socket can't be created.
pub(crate) fn listen(dir: &Path) -> Result<Unix> {
    let path = dir.join(SOCKET);
    let refused = |error: io::Error| {
        Error::config(format!("can't listen on `{}`", path.display())).because(error)
    };
    remove(&path).map_err(refused)?;
    let listener = with(&path, |path| std::os::unix::net::UnixListener::bind(path));
    let listener = listener.map_err(refused)?;
    // From now on, it is removed if something fails.
    let file = SocketFile {
        path: path.clone(),
        id: id(&path).map_err(refused)?,
    };
    file.open(listener).context("can't listen on the socket")
}

/// The file of a socket, which is removed when this is dropped.
#[derive(Debug)]
struct SocketFile {
    path: PathBuf,
    /// Its device and inode, because it may have been removed, and another file may be in its
    /// place.
    id: (u64, u64),
}

fn id(path: &Path) -> io::Result<(u64, u64)> {
    let metadata = fs::symlink_metadata(path)?;
    Ok((metadata.dev(), metadata.ino()))
}

impl SocketFile {
    fn open(self, listener: std::os::unix::net::UnixListener) -> io::Result<Unix> {
        fs::set_permissions(&self.path, Permissions::from_mode(0o600))?;
        listener.set_nonblocking(true)?;
        Ok(Unix(Arc::new((UnixListener::from_std(listener)?, self))))
    }

    fn is_there(&self) -> bool {
        id(&self.path).is_ok_and(|id| id == self.id)
    }

    /// Removes it, if it exists and was not replaced by another file.
    fn remove(&self) {
        if !self.is_there() {
            return;
        }
        if let Err(error) = remove(&self.path) {
            tracing::warn!(%error, path = %self.path.display(), "can't remove the socket");
        }
    }
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        self.remove();
    }
}

/// Removes a socket that no process serves. Any other file in its place is not changed.
fn remove(path: &Path) -> io::Result<()> {
    match fs::symlink_metadata(path) {
        Ok(metadata) if metadata.file_type().is_socket() => fs::remove_file(path),
        Ok(_) => Err(io::Error::new(
            io::ErrorKind::AlreadyExists,
            "something that is no socket is there: move it away",
        )),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

/// A listening Unix socket. A clone refers to the same socket; its file is removed with the last
/// clone.
#[derive(Debug, Clone)]
pub(crate) struct Unix(Arc<(UnixListener, SocketFile)>);

impl Unix {
    /// Its path.
    pub(crate) fn path(&self) -> &Path {
        &self.0.1.path
    }

    /// Whether its file is still there.
    pub(crate) fn is_there(&self) -> bool {
        self.0.1.is_there()
    }

    /// Removes its file, so that no client can find it any more.
    pub(crate) fn unlink(&self) {
        self.0.1.remove();
    }
}

impl Listener for Unix {
    type Stream = UnixStream;
    type Peer = Peer;

    async fn accept(&self) -> io::Result<(UnixStream, Peer)> {
        let (stream, _) = self.0.0.accept().await?;
        let peer = Peer(stream.peer_cred()?.uid());
        Ok((stream, peer))
    }

    fn address(&self, _: &Peer) -> Option<IpAddr> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[tokio::test]
    async fn a_socket_is_its_owner_s_and_goes_with_the_service() {
        let dir = tempfile::tempdir().unwrap();
        let unix = listen(dir.path()).unwrap();
        assert_eq!(mode(unix.path()), 0o600);
        let accept = async { unix.accept().await.unwrap().1 };
        let connect = UnixStream::connect(unix.path());
        let (peer, stream) = tokio::join!(accept, connect);
        assert!(stream.is_ok());
        assert_eq!(peer, Peer::own());
        drop(unix);
        assert!(!dir.path().join(SOCKET).exists());
    }

    #[tokio::test]
    async fn a_socket_that_is_unlinked_takes_no_later_one_along() {
        let dir = tempfile::tempdir().unwrap();
        let before = listen(dir.path()).unwrap();
        before.unlink();
        let later = listen(dir.path()).unwrap();
        drop(before);
        assert!(later.path().exists());
    }

    #[tokio::test]
    async fn a_socket_that_somebody_removed_is_missed_and_another_one_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        let removed = listen(dir.path()).unwrap();
        assert!(removed.is_there());
        fs::remove_file(removed.path()).unwrap();
        assert!(!removed.is_there());
        let later = listen(dir.path()).unwrap();
        assert!(!removed.is_there());
        removed.unlink();
        assert!(later.is_there());
    }

    #[tokio::test]
    async fn what_a_killed_process_left_is_replaced_and_nothing_else() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(SOCKET);
        drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
        assert!(path.exists());
        drop(listen(dir.path()).unwrap());
        fs::write(&path, "mine").unwrap();
        let error = listen(dir.path()).unwrap_err().to_string();
        assert!(error.contains("no socket is there"), "{error}");
        assert_eq!(fs::read_to_string(&path).unwrap(), "mine");
    }
}
