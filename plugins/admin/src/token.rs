//! Tokens: random texts for callers over TCP. Config contains only their hashes.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use plugin_core::Error;
use plugin_core::config::Digest;
use plugin_core::prelude::*;
use schemars::{Schema, SchemaGenerator, json_schema};
use serde::de::{Deserializer, Error as _};
use subtle::ConstantTimeEq;

use crate::access::{Right, Rights, Role};

/// The prefix of a token, so that a token that is found somewhere can be recognized.
const PREFIX: &str = "adm_";

/// The SHA-256 of a token. Its text is 64 hexadecimal digits.
#[derive(Clone, Copy)]
pub struct TokenHash(Digest);

impl TokenHash {
    /// The hash of a token.
    #[must_use]
    pub fn of(token: &str) -> Self {
        Self(Digest::of_bytes(token.as_bytes()))
    }
}

impl PartialEq for TokenHash {
    /// Takes the same time for all values.
    fn eq(&self, other: &Self) -> bool {
        self.0.as_bytes().ct_eq(other.0.as_bytes()).into()
    }
}

impl Eq for TokenHash {}

impl fmt::Display for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The error for a text that is not the hash of a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TokenHashError;

impl fmt::Display for TokenHashError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("is no hash of a token: `token new` makes a token, and prints its hash")
    }
}

impl std::error::Error for TokenHashError {}

impl FromStr for TokenHash {
    type Err = TokenHashError;

    fn from_str(text: &str) -> Result<Self, TokenHashError> {
        text.parse().map(Self).map_err(|_| TokenHashError)
    }
}

impl<'de> Deserialize<'de> for TokenHash {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(D::Error::custom)
    }
}

impl JsonSchema for TokenHash {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "TokenHash".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": "^[0-9a-fA-F]{64}$" })
    }
}

/// A caller over TCP, with its rights.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TokenConfig {
    /// The name of the caller in the audit log.
    #[schemars(length(min = 1, max = 64), regex(pattern = "^[A-Za-z0-9._-]+$"))]
    pub name: String,
    /// The SHA-256 of the token: `token new` prints both.
    pub hash: TokenHash,
    /// The role of the caller: `viewer`, `operator` or `admin`.
    #[serde(default)]
    pub role: Option<Role>,
    /// The rights of the caller, in place of a role.
    #[serde(default)]
    #[schemars(length(max = 5))]
    pub rights: Option<Vec<Right>>,
}

impl TokenConfig {
    pub(crate) fn granted(&self) -> Rights {
        match (self.role, &self.rights) {
            (Some(role), _) => role.rights(),
            (None, Some(rights)) => rights.iter().copied().collect(),
            (None, None) => Rights::default(),
        }
    }

    /// Checks that the rights are set in exactly one way.
    fn check(&self, at: usize) -> Result<()> {
        let key = match (self.role, &self.rights) {
            (Some(_), Some(_)) => "a role or rights, not both",
            (None, None) => "what may be done with it: a `role`, or `rights`",
            _ => return Ok(()),
        };
        let name = &self.name;
        Err(Error::config(format!(
            "`tokens[{at}]`: `{name}` needs {key}"
        )))
    }
}

/// Checks that names and hashes of tokens are unique.
pub(crate) fn check(tokens: &[TokenConfig]) -> Result<()> {
    for (at, token) in tokens.iter().enumerate() {
        token.check(at)?;
        let before = &tokens[..at];
        let told = if before.iter().any(|it| it.name == token.name) {
            "has the name of another one"
        } else if before.iter().any(|it| it.hash == token.hash) {
            "is the token of another one: make one for each"
        } else {
            continue;
        };
        let name = &token.name;
        return Err(Error::config(format!("`tokens[{at}]`: `{name}` {told}")));
    }
    Ok(())
}

/// A new token of 256 random bits: its text, which is not stored, and its hash.
///
/// # Errors
///
/// Returns an error if the system has no random numbers.
pub fn new_token() -> Result<(String, TokenHash)> {
    let mut random = [0u8; 32];
    getrandom::fill(&mut random)
        .map_err(|error| Error::external(format!("no random numbers: {error}")))?;
    let digits: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
    let token = format!("{PREFIX}{digits}");
    let hash = TokenHash::of(&token);
    Ok((token, hash))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_token_is_known_by_its_hash_alone() {
        let (token, hash) = new_token().unwrap();
        assert_eq!(token.len(), PREFIX.len() + 64);
        assert_ne!(new_token().unwrap().0, token);
        let read: TokenHash = hash.to_string().parse().unwrap();
        assert_eq!(TokenHash::of(&token), read);
        for wrong in ["", "abc", &token, &"é".repeat(32), &"+1".repeat(32)] {
            assert_eq!(wrong.parse::<TokenHash>(), Err(TokenHashError), "{wrong}");
        }
    }

    #[test]
    fn a_token_has_one_name_and_says_once_what_it_may() {
        let told = |tokens: serde_json::Value| {
            let tokens: Vec<TokenConfig> = serde_json::from_value(tokens).unwrap();
            check(&tokens).map_err(|error| error.to_string())
        };
        let (one, two) = (
            TokenHash::of("1").to_string(),
            TokenHash::of("2").to_string(),
        );
        let good = json!([
            {"name": "ann", "hash": one, "role": "viewer"},
            {"name": "bob", "hash": two, "rights": ["operate"]},
        ]);
        assert_eq!(told(good), Ok(()));
        for (other, word) in [
            (
                json!({"name": "ann", "hash": two, "role": "admin"}),
                "the name of another",
            ),
            (
                json!({"name": "bob", "hash": one, "role": "admin"}),
                "the token of another",
            ),
            (json!({"name": "bob", "hash": two}), "`rights`"),
            (
                json!({"name": "bob", "hash": two, "role": "admin", "rights": []}),
                "not both",
            ),
        ] {
            let error = told(json!([{"name": "ann", "hash": one, "role": "viewer"}, other]));
            let error = error.unwrap_err();
            assert!(
                error.starts_with("`tokens[1]`: ") && error.contains(word),
                "{error}"
            );
        }
    }
}
