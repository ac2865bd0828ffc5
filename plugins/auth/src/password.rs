//! Passwords as argon2id hashes in PHC format.
//!
//! Hashing takes memory and time on purpose: it runs on threads of its own, as many at once as
//! there are processors.

use std::sync::Arc;

use argon2::password_hash::Error as HashError;
use argon2::{Argon2, PasswordHash, PasswordHasher, PasswordVerifier};
use plugin_core::{Error, Result};
use tokio::sync::Semaphore;

/// Longest password, in bytes: nobody types more, and hashing it is not free.
const LONGEST: usize = 1024;

/// Hashes and verifies passwords.
#[derive(Debug)]
pub(crate) struct Passwords {
    slots: Arc<Semaphore>,
    /// Hash of a password that nobody knows: verified in place of one that is not there.
    decoy: String,
}

impl Passwords {
    /// Makes the decoy, which takes as long as any hash.
    ///
    /// # Errors
    ///
    /// When the system has no randomness.
    pub(crate) async fn new() -> Result<Self> {
        let mut nobody_knows = [0; 32];
        getrandom::fill(&mut nobody_knows)?;
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        let slots = Arc::new(Semaphore::new(processors));
        let decoy = blocking(&slots, move || hash(&nobody_knows)).await?;
        Ok(Self { slots, decoy })
    }

    /// The hash of a password.
    ///
    /// # Errors
    ///
    /// When the password is too long.
    pub(crate) async fn hash(&self, password: &str) -> Result<String> {
        if password.len() > LONGEST {
            return Err(Error::config(format!(
                "a password has at most {LONGEST} bytes"
            )));
        }
        let password = password.as_bytes().to_owned();
        blocking(&self.slots, move || hash(&password)).await
    }

    /// Whether a password is the one of a hash. Without a hash it is not, at the same cost.
    ///
    /// # Errors
    ///
    /// When the hash is none.
    pub(crate) async fn verify(&self, password: &str, hash: Option<&str>) -> Result<bool> {
        if password.len() > LONGEST {
            return Ok(false);
        }
        let known = hash.is_some();
        let hash = hash.unwrap_or(&self.decoy).to_owned();
        let password = password.as_bytes().to_owned();
        let same = blocking(&self.slots, move || verify(&password, &hash)).await?;
        Ok(known && same)
    }
}

/// The slot goes with the work, which goes on when nobody waits for it any more.
async fn blocking<T: Send + 'static>(
    slots: &Arc<Semaphore>,
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    let slot = Arc::clone(slots).acquire_owned().await?;
    let work = move || {
        let outcome = work();
        drop(slot);
        outcome
    };
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|error| Error::bug("hashing a password").because(error))?
}

fn hash(password: &[u8]) -> Result<String> {
    let hash = Argon2::default().hash_password(password);
    Ok(hash.map_err(failed)?.to_string())
}

fn verify(password: &[u8], hash: &str) -> Result<bool> {
    let hash = PasswordHash::new(hash)
        .map_err(|error| Error::external("the hash of a password can't be read").because(error))?;
    match Argon2::default().verify_password(password, &hash) {
        Ok(()) => Ok(true),
        Err(HashError::PasswordInvalid) => Ok(false),
        Err(error) => Err(failed(error)),
    }
}

fn failed(error: HashError) -> Error {
    Error::external("hashing a password").because(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_is_known_by_its_hash_alone() {
        let passwords = Passwords::new().await.unwrap();
        let hash = passwords.hash("correct horse").await.unwrap();
        assert!(
            hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
            "{hash}"
        );
        assert!(
            passwords
                .verify("correct horse", Some(&hash))
                .await
                .unwrap()
        );
        assert!(
            !passwords
                .verify("correct horsf", Some(&hash))
                .await
                .unwrap()
        );
        assert_ne!(passwords.hash("correct horse").await.unwrap(), hash);
    }

    #[tokio::test]
    async fn without_a_hash_no_password_is_right() {
        let passwords = Passwords::new().await.unwrap();
        assert!(!passwords.verify("", None).await.unwrap());
        // The same parameters: the same work.
        let parameters = |hash: &str| hash.split('$').take(4).collect::<String>();
        let hash = passwords.hash("correct horse").await.unwrap();
        assert_eq!(parameters(&passwords.decoy), parameters(&hash));
    }

    #[tokio::test]
    async fn an_endless_password_is_not_hashed() {
        let passwords = Passwords::new().await.unwrap();
        let endless = "a".repeat(LONGEST + 1);
        assert!(passwords.hash(&endless).await.is_err());
        assert!(!passwords.verify(&endless, None).await.unwrap());
    }

    #[tokio::test]
    async fn a_broken_hash_is_an_error_and_not_a_wrong_password() {
        let passwords = Passwords::new().await.unwrap();
        assert!(passwords.verify("a", Some("plain text")).await.is_err());
    }
}
