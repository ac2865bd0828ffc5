//! The database that config chooses.

use std::path::Path;

use plugin_contracts::Row;
use plugin_core::{Meter, Result};
use serde_json::Value;
use sqlx::{MySql, Sqlite};

use crate::config::{DatabaseConfig, Target};
use crate::store::{Saving, Store};
use crate::{mysql, sqlite};

/// A database of one of the two kinds.
#[derive(Debug)]
pub(crate) enum Backend {
    Sqlite(Store<Sqlite>),
    MySql(Store<MySql>),
}

/// Calls a method of the store of either kind.
macro_rules! either {
    ($backend:expr, $store:ident => $call:expr) => {
        match $backend {
            Backend::Sqlite($store) => $call,
            Backend::MySql($store) => $call,
        }
    };
}

impl Backend {
    /// Opens the database that config describes.
    ///
    /// # Errors
    ///
    /// Returns an error if the config is inconsistent, or if the database can't be opened.
    pub(crate) async fn open(config: &DatabaseConfig, data_dir: &Path) -> Result<Self> {
        config.check_tables()?;
        let limits = config.limits();
        Ok(match config.target(data_dir)? {
            Target::Sqlite(path) => {
                Self::Sqlite(Store::open(sqlite::open(&path, limits).await?, config).await?)
            }
            Target::Mysql(server) => {
                Self::MySql(Store::open(mysql::open(&server, limits).await?, config).await?)
            }
        })
    }

    pub(crate) fn measure(&self, meter: &Meter) -> Result<()> {
        either!(self, store => store.measure(meter))
    }

    pub(crate) async fn insert(&self, table: &str, row: &Row) -> Result<i64> {
        either!(self, store => store.insert(table, row).await)
    }

    pub(crate) async fn save(&self, rows: &[Saving<'_>]) -> Result<Vec<Result<i64>>> {
        either!(self, store => store.save(rows).await)
    }

    pub(crate) async fn query(&self, query: &str, params: &[Value]) -> Result<Vec<Row>> {
        either!(self, store => store.query(query, params).await)
    }

    pub(crate) async fn ask(&self, query: &str, params: &[Value]) -> Result<Vec<Row>> {
        either!(self, store => store.ask(query, params).await)
    }

    pub(crate) async fn execute(&self, sql: &str, params: &[Value]) -> Result<u64> {
        either!(self, store => store.execute(sql, params).await)
    }

    pub(crate) async fn health(&self) -> Result<()> {
        either!(self, store => store.health().await)
    }

    pub(crate) async fn close(&self) {
        either!(self, store => store.close().await);
    }
}

#[cfg(test)]
mod tests;
