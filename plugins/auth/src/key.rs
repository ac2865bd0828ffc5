//! The key that signs tokens: from the config, or created once and kept in a file.

use std::fs::{self, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use plugin_core::config::Secret;
use plugin_core::counted;
use plugin_core::{Error, ErrorExt, Result, owned, regular};

/// Shortest key in bytes: as long as the output of the hash.
pub(crate) const SHORTEST: usize = 32;

/// The key from the config; otherwise the key from the file, which is created if it does not exist.
///
/// # Errors
///
/// Returns an error if the key is too short, or if the file can't be read, is accessible to other
/// users, or contains no key.
pub(crate) fn load(configured: Option<&Secret>, file: &Path) -> Result<Vec<u8>> {
    let Some(secret) = configured else {
        return keep(file).context(format!("key of tokens in `{}`", file.display()));
    };
    let key = secret.expose().as_bytes().to_owned();
    if key.len() < SHORTEST {
        return Err(Error::config(format!(
            "`secret` has {}, and needs {SHORTEST}: write one from `openssl rand -base64 32`, or none",
            counted(key.len(), "byte")
        )));
    }
    Ok(key)
}

fn keep(file: &Path) -> Result<Vec<u8>> {
    let open = regular::open(file, OpenOptions::new().read(true));
    match open.and_then(io::read_to_string) {
        Ok(text) => {
            check_private(file)?;
            let key = STANDARD.decode(text.trim()).unwrap_or_default();
            if key.len() < SHORTEST {
                return Err(Error::config(
                    "it is damaged: delete it, and all tokens end",
                ));
            }
            Ok(key)
        }
        Err(error) if error.kind() == ErrorKind::NotFound => make(file),
        Err(error) => Err(error).config(),
    }
}

/// It is written to a temporary file and renamed, so that a crash leaves no incomplete key.
fn make(file: &Path) -> Result<Vec<u8>> {
    let mut key = vec![0; SHORTEST];
    getrandom::fill(&mut key)?;
    let draft = file.with_extension("new");
    let mut options = owned::options();
    options.write(true).create(true).truncate(true);
    let mut open = regular::open(&draft, &mut options).config()?;
    open.write_all(STANDARD.encode(&key).as_bytes())
        .retriable()?;
    open.sync_all().retriable()?;
    fs::rename(&draft, file).retriable()?;
    Ok(key)
}

#[cfg(unix)]
fn check_private(file: &Path) -> Result<()> {
    use std::os::unix::fs::PermissionsExt;

    let mode = fs::metadata(file).config()?.permissions().mode();
    if mode & 0o077 == 0 {
        return Ok(());
    }
    Err(Error::config(
        "others may read it: `chmod 600` it, or delete it if they may have, and all tokens end",
    ))
}

#[cfg(not(unix))]
fn check_private(_: &Path) -> Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_made_once() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("token.key");
        let key = load(None, &file).unwrap();
        assert_eq!(key.len(), SHORTEST);
        assert_eq!(load(None, &file).unwrap(), key);
        let other = load(None, &directory.path().join("other.key")).unwrap();
        assert_ne!(other, key);
    }

    #[test]
    fn a_configured_key_is_taken_and_no_file_made() {
        let file = Path::new("/no/such/directory/token.key");
        let secret = Secret::from("0123456789abcdef0123456789abcdef");
        assert_eq!(
            load(Some(&secret), file).unwrap(),
            secret.expose().as_bytes()
        );
        assert!(load(Some(&Secret::from("short")), file).is_err());
    }

    #[test]
    fn a_damaged_key_is_not_used() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("token.key");
        load(None, &file).unwrap();
        fs::write(&file, "AAAA").unwrap();
        assert!(
            load(None, &file)
                .unwrap_err()
                .to_string()
                .contains("damaged")
        );
    }

    #[cfg(unix)]
    #[test]
    fn a_key_is_its_owners_alone() {
        use std::os::unix::fs::PermissionsExt;

        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("token.key");
        load(None, &file).unwrap();
        assert_eq!(
            fs::metadata(&file).unwrap().permissions().mode() & 0o777,
            0o600
        );
        fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
        assert!(
            load(None, &file)
                .unwrap_err()
                .to_string()
                .contains("chmod 600")
        );
    }
}
