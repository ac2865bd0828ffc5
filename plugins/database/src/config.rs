//! Settings of `database-plugin`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use plugin_core::config::{Period, Secret};
use plugin_core::{Error, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::memory;

mod target;

pub(crate) use target::{Server, Target};

/// Tables and the kinds of their columns.
pub type Tables = BTreeMap<String, BTreeMap<String, ColumnKind>>;

/// Settings of `database-plugin`.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, remote = "Self")]
pub struct DatabaseConfig {
    /// The kind of database. By default, it is `mysql` if `host` is set, otherwise `sqlite`.
    pub driver: Option<Driver>,
    /// Host of the MySQL or MariaDB server.
    pub host: Option<String>,
    /// Port of the server.
    pub port: u16,
    /// Name of the database on the server.
    pub database: Option<String>,
    /// Name of the user at the server.
    pub username: Option<String>,
    /// Password of `username`.
    pub password: Option<Secret>,
    /// File of the SQLite database. A relative path is below the plugin's data directory; an
    /// absolute path can be anywhere. Neither may contain `..`.
    pub path: Option<PathBuf>,
    /// Most connections at the same time.
    #[schemars(range(min = 1, max = 1000))]
    pub pool_size: u32,
    /// How long to wait for a connection.
    #[schemars(extend("x-min" = "1ms", "x-max" = "1h"))]
    pub connect_timeout: Period,
    /// Time limit of one statement.
    #[schemars(extend("x-min" = "1ms", "x-max" = "1d"))]
    pub query_timeout: Period,
    /// Most rows of the result of one query; a query with more rows fails.
    #[schemars(range(min = 1000, max = 100_000_000))]
    pub max_rows: usize,
    /// Most bytes of the result of one query; a query with a larger result fails.
    #[schemars(range(min = 65_536, max = 1_073_741_824))]
    pub max_result_bytes: usize,
    /// Most bytes of one value that an event saves or uses as a query parameter.
    #[schemars(range(min = 1024, max = 1_073_741_824))]
    pub max_value_bytes: usize,
    /// Number of the last `data.save` events that are recognized if they are delivered a second
    /// time.
    #[schemars(range(min = 0, max = 100_000_000))]
    pub remembered_saves: u32,
    /// Tables that events may save to and query. A missing table is created, with a key `id` that
    /// the database increments. Events can't access tables of other plugins.
    pub tables: Tables,
}

impl Default for DatabaseConfig {
    fn default() -> Self {
        Self {
            driver: None,
            host: None,
            port: 3306,
            database: None,
            username: None,
            password: None,
            path: None,
            pool_size: 10,
            connect_timeout: Period::seconds(10),
            query_timeout: Period::seconds(30),
            max_rows: 10_000,
            max_result_bytes: 16 * 1024 * 1024,
            max_value_bytes: 1024 * 1024,
            remembered_saves: 100_000,
            tables: Tables::new(),
        }
    }
}

/// A kind of database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Driver {
    /// A file, in this process.
    Sqlite,
    /// A MySQL or MariaDB server.
    Mysql,
}

/// The type of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ColumnKind {
    /// Text.
    Text,
    /// A 64-bit integer; a boolean is 0 or 1.
    Integer,
    /// A floating-point number.
    Real,
    /// Bytes: base64 in JSON.
    Blob,
    /// Any JSON value, stored as its text.
    Json,
}

impl ColumnKind {
    pub(crate) const fn describe(self) -> &'static str {
        match self {
            Self::Text => "a text",
            Self::Integer => "an integer",
            Self::Real => "a number",
            Self::Blob => "base64 text",
            Self::Json => "JSON",
        }
    }
}

/// Limits on every use of the database.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    pub(crate) pool_size: u32,
    pub(crate) connect: Duration,
    pub(crate) query: Duration,
    pub(crate) rows: usize,
    pub(crate) result_bytes: usize,
    pub(crate) value_bytes: usize,
    pub(crate) remembered: u32,
}

plugin_core::checked!(DatabaseConfig, DatabaseConfig::check);

impl DatabaseConfig {
    /// Checks what the schema can't check: combinations of keys, the path, and the names of tables.
    fn check(&self) -> Result<()> {
        self.check_tables()?;
        self.target(Path::new("")).map(drop)
    }

    /// Checks the names under `tables`, which become part of statements.
    ///
    /// # Errors
    ///
    /// Returns an error that names the invalid name.
    pub(crate) fn check_tables(&self) -> Result<()> {
        for (table, columns) in &self.tables {
            for name in columns.keys().chain([table]) {
                check_name(name)?;
            }
            if table.eq_ignore_ascii_case(memory::TABLE) {
                return Err(Error::config(format!(
                    "`tables.{table}`: is a table of the plugin's own: take another name"
                )));
            }
            if columns.is_empty() {
                return Err(Error::config(format!(
                    "`tables.{table}`: has no columns: name one"
                )));
            }
            if columns.contains_key("id") {
                return Err(Error::config(format!(
                    "`tables.{table}.id`: is made by the plugin: remove it"
                )));
            }
        }
        Ok(())
    }

    pub(crate) fn limits(&self) -> Limits {
        Limits {
            pool_size: self.pool_size.max(1),
            connect: self.connect_timeout.get(),
            query: self.query_timeout.get(),
            rows: self.max_rows,
            result_bytes: self.max_result_bytes,
            value_bytes: self.max_value_bytes,
            remembered: self.remembered_saves,
        }
    }
}

fn check_name(name: &str) -> Result<()> {
    let plain = name.len() <= 63
        && name.starts_with(|char: char| char.is_ascii_alphabetic())
        && name
            .chars()
            .all(|char| char.is_ascii_alphanumeric() || char == '_');
    if plain && !name.to_ascii_lowercase().starts_with("sqlite_") {
        return Ok(());
    }
    Err(Error::config(format!(
        "`tables`: `{}` is no name of a table or column: a letter, then letters, digits and `_`, 63 at most",
        name.escape_debug()
    )))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn config(json: serde_json::Value) -> DatabaseConfig {
        serde_json::from_value(json).unwrap()
    }

    #[test]
    fn report_c5_a_path_stays_where_it_is_said_to_be() {
        for path in [
            "",
            "../x.db",
            "a/../../x.db",
            "a/..",
            "/a/../b.db",
            "a/",
            "/",
            ".",
            "a\n",
            "a\u{1b}",
        ] {
            let read = serde_json::from_value::<DatabaseConfig>(json!({"path": path}));
            assert!(
                read.unwrap_err().to_string().starts_with("`path`: "),
                "{path:?}"
            );
        }
        for path in ["x.db", "./x.db", "a/x.db", "/var/lib/x.db", "\u{6570}.db"] {
            assert!(serde_json::from_value::<DatabaseConfig>(json!({"path": path})).is_ok());
        }
        for host in ["", "u:p@db", "http://db/", "a b", "db:3306", "db/"] {
            let read =
                serde_json::from_value::<DatabaseConfig>(json!({"host": host, "database": "d"}));
            assert!(
                read.unwrap_err().to_string().starts_with("`host`: "),
                "{host:?}"
            );
        }
        for host in ["db", "db-1.example.com", "127.0.0.1", "::1", "my_db"] {
            config(json!({"host": host, "database": "d"}));
        }
    }

    #[test]
    fn names_of_tables_are_plain() {
        config(json!({"tables": {"orders": {"total": "integer"}}}));
        for (table, column) in [
            ("a b", "c"),
            ("a", "c\""),
            ("", "c"),
            ("1a", "c"),
            ("a", "id"),
            ("sqlite_a", "b"),
        ] {
            let bad = json!({"tables": {table: {column: "text"}}});
            let bad = serde_json::from_value::<DatabaseConfig>(bad);
            assert!(bad.is_err(), "{table}.{column}");
        }
    }

    #[test]
    fn the_password_is_not_printed() {
        let config = config(json!({"host": "h", "database": "d", "password": "hunter2"}));
        assert!(!format!("{config:?}").contains("hunter2"));
    }
}
