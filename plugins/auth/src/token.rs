//! Tokens: who and until when, signed.
//!
//! `v1.PAYLOAD.SIGNATURE`, where the payload is base64url of JSON, and the signature covers
//! everything before it. Nothing of a token is read before its signature is known to be good.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use plugin_core::{Error, Result};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

const VERSION: &str = "v1";

/// Longest token that is looked at.
const LONGEST: usize = 2048;

/// What a token says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Claims {
    /// Who.
    pub(crate) sub: String,
    /// Until when, in seconds since 1970.
    pub(crate) exp: u64,
    /// Tells the token from every other.
    pub(crate) jti: String,
}

impl Claims {
    /// New claims, good for a time.
    ///
    /// # Errors
    ///
    /// When the system has no randomness.
    pub(crate) fn new(user: &str, now: SystemTime, ttl: Duration) -> Result<Self> {
        let mut number = [0; 16];
        getrandom::fill(&mut number)?;
        Ok(Self {
            sub: user.to_owned(),
            exp: seconds(now + ttl),
            jti: URL_SAFE_NO_PAD.encode(number),
        })
    }

    /// Until when.
    pub(crate) fn expires(&self) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(self.exp)
    }

    /// How long they are still good for.
    pub(crate) fn rest(&self, now: SystemTime) -> Duration {
        self.expires().duration_since(now).unwrap_or_default()
    }
}

/// Seconds since 1970.
pub(crate) fn seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .as_secs()
}

/// Signs tokens and knows its own.
#[derive(Clone)]
pub(crate) struct Signer {
    mac: Hmac<Sha256>,
}

impl Signer {
    /// # Errors
    ///
    /// When the key is empty.
    pub(crate) fn new(key: &[u8]) -> Result<Self> {
        let mac = Hmac::new_from_slice(key)
            .map_err(|error| Error::config("the key of tokens").because(error))?;
        Ok(Self { mac })
    }

    /// The token that says the claims.
    pub(crate) fn sign(&self, claims: &Claims) -> Result<String> {
        let payload = URL_SAFE_NO_PAD.encode(serde_json::to_vec(claims)?);
        let signed = format!("{VERSION}.{payload}");
        let signature = self
            .mac
            .clone()
            .chain_update(&signed)
            .finalize()
            .into_bytes();
        Ok(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }

    /// The claims of a token that is this signer's and not over.
    pub(crate) fn read(&self, token: &str, now: SystemTime) -> Option<Claims> {
        if token.len() > LONGEST {
            return None;
        }
        let (signed, signature) = token.rsplit_once('.')?;
        let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
        // In constant time: how much of a guess was right can't be measured.
        self.mac
            .clone()
            .chain_update(signed)
            .verify_slice(&signature)
            .ok()?;
        let payload = signed.strip_prefix(VERSION)?.strip_prefix('.')?;
        let claims: Claims = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).ok()?).ok()?;
        (now < claims.expires()).then_some(claims)
    }
}

impl std::fmt::Debug for Signer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Signer(…)")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TTL: Duration = Duration::from_secs(60);

    fn now() -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(1_000_000)
    }

    fn signer() -> Signer {
        Signer::new(&[7; 32]).unwrap()
    }

    #[test]
    fn a_token_says_what_it_was_given() {
        let claims = Claims::new("安", now(), TTL).unwrap();
        let token = signer().sign(&claims).unwrap();
        assert_eq!(signer().read(&token, now()), Some(claims));
    }

    #[test]
    fn a_token_ends() {
        let claims = Claims::new("ann", now(), TTL).unwrap();
        let token = signer().sign(&claims).unwrap();
        let last = now() + TTL - Duration::from_secs(1);
        assert!(signer().read(&token, last).is_some());
        assert!(signer().read(&token, now() + TTL).is_none());
    }

    #[test]
    fn a_token_of_another_key_is_none() {
        let claims = Claims::new("ann", now(), TTL).unwrap();
        let token = Signer::new(&[8; 32]).unwrap().sign(&claims).unwrap();
        assert!(signer().read(&token, now()).is_none());
    }

    #[test]
    fn two_tokens_are_never_the_same() {
        let one = Claims::new("ann", now(), TTL).unwrap();
        assert_ne!(one, Claims::new("ann", now(), TTL).unwrap());
    }

    proptest! {
        #[test]
        fn a_changed_token_is_none(at in 0usize..100, with in "[A-Za-z0-9._-]") {
            let token = signer().sign(&Claims::new("ann", now(), TTL).unwrap()).unwrap();
            let at = at % token.len();
            let mut changed = token.clone();
            changed.replace_range(at..=at, &with);
            prop_assume!(changed != token);
            prop_assert!(signer().read(&changed, now()).is_none());
        }

        #[test]
        fn no_text_panics(text in "\\PC*") {
            prop_assert!(signer().read(&text, now()).is_none());
        }
    }
}
