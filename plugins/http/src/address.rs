//! The file `address` in a plugin's data directory: it contains the address at which the plugin
//! listens now, for programs that let it choose a port.

use std::fs;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use plugin_core::{ErrorExt, Result, owned, regular};

/// The file `address` in a plugin's data directory, which contains the address at which it listens.
#[derive(Debug)]
pub struct AddressFile {
    path: PathBuf,
}

impl AddressFile {
    /// The file in a directory; it is not written yet.
    #[must_use]
    pub fn new(dir: &Path) -> Self {
        Self {
            path: dir.join("address"),
        }
    }

    /// Writes it atomically.
    ///
    /// # Errors
    ///
    /// Returns an error if the directory can't be written.
    pub fn write(&self, address: SocketAddr) -> Result<()> {
        let draft = self.path.with_extension("new");
        put(&draft, &address.to_string())
            .and_then(|()| fs::rename(&draft, &self.path))
            .context(format!("can't write `{}`", self.path.display()))
    }

    /// Removes it, unless it belongs to a successor already.
    pub fn remove(&self, address: SocketAddr) {
        let removed = fs::read_to_string(&self.path).and_then(|text| {
            if text == address.to_string() {
                fs::remove_file(&self.path)
            } else {
                Ok(())
            }
        });
        if let Err(error) = removed {
            tracing::warn!(%error, path = %self.path.display(), "can't remove the address");
        }
    }
}

/// Writes a file that only its owner can access.
fn put(path: &Path, text: &str) -> io::Result<()> {
    let mut options = owned::options();
    let mut file = regular::open(path, options.write(true).create(true).truncate(true))?;
    file.write_all(text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_removed_by_who_wrote_it() {
        let dir = tempfile::tempdir().unwrap();
        let file = AddressFile::new(dir.path());
        let [old, new] = ["127.0.0.1:1", "127.0.0.1:2"].map(|text| text.parse().unwrap());
        file.write(old).unwrap();
        file.write(new).unwrap();
        file.remove(old);
        assert_eq!(
            fs::read_to_string(dir.path().join("address")).unwrap(),
            "127.0.0.1:2"
        );
        file.remove(new);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
    }
}
