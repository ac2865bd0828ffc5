//! Tokens: a user, a period of validity and a state of the account, signed.
//!
//! The format is `v1.PAYLOAD.SIGNATURE`. The payload is base64url of JSON, and the signature covers
//! everything before it. No part of a token is read before its signature is verified.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use plugin_core::{Error, Result};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

const VERSION: &str = "v1";

/// Longest token that is checked.
const LONGEST: usize = 2048;

/// How far in the future the issue time of a token may be, because the clocks of several processes
/// differ and a clock may be set back. A token from further in the future would be valid for longer
/// than allowed.
const AHEAD: Duration = Duration::from_secs(10 * 60);

/// The claims of a token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Claims {
    /// The user.
    pub(crate) sub: String,
    /// When it was issued, in seconds since 1970.
    pub(crate) iat: u64,
    /// When it expires, in seconds since 1970.
    pub(crate) exp: u64,
    /// A unique id of the token.
    pub(crate) jti: String,
    /// The state of the account for which the token was issued. In another state, the token is not
    /// valid.
    #[serde(rename = "gen")]
    pub(crate) generation: String,
}

/// The reason why a token is invalid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TokenRefusal {
    /// This signer has not issued it.
    Foreign,
    /// It has expired.
    Over,
    /// It is not valid yet.
    Early,
}

impl Claims {
    /// New claims that are valid for a time.
    ///
    /// # Errors
    ///
    /// Returns an error if the system has no random numbers.
    pub(crate) fn new(
        user: &str,
        generation: String,
        now: SystemTime,
        ttl: Duration,
    ) -> Result<Self> {
        let mut number = [0; 16];
        getrandom::fill(&mut number)?;
        Ok(Self {
            sub: user.to_owned(),
            iat: seconds(now),
            exp: seconds(now + ttl),
            jti: URL_SAFE_NO_PAD.encode(number),
            generation,
        })
    }

    /// When they expire.
    pub(crate) fn expires(&self) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(self.exp)
    }

    /// How long they are still valid.
    pub(crate) fn rest(&self, now: SystemTime) -> Duration {
        self.expires().duration_since(now).unwrap_or_default()
    }
}

/// A text that identifies the state of an account without revealing it: it differs for each
/// password hash and for each `stamp`.
pub(crate) fn generation(signer: &Signer, user: &str, hash: &str, stamp: &str) -> String {
    // No part can contain the separator, so no two accounts have the same text.
    let state = format!("generation\0{user}\0{hash}\0{stamp}");
    let tag = signer.mac.clone().chain_update(state).finalize();
    URL_SAFE_NO_PAD.encode(&tag.into_bytes()[..16])
}

/// Seconds since 1970.
pub(crate) fn seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .as_secs()
}

/// Signs tokens and recognizes its own.
#[derive(Clone)]
pub(crate) struct Signer {
    mac: Hmac<Sha256>,
}

impl Signer {
    /// # Errors
    ///
    /// Returns an error if the key is empty.
    pub(crate) fn new(key: &[u8]) -> Result<Self> {
        let mac = Hmac::new_from_slice(key)
            .map_err(|error| Error::config("the key of tokens").because(error))?;
        Ok(Self { mac })
    }

    /// The token with these claims.
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

    /// The claims of a token that this signer has issued and that is valid now. No token is valid
    /// for longer than `ttl`, even if it was issued when the limit was longer.
    ///
    /// # Errors
    ///
    /// Returns the reason if the token is invalid.
    pub(crate) fn read(
        &self,
        token: &str,
        now: SystemTime,
        ttl: Duration,
    ) -> Result<Claims, (TokenRefusal, Option<String>)> {
        let claims = self.signed(token).ok_or((TokenRefusal::Foreign, None))?;
        let made = UNIX_EPOCH + Duration::from_secs(claims.iat);
        let refused = if claims.expires() <= now || made + ttl <= now {
            TokenRefusal::Over
        } else if now + AHEAD < made {
            TokenRefusal::Early
        } else {
            return Ok(claims);
        };
        Err((refused, Some(claims.sub)))
    }

    /// The claims of a token that this signer has issued.
    fn signed(&self, token: &str) -> Option<Claims> {
        if token.len() > LONGEST {
            return None;
        }
        let (signed, signature) = token.rsplit_once('.')?;
        let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
        // It takes constant time, so that it can't be measured how much of a guess was right.
        self.mac
            .clone()
            .chain_update(signed)
            .verify_slice(&signature)
            .ok()?;
        let payload = signed.strip_prefix(VERSION)?.strip_prefix('.')?;
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).ok()?).ok()
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

    fn claims(user: &str) -> Claims {
        Claims::new(user, "generation".to_owned(), now(), TTL).unwrap()
    }

    fn refused(token: &str, now: SystemTime, ttl: Duration) -> Option<TokenRefusal> {
        let read = signer().read(token, now, ttl);
        read.err().map(|(refused, _)| refused)
    }

    #[test]
    fn a_token_says_what_it_was_given() {
        let claims = claims("安");
        let token = signer().sign(&claims).unwrap();
        assert_eq!(signer().read(&token, now(), TTL), Ok(claims));
    }

    #[test]
    fn a_token_ends() {
        let token = signer().sign(&claims("ann")).unwrap();
        let last = now() + TTL - Duration::from_secs(1);
        assert_eq!(refused(&token, last, TTL), None);
        assert_eq!(refused(&token, now() + TTL, TTL), Some(TokenRefusal::Over));
    }

    #[test]
    fn report_a2_a_shorter_time_in_the_config_holds_for_tokens_that_are_there() {
        let token = signer().sign(&claims("ann")).unwrap();
        let (ttl, second) = (Duration::from_secs(10), Duration::from_secs(1));
        assert_eq!(refused(&token, now() + ttl - second, ttl), None);
        assert_eq!(refused(&token, now() + ttl, ttl), Some(TokenRefusal::Over));
        assert_eq!(
            refused(&token, now() + TTL - second, ttl),
            Some(TokenRefusal::Over)
        );
    }

    #[test]
    fn report_a2_a_clock_that_was_ahead_made_no_token_for_longer() {
        let token = signer().sign(&claims("ann")).unwrap();
        assert_eq!(refused(&token, now() - AHEAD, TTL), None);
        let year = Duration::from_secs(365 * 24 * 60 * 60);
        let late = Claims::new("ann", String::new(), now() + year, TTL).unwrap();
        let late = signer().sign(&late).unwrap();
        assert_eq!(refused(&late, now(), TTL), Some(TokenRefusal::Early));
    }

    #[test]
    fn a_generation_is_of_one_account_one_hash_and_one_stamp() {
        let of = |user, hash, stamp| generation(&signer(), user, hash, stamp);
        let one = of("ann", "hash", "stamp");
        assert_eq!(one, of("ann", "hash", "stamp"));
        for other in [
            of("bob", "hash", "stamp"),
            of("ann", "hush", "stamp"),
            of("ann", "hash", "stomp"),
            of("ann", "has", "hstamp"),
        ] {
            assert_ne!(one, other);
        }
    }

    #[test]
    fn a_token_of_another_key_is_none() {
        let token = Signer::new(&[8; 32]).unwrap().sign(&claims("ann")).unwrap();
        assert_eq!(refused(&token, now(), TTL), Some(TokenRefusal::Foreign));
    }

    #[test]
    fn two_tokens_are_never_the_same() {
        assert_ne!(claims("ann"), claims("ann"));
    }

    proptest! {
        #[test]
        fn a_changed_token_is_none(at in 0usize..100, with in "[A-Za-z0-9._-]") {
            let token = signer().sign(&claims("ann")).unwrap();
            let at = at % token.len();
            let mut changed = token.clone();
            changed.replace_range(at..=at, &with);
            prop_assume!(changed != token);
            prop_assert_eq!(refused(&changed, now(), TTL), Some(TokenRefusal::Foreign));
        }

        #[test]
        fn no_text_panics(text in "\\PC*") {
            prop_assert_eq!(refused(&text, now(), TTL), Some(TokenRefusal::Foreign));
        }
    }
}
