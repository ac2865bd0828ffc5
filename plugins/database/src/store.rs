//! Everything that is done with the database, written once for both drivers.

use std::sync::{Arc, PoisonError, RwLock};

use plugin_contracts::Row;
use plugin_core::{Error, ErrorExt, Result};
use serde_json::Value;
use sqlx::Pool;

use crate::config::{DatabaseConfig, Limits, Tables};
use crate::dialect::Dialect;
use crate::error::classify;
use crate::param::Param;
use crate::schema::{Insert, Schema, quoted};
use crate::statement;

/// An open database.
#[derive(Debug)]
pub(crate) struct Store<D: Dialect> {
    writer: Pool<D>,
    reader: Pool<D>,
    limits: Limits,
    declared: Tables,
    schema: RwLock<Arc<Schema>>,
}

impl<D: Dialect> Store<D> {
    /// Makes the declared tables that are absent and reads what tables there are.
    ///
    /// # Errors
    ///
    /// When the database refuses, or a table is not as declared.
    pub(crate) async fn open(pools: (Pool<D>, Pool<D>), config: &DatabaseConfig) -> Result<Self> {
        let store = Self {
            writer: pools.0,
            reader: pools.1,
            limits: config.limits(),
            declared: config.tables.clone(),
            schema: RwLock::default(),
        };
        store.make_tables().await?;
        store.read_schema().await?;
        Ok(store)
    }

    async fn make_tables(&self) -> Result<()> {
        let mut connection = self.writer.acquire().await.map_err(classify)?;
        for (table, columns) in &self.declared {
            let mut sql = format!(
                "CREATE TABLE IF NOT EXISTS {} (id {}",
                quoted(D::QUOTE, table),
                D::KEY
            );
            for (column, kind) in columns {
                sql += &format!(", {} {}", quoted(D::QUOTE, column), D::column_type(*kind));
            }
            sql += ")";
            sql += D::TABLE_OPTIONS;
            let made = D::execute(&mut connection, &sql, Vec::new()).await;
            made.map_err(|error| classify(error).context(format!("can't make table `{table}`")))?;
        }
        Ok(())
    }

    async fn read_schema(&self) -> Result<()> {
        let unbounded = Limits {
            rows: usize::MAX,
            ..self.limits
        };
        let rows = D::query(&self.reader, D::COLUMNS, Vec::new(), unbounded).await?;
        let name = |row: &Row, key| {
            row.get(key)
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned()
        };
        let found = rows
            .iter()
            .map(|row| (name(row, "table_name"), name(row, "column_name")));
        let schema = Arc::new(Schema::new(found.collect(), &self.declared)?);
        *self.schema.write().unwrap_or_else(PoisonError::into_inner) = schema;
        Ok(())
    }

    fn schema(&self) -> Arc<Schema> {
        Arc::clone(&self.schema.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Inserts a row for a plugin.
    ///
    /// # Errors
    ///
    /// When table, columns or values don't fit, or the database refuses.
    pub(crate) async fn insert(&self, table: &str, row: &Row) -> Result<i64> {
        let insert = self.schema().insert(D::QUOTE, table, row)?;
        let mut connection = self.writer.acquire().await.map_err(classify)?;
        let done = D::execute(&mut connection, &insert.sql, insert.params).await;
        Ok(done.map_err(classify)?.key)
    }

    /// Inserts rows for events, in one transaction. A row that is refused does not keep the
    /// others from being saved.
    ///
    /// # Errors
    ///
    /// When the transaction failed: then none is saved.
    pub(crate) async fn save(&self, rows: &[(&str, &Row)]) -> Result<Vec<Result<i64>>> {
        let schema = self.schema();
        let inserts = rows.iter().map(|(table, row)| {
            schema.check_open(table)?;
            schema.insert(D::QUOTE, table, row)
        });
        let mut transaction = self.writer.begin_with(D::BEGIN).await.map_err(classify)?;
        let mut saved = Vec::with_capacity(rows.len());
        for insert in inserts {
            saved.push(self.save_one(&mut transaction, insert).await?);
        }
        transaction.commit().await.map_err(classify)?;
        Ok(saved)
    }

    /// The inner result is the row's; the outer one that of the whole transaction, which a lost
    /// connection or a deadlock ends.
    async fn save_one(
        &self,
        connection: &mut D::Connection,
        insert: Result<Insert>,
    ) -> Result<Result<i64>> {
        let insert = match insert {
            Ok(insert) => insert,
            Err(error) => return Ok(Err(error)),
        };
        match D::execute(connection, &insert.sql, insert.params)
            .await
            .map_err(classify)
        {
            Ok(done) => Ok(Ok(done.key)),
            Err(error) if error.kind().is_retriable() => Err(error),
            Err(error) => Ok(Err(error)),
        }
    }

    /// Runs a `SELECT` of a plugin.
    ///
    /// # Errors
    ///
    /// When it is no single `SELECT`, or the database refuses it.
    pub(crate) async fn query(&self, query: &str, params: &[Value]) -> Result<Vec<Row>> {
        let query = statement::single_select(query)?;
        D::query(&self.reader, query, Param::all(params)?, self.limits).await
    }

    /// Runs a `SELECT` of an event.
    ///
    /// # Errors
    ///
    /// As [`Store::query`]; also when it names a table that is not open to events.
    pub(crate) async fn ask(&self, query: &str, params: &[Value]) -> Result<Vec<Row>> {
        statement::names_none_of(query, self.schema().private())?;
        self.query(query, params).await
    }

    /// Runs any other statement of a plugin.
    ///
    /// # Errors
    ///
    /// When the database refuses it.
    pub(crate) async fn execute(&self, sql: &str, params: &[Value]) -> Result<u64> {
        let params = Param::all(params)?;
        let mut connection = self.writer.acquire().await.map_err(classify)?;
        let done = D::execute(&mut connection, sql, params)
            .await
            .map_err(classify)?;
        drop(connection);
        if changes_schema(sql) {
            self.read_schema()
                .await
                .context("reading the tables anew")?;
        }
        Ok(done.changed)
    }

    /// Asks the database for an answer.
    ///
    /// # Errors
    ///
    /// When there is none.
    pub(crate) async fn ping(&self) -> Result<()> {
        let rows = D::query(&self.reader, "SELECT 1", Vec::new(), self.limits).await?;
        if rows.len() == 1 {
            return Ok(());
        }
        Err(Error::external(
            "the database answers, but not with what it was asked",
        ))
    }

    /// Closes all connections, when what they do is done.
    pub(crate) async fn close(&self) {
        self.reader.close().await;
        self.writer.close().await;
    }
}

fn changes_schema(sql: &str) -> bool {
    let first = sql.split_whitespace().next().unwrap_or_default();
    ["create", "alter", "drop", "rename"]
        .iter()
        .any(|word| first.eq_ignore_ascii_case(word))
}
