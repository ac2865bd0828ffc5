//! The socket and the lock beside it.
//!
//! Invariant: whoever binds the socket holds the lock, so that a socket that is there
//! before it is bound is nobody's, and no service takes that of another.

use std::fs::{self, File, Permissions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::net::IpAddr;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::path::{Path, PathBuf};

use plugin_core::{Error, ErrorExt, Result, owned, regular};
use plugin_http::Listener;
use tokio::net::{UnixListener, UnixStream};

use crate::path::{SOCKET, with};
use crate::peer::Peer;

/// The right to serve a data folder, for as long as this lives: also a process that is killed lets
/// go of it.
#[derive(Debug)]
pub(crate) struct Lock {
    dir: PathBuf,
    _file: File,
}

impl Lock {
    /// Takes the right, and notes this process for whoever comes second.
    ///
    /// # Errors
    ///
    /// When another service has it, or the directory can't be used.
    pub(crate) fn take(dir: &Path) -> Result<Self> {
        let path = dir.join("admin.lock");
        let can_not = || format!("can't lock `{}`", path.display());
        let mut options = owned::options();
        options.read(true).write(true).create(true).truncate(false);
        let mut file = regular::open(&path, &mut options).context(can_not())?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(taken(&mut file, dir)),
            Err(TryLockError::Error(error)) => return Err(Error::config(can_not()).because(error)),
        }
        let noted = (file.set_len(0))
            .and_then(|()| file.rewind())
            .and_then(|()| writeln!(file, "{}", std::process::id()));
        noted.context(can_not())?;
        Ok(Self {
            dir: dir.to_owned(),
            _file: file,
        })
    }

    /// Listens on the socket.
    ///
    /// # Errors
    ///
    /// When it can't be made.
    pub(crate) fn listen(&self) -> Result<(Socket, Unix)> {
        let path = self.dir.join(SOCKET);
        let refused = |error: io::Error| {
            Error::config(format!("can't listen on `{}`", path.display())).because(error)
        };
        remove(&path).map_err(refused)?;
        let listener = with(&path, |path| std::os::unix::net::UnixListener::bind(path));
        let listener = listener.map_err(refused)?;
        // From here on it is removed when something fails.
        let socket = Socket { path };
        let unix = socket.open(listener);
        Ok((socket, unix.context("can't listen on the socket")?))
    }
}

fn taken(file: &mut File, dir: &Path) -> Error {
    let mut text = String::new();
    let pid = (file.take(32).read_to_string(&mut text).ok())
        .and_then(|_| text.trim().parse::<u32>().ok());
    let who = match pid {
        Some(pid) if pid == std::process::id() => "this process has it already".to_owned(),
        Some(pid) => format!("the service with the process id {pid} runs with it"),
        None => "another service runs with it".to_owned(),
    };
    let folder = dir.parent().unwrap_or(dir);
    let folder = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
    Error::config(format!(
        "the data folder `{}` is taken, {who}: stop that one, or give this one a `data_dir` of its \
         own",
        folder.display()
    ))
}

/// A socket that is there; it goes with this.
#[derive(Debug)]
pub(crate) struct Socket {
    path: PathBuf,
}

impl Socket {
    fn open(&self, listener: std::os::unix::net::UnixListener) -> io::Result<Unix> {
        fs::set_permissions(&self.path, Permissions::from_mode(0o600))?;
        listener.set_nonblocking(true)?;
        Ok(Unix(UnixListener::from_std(listener)?))
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        if let Err(error) = remove(&self.path) {
            tracing::warn!(%error, path = %self.path.display(), "can't remove the socket");
        }
    }
}

/// Removes a socket that nobody serves; anything else in its place is left alone.
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

/// A Unix socket that is listened on.
#[derive(Debug)]
pub(crate) struct Unix(UnixListener);

impl Listener for Unix {
    type Stream = UnixStream;
    type Peer = Peer;

    async fn accept(&self) -> io::Result<(UnixStream, Peer)> {
        let (stream, _) = self.0.accept().await?;
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
        let lock = Lock::take(dir.path()).unwrap();
        let (socket, unix) = lock.listen().unwrap();
        assert_eq!(mode(socket.path()), 0o600);
        let accept = async { unix.accept().await.unwrap().1 };
        let connect = UnixStream::connect(socket.path());
        let (peer, stream) = tokio::join!(accept, connect);
        assert!(stream.is_ok());
        assert_eq!(peer, Peer::own());
        drop(socket);
        assert!(!dir.path().join(SOCKET).exists());
    }

    #[tokio::test]
    async fn a_second_service_is_told_who_was_first_and_takes_nothing() {
        let root = tempfile::tempdir().unwrap();
        let dir = root.path().join("admin-plugin");
        fs::create_dir(&dir).unwrap();
        let first = Lock::take(&dir).unwrap();
        let (socket, _unix) = first.listen().unwrap();
        let lock = dir.join("admin.lock");
        for (text, who) in [
            ("", "another service"),
            ("12\n", "the process id 12 runs"),
            (&format!("{}\n", std::process::id()), "this process"),
        ] {
            fs::write(&lock, text).unwrap();
            let error = Lock::take(&dir).unwrap_err();
            assert_eq!(error.kind(), plugin_core::ErrorKind::Config);
            let text = error.to_string();
            assert!(text.contains(who), "{text}");
            assert!(
                text.contains(&format!("`{}`", root.path().display())),
                "{text}"
            );
        }
        assert!(UnixStream::connect(socket.path()).await.is_ok());
        drop(first);
        Lock::take(&dir).unwrap();
    }

    #[tokio::test]
    async fn what_a_killed_process_left_is_replaced_and_nothing_else() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(SOCKET);
        drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
        assert!(path.exists());
        let lock = Lock::take(dir.path()).unwrap();
        drop(lock.listen().unwrap());
        fs::write(&path, "mine").unwrap();
        let error = lock.listen().unwrap_err().to_string();
        assert!(error.contains("no socket is there"), "{error}");
        assert_eq!(fs::read_to_string(&path).unwrap(), "mine");
    }
}
