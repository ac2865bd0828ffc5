//! Users as rows, in SQL that both SQLite and MySQL read.

use plugin_contracts::{Database, Row, User};
use plugin_core::{Error, Result};
use serde_json::{Value, json};

use crate::check;

const TABLE: &str = "CREATE TABLE IF NOT EXISTS users (\
    id VARCHAR(64) NOT NULL PRIMARY KEY, \
    name VARCHAR(255) NOT NULL, \
    email VARCHAR(255) NOT NULL, \
    phone VARCHAR(64), \
    password_hash VARCHAR(255))";
const FIND: &str = "SELECT id, name, email, phone, password_hash FROM users WHERE id = ?";
const CREATE: &str =
    "INSERT INTO users (id, name, email, phone, password_hash) VALUES (?, ?, ?, ?, ?)";
const SET_PASSWORD: &str = "UPDATE users SET password_hash = ? WHERE id = ?";

/// The table of users.
#[derive(Debug)]
pub(crate) struct Repository<D> {
    database: D,
}

impl<D: Database> Repository<D> {
    /// Opens the table, which is made if absent.
    ///
    /// # Errors
    ///
    /// When the database refuses.
    pub(crate) async fn open(database: D) -> Result<Self> {
        database.execute(TABLE, &[]).await?;
        Ok(Self { database })
    }

    /// The user with that key.
    ///
    /// # Errors
    ///
    /// When the database refuses.
    pub(crate) async fn find(&self, id: &str) -> Result<Option<User>> {
        Ok(self.row(id).await?.map(|row| User {
            id: id.to_owned(),
            name: text(&row, "name").unwrap_or_default(),
            email: text(&row, "email").unwrap_or_default(),
            phone: text(&row, "phone"),
        }))
    }

    /// The hash of that user's password.
    ///
    /// # Errors
    ///
    /// When the database refuses.
    pub(crate) async fn password_hash(&self, id: &str) -> Result<Option<String>> {
        Ok(self
            .row(id)
            .await?
            .and_then(|row| text(&row, "password_hash")))
    }

    /// Creates a user, who can't log in without a hash.
    ///
    /// # Errors
    ///
    /// When the user does not look like one or is there, or the database refuses.
    pub(crate) async fn create(&self, user: &User, hash: Option<&str>) -> Result<()> {
        check::user(user)?;
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

    /// Replaces the hash of that user's password.
    ///
    /// # Errors
    ///
    /// When there is no such user, or the database refuses.
    pub(crate) async fn set_password_hash(&self, id: &str, hash: &str) -> Result<()> {
        if self.row(id).await?.is_none() {
            return Err(Error::external(format!("no user `{id}`")));
        }
        self.database
            .execute(SET_PASSWORD, &[json!(hash), json!(id)])
            .await?;
        Ok(())
    }

    /// A collation may find `Ann` for `ann`: only the very same id counts.
    async fn row(&self, id: &str) -> Result<Option<Row>> {
        if id.len() > check::ID_LENGTH {
            return Ok(None);
        }
        let rows = self.database.query(FIND, &[json!(id)]).await?;
        let same = |row: &Row| row.get("id").and_then(Value::as_str) == Some(id);
        Ok(rows.into_iter().find(same))
    }
}

fn text(row: &Row, column: &str) -> Option<String> {
    row.get(column).and_then(Value::as_str).map(str::to_owned)
}
