//! Users as rows, in SQL that both SQLite and MySQL accept.

use std::collections::HashMap;

use plugin_contracts::{Database, Row, User};
use plugin_core::{Error, Result};
use serde_json::{Value, json};

const TABLE: &str = "CREATE TABLE IF NOT EXISTS users (\
    id VARCHAR(64) NOT NULL PRIMARY KEY, \
    name VARCHAR(255) NOT NULL, \
    email VARCHAR(255) NOT NULL, \
    phone VARCHAR(64), \
    password_hash VARCHAR(255))";
/// The configs that declare or declared a user: `listed` is 0 if the config does not declare the
/// user any more.
const SOURCES: &str = "CREATE TABLE IF NOT EXISTS user_sources (\
    source VARCHAR(64) NOT NULL, \
    id VARCHAR(64) NOT NULL, \
    listed SMALLINT NOT NULL, \
    PRIMARY KEY (source, id))";
const FIND: &str = "SELECT id, name, email, phone, password_hash FROM users WHERE id = ?";
const CREATE: &str =
    "INSERT INTO users (id, name, email, phone, password_hash) VALUES (?, ?, ?, ?, ?)";
const CHANGE: &str = "UPDATE users SET name = ?, email = ?, phone = ? WHERE id = ?";
const SET_PASSWORD: &str = "UPDATE users SET password_hash = ? WHERE id = ?";
const WITH_PASSWORD: &str = "SELECT id, password_hash FROM users \
    WHERE password_hash IS NOT NULL AND id > ? ORDER BY id LIMIT 100";
const SOURCES_OF: &str = "SELECT source, id, listed FROM user_sources WHERE id = ?";
const DECLARED: &str = "SELECT id, listed FROM user_sources \
    WHERE source = ? AND id > ? ORDER BY id LIMIT 100";
const LIST: &str = "REPLACE INTO user_sources (source, id, listed) VALUES (?, ?, ?)";

/// The tables of users and of their sources.
#[derive(Debug)]
pub(crate) struct Repository<D> {
    database: D,
}

impl<D: Database> Repository<D> {
    /// Opens the tables, which are created if they do not exist.
    ///
    /// # Errors
    ///
    /// Returns an error if the database fails.
    pub(crate) async fn open(database: D) -> Result<Self> {
        database.execute(TABLE, &[]).await?;
        database.execute(SOURCES, &[]).await?;
        Ok(Self { database })
    }

    /// The user with this id, unless disabled.
    ///
    /// # Errors
    ///
    /// Returns an error if the database fails.
    pub(crate) async fn find(&self, id: &str) -> Result<Option<User>> {
        match self.any(id).await? {
            Some(user) if self.sources(id).await?.is_enabled() => Ok(Some(user)),
            _ => Ok(None),
        }
    }

    /// The user with this id, even if disabled.
    pub(crate) async fn any(&self, id: &str) -> Result<Option<User>> {
        Ok(self.row(id).await?.map(|row| User {
            id: id.to_owned(),
            name: text(&row, "name").unwrap_or_default(),
            email: text(&row, "email").unwrap_or_default(),
            phone: text(&row, "phone"),
        }))
    }

    /// The hash of the user's password, unless the user is disabled. It makes the same number of
    /// queries for an unknown user, so that the time does not reveal whether the user exists.
    ///
    /// # Errors
    ///
    /// Returns an error if the database fails.
    pub(crate) async fn password_hash(&self, id: &str) -> Result<Option<String>> {
        let (row, sources) = (self.row(id).await?, self.sources(id).await?);
        let enabled = row.filter(|_| sources.is_enabled());
        Ok(enabled.and_then(|row| text(&row, "password_hash")))
    }

    /// Creates a user, who can't log in without a hash.
    ///
    /// # Errors
    ///
    /// Returns an error if the user is invalid or exists, or if the database fails.
    pub(crate) async fn create(&self, user: &User, hash: Option<&str>) -> Result<()> {
        user.check()?;
        if self.row(&user.id).await?.is_some() {
            return Err(Error::external(format!(
                "user `{}` is there already",
                user.id
            )));
        }
        let params = [
            json!(user.id),
            json!(user.name),
            json!(user.email),
            json!(user.phone),
            json!(hash),
        ];
        self.database.execute(CREATE, &params).await?;
        Ok(())
    }

    /// Replaces the name and addresses of an existing user.
    pub(crate) async fn change(&self, user: &User) -> Result<()> {
        let params = [
            json!(user.name),
            json!(user.email),
            json!(user.phone),
            json!(user.id),
        ];
        self.database.execute(CHANGE, &params).await.map(drop)
    }

    /// Replaces the hash of the user's password.
    ///
    /// # Errors
    ///
    /// Returns an error if there is no such user, or if the database fails.
    pub(crate) async fn set_password_hash(&self, id: &str, hash: &str) -> Result<()> {
        if self.find(id).await?.is_none() {
            return Err(Error::external(format!("no user `{id}`")));
        }
        self.database
            .execute(SET_PASSWORD, &[json!(hash), json!(id)])
            .await?;
        Ok(())
    }

    /// Ids and hashes of some enabled users with a password, after an id.
    ///
    /// # Errors
    ///
    /// Returns an error if the database fails.
    pub(crate) async fn with_password(&self, after: &str) -> Result<Vec<(String, String)>> {
        let mut after = after.to_owned();
        loop {
            let rows = self.database.query(WITH_PASSWORD, &[json!(after)]).await?;
            let Some(last) = rows.last().and_then(|row| text(row, "id")) else {
                return Ok(Vec::new());
            };
            let mut enabled = Vec::new();
            for row in &rows {
                let (id, hash) = (text(row, "id"), text(row, "password_hash"));
                if let Some((id, hash)) = id.zip(hash)
                    && self.sources(&id).await?.is_enabled()
                {
                    enabled.push((id, hash));
                }
            }
            if !enabled.is_empty() {
                return Ok(enabled);
            }
            after = last;
        }
    }

    /// The configs that declare a user.
    pub(crate) async fn sources(&self, id: &str) -> Result<Sources> {
        let rows = self.database.query(SOURCES_OF, &[json!(id)]).await?;
        let of = |row: &Row| {
            let same = text(row, "id").as_deref() == Some(id);
            let source = text(row, "source").filter(|_| same)?;
            Some((source, is_listed(row)))
        };
        Ok(Sources(rows.iter().filter_map(of).collect()))
    }

    /// The users that a source has ever declared, and whether it still declares them.
    pub(crate) async fn declared(&self, source: &str) -> Result<HashMap<String, bool>> {
        let (mut declared, mut after) = (HashMap::new(), String::new());
        loop {
            let params = [json!(source), json!(after)];
            let rows = self.database.query(DECLARED, &params).await?;
            let Some(last) = rows.last().and_then(|row| text(row, "id")) else {
                return Ok(declared);
            };
            let of = |row: &Row| Some((text(row, "id")?, is_listed(row)));
            declared.extend(rows.iter().filter_map(of));
            after = last;
        }
    }

    /// Records whether a source declares a user.
    pub(crate) async fn list(&self, source: &str, id: &str, listed: bool) -> Result<()> {
        let params = [json!(source), json!(id), json!(i64::from(listed))];
        self.database.execute(LIST, &params).await.map(drop)
    }

    /// A collation may find `Ann` for `ann`, but only exactly the same id counts.
    async fn row(&self, id: &str) -> Result<Option<Row>> {
        if id.len() > User::ID_LENGTH {
            return Ok(None);
        }
        let rows = self.database.query(FIND, &[json!(id)]).await?;
        let same = |row: &Row| row.get("id").and_then(Value::as_str) == Some(id);
        Ok(rows.into_iter().find(same))
    }
}

/// The configs that declare or declared a user.
#[derive(Debug)]
pub(crate) struct Sources(Vec<(String, bool)>);

impl Sources {
    /// A user that no config has ever declared is enabled, too.
    pub(crate) fn is_enabled(&self) -> bool {
        self.0.is_empty() || self.0.iter().any(|(_, listed)| *listed)
    }

    /// Whether this source declares the user now.
    pub(crate) fn has(&self, source: &str) -> bool {
        self.0.iter().any(|(it, listed)| it == source && *listed)
    }
}

fn is_listed(row: &Row) -> bool {
    row.get("listed").and_then(Value::as_i64) == Some(1)
}

fn text(row: &Row, column: &str) -> Option<String> {
    row.get(column).and_then(Value::as_str).map(str::to_owned)
}
