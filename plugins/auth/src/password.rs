//! Passwords as argon2id hashes in PHC format.
//!
//! Hashing needs memory and time by design, and strangers can cause it. Therefore at most two
//! hashes are computed at the same time, a limited number waits, and further ones are refused. The
//! memory of a hash is freed after it is computed.

use std::sync::Arc;
use std::time::Duration;

use argon2::password_hash::phc::{Output, ParamsString, Salt};
use argon2::{Algorithm, Argon2, Block, Params, PasswordHash, Version};
use plugin_core::{Error, Result};
use tokio::sync::Semaphore;

/// Longest password in bytes; nobody types a longer one, and hashing it would take time.
pub(crate) const LONGEST: usize = 1024;

/// Number of hashes that are computed at the same time.
const AT_ONCE: usize = 2;

/// Number of passwords that can wait to be verified.
const WAITING: usize = 64;

/// Longest time that a password waits.
const PATIENCE: Duration = Duration::from_secs(5);

/// Number of blocks that are reserved for a hash, although fewer are used: 33 MiB. glibc gets an
/// allocation of more than 32 MiB from the system and returns it afterwards; a smaller one may stay
/// with the thread that made it, and then each thread keeps its own.
const RESERVED: usize = 33 * 1024 * 1024 / Block::SIZE;

/// Most memory of a stored hash, in blocks of 1 KiB. A hash that asks for more is not from this
/// plugin.
const MOST_BLOCKS: usize = 64 * 1024;

/// Hashes and verifies passwords.
#[derive(Debug)]
pub(crate) struct Passwords {
    slots: Arc<Semaphore>,
    /// Places for waiting passwords, including the ones that are being hashed.
    places: Semaphore,
    /// Hash of a password that nobody knows. It is verified if there is no hash.
    decoy: String,
}

impl Passwords {
    /// Creates the decoy, which takes as long as any hash.
    ///
    /// # Errors
    ///
    /// Returns an error if the system has no random numbers.
    pub(crate) async fn new() -> Result<Self> {
        let mut nobody_knows = [0; 32];
        getrandom::fill(&mut nobody_knows)?;
        let slots = Arc::new(Semaphore::new(AT_ONCE));
        let decoy = blocking(&slots, move || hash(&nobody_knows)).await?;
        let places = Semaphore::new(AT_ONCE + WAITING);
        Ok(Self {
            slots,
            places,
            decoy,
        })
    }

    /// The hash of a password.
    ///
    /// # Errors
    ///
    /// Returns an error if the password is too long.
    pub(crate) async fn hash(&self, password: &str) -> Result<String> {
        if password.len() > LONGEST {
            return Err(Error::config(format!(
                "a password has at most {LONGEST} bytes"
            )));
        }
        let password = password.as_bytes().to_owned();
        blocking(&self.slots, move || hash(&password)).await
    }

    /// Whether a password belongs to a hash. Without a hash, the answer is no, with the same amount
    /// of work.
    ///
    /// # Errors
    ///
    /// Returns a retriable error, with the time of the next attempt, if too many passwords wait
    /// already or if this one would wait too long. Returns an error if the hash is invalid.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, a hash that has begun is still computed and keeps its place.
    pub(crate) async fn verify(&self, password: &str, hash: Option<&str>) -> Result<bool> {
        if password.len() > LONGEST {
            return Ok(false);
        }
        let _place = self.places.try_acquire().map_err(|_| busy())?;
        let known = hash.is_some();
        let hash = hash.unwrap_or(&self.decoy).to_owned();
        let password = password.as_bytes().to_owned();
        let verified = blocking(&self.slots, move || verify(&password, &hash));
        let same = tokio::time::timeout(PATIENCE, verified)
            .await
            .map_err(|_| busy())??;
        Ok(known && same)
    }
}

fn busy() -> Error {
    Error::retriable("too many logins at once").after(Duration::from_secs(1))
}

/// The place belongs to the work, which continues if nobody waits for it any more.
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
    let mut random = [0; Salt::RECOMMENDED_LENGTH];
    getrandom::fill(&mut random)?;
    let salt = Salt::new(&random).map_err(failed)?;
    let params = Params::default();
    let output = output(
        password,
        &salt,
        Params::DEFAULT_OUTPUT_LEN,
        &Argon2::default(),
    )?;
    let hash = PasswordHash {
        algorithm: Algorithm::default().ident(),
        version: Some(Version::default().into()),
        params: ParamsString::try_from(&params).map_err(failed)?,
        salt: Some(salt),
        hash: Some(output),
    };
    Ok(hash.to_string())
}

fn verify(password: &[u8], hash: &str) -> Result<bool> {
    let hash = PasswordHash::new(hash).map_err(unreadable)?;
    let algorithm = Algorithm::try_from(hash.algorithm.as_str()).map_err(unreadable)?;
    let version = hash.version.map(Version::try_from).transpose();
    let version = version.map_err(unreadable)?.unwrap_or_default();
    let params = Params::try_from(&hash).map_err(unreadable)?;
    let (Some(salt), Some(expected)) = (&hash.salt, &hash.hash) else {
        return Err(unreadable("it has no salt or no output"));
    };
    if params.block_count() > MOST_BLOCKS {
        return Err(unreadable("it asks for too much memory"));
    }
    let argon2 = Argon2::new(algorithm, version, params);
    // The comparison takes the same time wherever the values differ.
    Ok(output(password, salt, expected.len(), &argon2)? == *expected)
}

fn output(password: &[u8], salt: &[u8], length: usize, argon2: &Argon2<'_>) -> Result<Output> {
    let count = argon2.params().block_count();
    let mut blocks = Vec::with_capacity(RESERVED.max(count));
    blocks.resize(count, Block::new());
    let mut output = vec![0; length];
    argon2
        .hash_password_into_with_memory(password, salt, &mut output, &mut blocks)
        .map_err(failed)?;
    Output::new(&output).map_err(failed)
}

fn unreadable(why: impl std::fmt::Display) -> Error {
    Error::external(format!("the hash of a password can't be read: {why}"))
}

fn failed(why: impl std::fmt::Display) -> Error {
    Error::external(format!("hashing a password: {why}"))
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
    async fn hashes_are_those_that_the_library_makes_and_reads() {
        use argon2::{PasswordHasher, PasswordVerifier};

        let passwords = Passwords::new().await.unwrap();
        let ours = passwords.hash("correct horse").await.unwrap();
        let library = Argon2::default();
        assert!(
            library
                .verify_password(b"correct horse", ours.as_str())
                .is_ok()
        );
        let theirs: PasswordHash = library.hash_password(b"correct horse").unwrap();
        let theirs = theirs.to_string();
        assert!(
            passwords
                .verify("correct horse", Some(&theirs))
                .await
                .unwrap()
        );
        let params = Params::new(64, 1, 1, Some(16)).unwrap();
        let other = Argon2::new(Algorithm::Argon2i, Version::V0x10, params);
        let theirs: PasswordHash = other.hash_password(b"correct horse").unwrap();
        let theirs = theirs.to_string();
        assert!(
            passwords
                .verify("correct horse", Some(&theirs))
                .await
                .unwrap()
        );
        assert!(
            !passwords
                .verify("correct horsf", Some(&theirs))
                .await
                .unwrap()
        );
    }

    #[tokio::test]
    async fn without_a_hash_no_password_is_right() {
        let passwords = Passwords::new().await.unwrap();
        assert!(!passwords.verify("", None).await.unwrap());
        // The same parameters mean the same work.
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
        let greedy = "$argon2id$v=19$m=4194304,t=2,p=1$c29tZXNhbHQ$c29tZW91dHB1dA";
        for broken in ["plain text", "$argon2id$v=19$m=64,t=1,p=1", greedy] {
            let error = passwords.verify("a", Some(broken)).await.unwrap_err();
            assert!(error.to_string().contains("can't be read"), "{error}");
        }
    }

    #[tokio::test]
    async fn report_a14_a_thousand_logins_at_once_make_two_hashes_at_once() {
        let passwords = Arc::new(Passwords::new().await.unwrap());
        let all = passwords.slots.clone().acquire_many_owned(2).await.unwrap();
        let mut logins = tokio::task::JoinSet::new();
        for _ in 0..1000 {
            let passwords = Arc::clone(&passwords);
            logins.spawn(async move { passwords.verify("guess", None).await });
        }
        let mut sent_away = 0;
        while sent_away < 1000 - (AT_ONCE + WAITING) {
            let error = logins.join_next().await.unwrap().unwrap().unwrap_err();
            assert_eq!(error.retry_after(), Some(Duration::from_secs(1)));
            sent_away += 1;
        }
        assert_eq!(passwords.places.available_permits(), 0);
        drop(all);
        for verified in logins.join_all().await {
            // On a slow machine, the last of them wait too long.
            assert!(!verified.unwrap_or(false));
        }
        assert_eq!(passwords.places.available_permits(), AT_ONCE + WAITING);
    }

    #[tokio::test(start_paused = true)]
    async fn report_a14_who_waits_for_too_long_is_told_when_to_come_again() {
        let passwords = Passwords::new().await.unwrap();
        let _all = passwords.slots.clone().acquire_many_owned(2).await.unwrap();
        let error = passwords.verify("guess", None).await.unwrap_err();
        assert!(error.kind().is_retriable() && error.retry_after().is_some());
        assert_eq!(passwords.places.available_permits(), AT_ONCE + WAITING);
    }
}
