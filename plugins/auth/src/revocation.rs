//! Revoked tokens. They are stored in the database until they would have expired, and in the cache,
//! so that the database is not read at each use.

use std::time::{Duration, SystemTime};

use plugin_contracts::{Cache, Database};
use plugin_core::Result;
use serde_json::{Value, json};

use crate::token::{Claims, seconds};

const TABLE: &str = "CREATE TABLE IF NOT EXISTS auth_revoked (\
    jti VARCHAR(64) NOT NULL PRIMARY KEY, expires_at BIGINT NOT NULL)";
const REVOKE: &str = "REPLACE INTO auth_revoked (jti, expires_at) VALUES (?, ?)";
const FIND: &str = "SELECT jti FROM auth_revoked WHERE jti = ?";
const FORGET: &str = "DELETE FROM auth_revoked WHERE expires_at <= ?";

/// How long a token counts as not revoked without reading the database again. Another process that
/// shares the database may have revoked it; revocations by this process take effect at once.
const TRUST: Duration = Duration::from_secs(10);

/// How long a revoked token is remembered after it expired, so that it does not become valid again
/// if the clock was set forward and back.
const KEPT: Duration = Duration::from_secs(7 * 86_400);

/// The revoked tokens.
#[derive(Debug)]
pub(crate) struct Revocations<C, D> {
    cache: C,
    database: D,
}

impl<C: Cache, D: Database> Revocations<C, D> {
    /// Opens the table, which is created if it does not exist, and removes tokens that expired long
    /// ago.
    ///
    /// # Errors
    ///
    /// Returns an error if the database fails.
    pub(crate) async fn open(cache: C, database: D, now: SystemTime) -> Result<Self> {
        database.execute(TABLE, &[]).await?;
        let revocations = Self { cache, database };
        revocations.forget(now).await?;
        Ok(revocations)
    }

    /// Revokes a token, permanently once this returns.
    ///
    /// # Errors
    ///
    /// Returns an error if the database or the cache fails.
    pub(crate) async fn revoke(&self, claims: &Claims, now: SystemTime) -> Result<()> {
        let params = [json!(claims.jti), json!(claims.exp)];
        self.database.execute(REVOKE, &params).await?;
        self.cache
            .set(&revoked(claims), Value::Bool(true), claims.rest(now))
            .await
    }

    /// Whether a token was revoked.
    ///
    /// # Errors
    ///
    /// Returns an error if the database fails.
    pub(crate) async fn contains(&self, claims: &Claims, now: SystemTime) -> Result<bool> {
        // The two answers have different keys, so that an answer of the database from before a
        // revocation can't replace the revocation.
        if self.is_cached(&revoked(claims)).await {
            return Ok(true);
        }
        if self.is_cached(&good(claims)).await {
            return Ok(false);
        }
        let found = !self
            .database
            .query(FIND, &[json!(claims.jti)])
            .await?
            .is_empty();
        let rest = claims.rest(now);
        let (key, ttl) = if found {
            (revoked(claims), rest)
        } else {
            (good(claims), rest.min(TRUST))
        };
        if let Err(error) = self.cache.set(&key, Value::Bool(true), ttl).await {
            tracing::debug!("the cache does not keep an answer of the database: {error}");
        }
        Ok(found)
    }

    /// Whether the cache has a key. If it fails, the database is asked, which knows every revocation.
    async fn is_cached(&self, key: &str) -> bool {
        self.cache.get(key).await.is_ok_and(|value| value.is_some())
    }

    /// Removes tokens that expired a week ago.
    ///
    /// # Errors
    ///
    /// Returns an error if the database fails.
    pub(crate) async fn forget(&self, now: SystemTime) -> Result<()> {
        self.database
            .execute(
                FORGET,
                &[json!(seconds(now).saturating_sub(KEPT.as_secs()))],
            )
            .await
            .map(drop)
    }
}

fn revoked(claims: &Claims) -> String {
    format!("auth.token.revoked.{}", claims.jti)
}

fn good(claims: &Claims) -> String {
    format!("auth.token.good.{}", claims.jti)
}
