//! The networks from which a user has logged in: failures of strangers do not delay logins from
//! there.
//!
//! They are kept in the database, so that a restart during an attack does not turn all users into
//! strangers, and in memory, so that an attempt needs no query. If several processes share a
//! database, each learns the networks of the others at its start.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use plugin_contracts::{Database, Row};
use plugin_core::Result;
use serde_json::{Value, json};

use crate::origin::Origin;
use crate::token::seconds;

const TABLE: &str = "CREATE TABLE IF NOT EXISTS auth_known (\
    id VARCHAR(64) NOT NULL, \
    network VARCHAR(64) NOT NULL, \
    seen BIGINT NOT NULL, \
    PRIMARY KEY (id, network))";
const SOME: &str = "SELECT id, network, seen FROM auth_known \
    WHERE id > ? OR (id = ? AND network > ?) ORDER BY id, network LIMIT 100";
const OF_USER: &str = "SELECT network FROM auth_known WHERE id = ? ORDER BY seen DESC LIMIT 100";
const REMEMBER: &str = "REPLACE INTO auth_known (id, network, seen) VALUES (?, ?, ?)";
const FORGET_ONE: &str = "DELETE FROM auth_known WHERE id = ? AND network = ?";
const FORGET_USER: &str = "DELETE FROM auth_known WHERE id = ?";
const FORGET_OLD: &str = "DELETE FROM auth_known WHERE seen < ?";

/// How long a network is remembered after the last login from there.
const KEPT: Duration = Duration::from_secs(90 * 86_400);

/// Age of an entry after which it is written again.
const FRESH: u64 = 86_400;

/// Most networks of one user; the latest are kept.
const OF_ONE: usize = 20;

/// Most users whose networks are remembered.
const USERS: usize = 65_536;

/// The remembered networks.
#[derive(Debug)]
pub(crate) struct Known<D> {
    database: D,
    hasher: RandomState,
    networks: Mutex<Networks>,
}

/// For each user, the networks and when they were last seen, in seconds since 1970.
type Networks = HashMap<u64, Vec<(u64, u64)>>;

impl<D: Database> Known<D> {
    /// Opens the table, which is created if it does not exist, and reads it.
    ///
    /// # Errors
    ///
    /// Returns an error if the database fails.
    pub(crate) async fn open(database: D, now: SystemTime) -> Result<Self> {
        database.execute(TABLE, &[]).await?;
        let known = Self {
            database,
            hasher: RandomState::new(),
            networks: Mutex::default(),
        };
        known.forget_old(now).await?;
        known.read().await?;
        Ok(known)
    }

    async fn read(&self) -> Result<()> {
        let (mut id, mut network) = (String::new(), String::new());
        loop {
            let params = [json!(id), json!(id), json!(network)];
            let rows = self.database.query(SOME, &params).await?;
            let Some(last) = rows.last() else {
                return Ok(());
            };
            (id, network) = (text(last, "id"), text(last, "network"));
            let mut networks = self.networks();
            for row in &rows {
                let user = self.hasher.hash_one(text(row, "id"));
                let seen = row.get("seen").and_then(Value::as_u64).unwrap_or(0);
                let place = (self.hasher.hash_one(text(row, "network")), seen);
                if networks.len() < USERS || networks.contains_key(&user) {
                    networks.entry(user).or_default().push(place);
                }
            }
        }
    }

    /// Whether the user has logged in from this network before.
    pub(crate) fn contains(&self, origin: &Origin) -> bool {
        self.seen(origin).is_some()
    }

    fn seen(&self, origin: &Origin) -> Option<u64> {
        let network = self.hasher.hash_one(&origin.network);
        let networks = self.networks();
        let of_user = networks.get(&self.hasher.hash_one(&origin.user))?;
        let found = of_user.iter().find(|(it, _)| *it == network)?;
        Some(found.1)
    }

    /// Records a login of the user from this network.
    ///
    /// # Errors
    ///
    /// Returns an error if the database fails. The network is still remembered until the next
    /// start.
    pub(crate) async fn remember(&self, origin: &Origin, now: SystemTime) -> Result<()> {
        let now = seconds(now);
        let seen = self.seen(origin);
        if seen.is_some_and(|seen| now.abs_diff(seen) < FRESH) {
            return Ok(());
        }
        self.note(origin, now);
        let params = [json!(origin.user), json!(origin.network), json!(now)];
        self.database.execute(REMEMBER, &params).await?;
        if seen.is_none() {
            self.forget_surplus(&origin.user).await?;
        }
        Ok(())
    }

    fn note(&self, origin: &Origin, now: u64) {
        let network = self.hasher.hash_one(&origin.network);
        let user = self.hasher.hash_one(&origin.user);
        let mut networks = self.networks();
        if networks.len() >= USERS && !networks.contains_key(&user) {
            return;
        }
        let of_user = networks.entry(user).or_default();
        of_user.retain(|(it, _)| *it != network);
        of_user.push((network, now));
        of_user.sort_unstable_by_key(|(_, seen)| std::cmp::Reverse(*seen));
        of_user.truncate(OF_ONE);
    }

    async fn forget_surplus(&self, user: &str) -> Result<()> {
        let rows = self.database.query(OF_USER, &[json!(user)]).await?;
        for row in rows.iter().skip(OF_ONE) {
            let params = [json!(user), json!(text(row, "network"))];
            self.database.execute(FORGET_ONE, &params).await?;
        }
        Ok(())
    }

    /// Removes a user's networks, because another person may have logged in from there.
    ///
    /// # Errors
    ///
    /// Returns an error if the database fails.
    pub(crate) async fn forget(&self, user: &str) -> Result<()> {
        self.networks().remove(&self.hasher.hash_one(user));
        self.database
            .execute(FORGET_USER, &[json!(user)])
            .await
            .map(drop)
    }

    /// Removes networks that were not seen for a long time.
    ///
    /// # Errors
    ///
    /// Returns an error if the database fails.
    pub(crate) async fn forget_old(&self, now: SystemTime) -> Result<()> {
        let oldest = seconds(now).saturating_sub(KEPT.as_secs());
        self.database
            .execute(FORGET_OLD, &[json!(oldest)])
            .await
            .map(drop)
    }

    fn networks(&self) -> MutexGuard<'_, Networks> {
        self.networks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn text(row: &Row, column: &str) -> String {
    let value = row.get(column).and_then(Value::as_str);
    value.unwrap_or_default().to_owned()
}
