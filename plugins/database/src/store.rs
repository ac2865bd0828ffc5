//! All operations on the database, written once for both drivers.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use plugin_contracts::Row;
use plugin_core::event::IdempotencyKey;
use plugin_core::{Error, ErrorExt, Meter, Result};
use serde_json::Value;
use sqlx::{AssertSqlSafe, Connection};

use crate::config::{ColumnKind, DatabaseConfig, Limits, Tables};
use crate::dialect::{Dialect, Done, Stopped};
use crate::error::{self, classify, classify_write};
use crate::health::{self, Begun, Writes};
use crate::memory::{self, Saved};
use crate::param::Param;
use crate::query;
use crate::reach::{Lease, Reach};
use crate::schema::{Insert, Schema, quoted};

/// An open database.
#[derive(Debug)]
pub(crate) struct Store<D: Dialect> {
    writer: Reach<D>,
    reader: Reach<D>,
    limits: Limits,
    declared: Tables,
    schema: RwLock<Arc<Schema>>,
    writes: Writes,
}

/// A row that an event saves.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Saving<'a> {
    /// The key of the event, which is the same for each delivery.
    pub(crate) event: IdempotencyKey,
    pub(crate) table: &'a str,
    pub(crate) row: &'a Row,
}

impl<D: Dialect> Store<D> {
    /// Creates the declared tables that are missing, and reads which tables exist.
    ///
    /// # Errors
    ///
    /// Returns an error if the database fails, or if a table is not as declared.
    pub(crate) async fn open(
        (writer, reader): (Reach<D>, Reach<D>),
        config: &DatabaseConfig,
    ) -> Result<Self> {
        let store = Self {
            writer,
            reader,
            limits: config.limits(),
            declared: config.tables.clone(),
            schema: RwLock::default(),
            writes: Writes::default(),
        };
        store.make_tables().await?;
        store.read_schema().await?;
        store.warn_of_narrow_columns().await?;
        Ok(store)
    }

    /// Adds the use of its connections to the plugin's metrics. For SQLite, these are the
    /// connections for reading; there is one more for writing.
    ///
    /// # Errors
    ///
    /// Returns an error if these metrics exist already.
    pub(crate) fn measure(&self, meter: &Meter) -> Result<()> {
        self.reader.measure(meter)
    }

    async fn make_tables(&self) -> Result<()> {
        let mut lease = self.writer.lease(self.limits.query).await?;
        let declared = self.declared.iter();
        let tables =
            declared.map(|(table, columns)| (table.as_str(), declaration::<D>(table, columns)));
        let own = [(memory::TABLE, memory::table::<D>())];
        for (table, sql) in own.into_iter().chain(tables) {
            let made = D::execute(lease.connection()?, &sql, Vec::new()).await;
            made.map_err(|error| classify(error).context(format!("can't make table `{table}`")))?;
        }
        lease.give_back();
        Ok(())
    }

    async fn read_schema(&self) -> Result<()> {
        let found = self.catalogue(D::COLUMNS).await?;
        let found = found
            .iter()
            .map(|row| (text(row, "table_name"), text(row, "column_name")));
        let schema = Arc::new(Schema::new(found.collect(), &self.declared)?);
        *self.schema.write().unwrap_or_else(PoisonError::into_inner) = schema;
        Ok(())
    }

    /// The database's information about itself, without a limit on its size.
    async fn catalogue(&self, sql: &str) -> Result<Vec<Row>> {
        let unbounded = Limits {
            rows: usize::MAX,
            result_bytes: usize::MAX,
            ..self.limits
        };
        self.read(sql, Vec::new(), unbounded).await
    }

    /// Logs a warning about tables with another charset, which can't contain every text and refuse
    /// some.
    async fn warn_of_narrow_columns(&self) -> Result<()> {
        let Some(sql) = D::NARROW_COLUMNS else {
            return Ok(());
        };
        let mut tables: BTreeMap<String, (String, Vec<String>)> = BTreeMap::new();
        for row in self.catalogue(sql).await? {
            let table = tables.entry(text(&row, "table_name")).or_default();
            table.0 = text(&row, "charset");
            table.1.push(text(&row, "column_name"));
        }
        tables.remove(memory::TABLE);
        for (table, (charset, columns)) in tables {
            tracing::warn!(
                table,
                charset,
                columns = columns.join(", "),
                "texts that this charset lacks will be refused: run \
                 `ALTER TABLE {table} CONVERT TO CHARACTER SET utf8mb4`"
            );
        }
        Ok(())
    }

    fn schema(&self) -> Arc<Schema> {
        Arc::clone(&self.schema.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Inserts a row for a plugin.
    ///
    /// # Errors
    ///
    /// Returns an error if the table, columns or values do not fit, or if the database fails.
    pub(crate) async fn insert(&self, table: &str, row: &Row) -> Result<i64> {
        let insert = self.schema().insert(D::QUOTE, table, row)?;
        Ok(self.run(&insert.sql, insert.params).await?.key)
    }

    /// Inserts rows for events in one transaction. If a row is refused, the others are still saved;
    /// a row that was saved before is not saved again.
    ///
    /// # Errors
    ///
    /// Returns an error if the transaction failed. Then either no row is saved, or it is not known;
    /// the events can be delivered again in both cases.
    pub(crate) async fn save(&self, rows: &[Saving<'_>]) -> Result<Vec<Result<i64>>> {
        let limit = self.limit_of(rows.len());
        let begun = self.writes.begin();
        let saved = self
            .writer
            .within(limit, self.transaction(rows, limit, &begun))
            .await;
        begun.went(&saved);
        saved
    }

    /// Each statement may take `query_timeout`.
    fn limit_of(&self, rows: usize) -> Duration {
        let statements = u32::try_from(rows).unwrap_or(u32::MAX).saturating_add(4);
        self.limits.query.saturating_mul(statements)
    }

    async fn transaction(
        &self,
        rows: &[Saving<'_>],
        limit: Duration,
        begun: &Begun<'_>,
    ) -> Result<Vec<Result<i64>>> {
        let mut lease = self.writer.lease(limit).await?;
        let saved = self.save_all(lease.connection()?, rows, begun).await;
        // After a failure, the state of the connection is not known: a server may not answer to the
        // rollback, and if the disk is full, SQLite rolls back by itself without notifying the
        // driver.
        if saved.is_ok() {
            lease.give_back();
            return saved;
        }
        drop(lease);
        if D::IN_THIS_PROCESS {
            // A writer creates the additional files of the database, without which readers can't
            // open it. If there is no writer now, the next save reports that.
            drop(self.writer.lease(limit).await.map(Lease::give_back));
        }
        saved
    }

    async fn save_all(
        &self,
        connection: &mut D::Connection,
        rows: &[Saving<'_>],
        begun: &Begun<'_>,
    ) -> Result<Vec<Result<i64>>> {
        let begin = connection.begin_with(AssertSqlSafe(D::BEGIN)).await;
        let mut transaction = begin.map_err(|error| classify_write(error, false))?;
        if D::IN_THIS_PROCESS {
            begun.has_lock();
        }
        let events = rows.iter().map(|row| row.event.to_string()).collect();
        let mut known = memory::recall::<D>(&mut transaction, events, self.limits).await?;
        let mut new = Saved::new();
        let mut outcomes = Vec::with_capacity(rows.len());
        for row in rows {
            let event = row.event.to_string();
            if let Some(key) = known.get(&event) {
                outcomes.push(Ok(*key));
                continue;
            }
            let outcome = self.save_one(&mut transaction, row).await?;
            if let Ok(key) = outcome {
                known.insert(event.clone(), key);
                new.insert(event, key);
            }
            outcomes.push(outcome);
        }
        memory::note::<D>(&mut transaction, new, self.limits.remembered).await?;
        let committed = transaction.commit().await;
        committed.map_err(|error| classify_write(error, true))?;
        Ok(outcomes)
    }

    /// The inner result belongs to the row; the outer one belongs to the whole transaction, which a
    /// lost connection or a deadlock ends.
    async fn save_one(
        &self,
        connection: &mut D::Connection,
        row: &Saving<'_>,
    ) -> Result<Result<i64>> {
        let insert = match self.insertion(row) {
            Ok(insert) => insert,
            Err(error) => return Ok(Err(error)),
        };
        let done = D::execute(connection, &insert.sql, insert.params).await;
        match done.map_err(|error| classify_write(error, false)) {
            Ok(done) => Ok(Ok(done.key)),
            Err(error) if error.kind().is_retriable() => Err(error),
            Err(error) => Ok(Err(error)),
        }
    }

    fn insertion(&self, row: &Saving<'_>) -> Result<Insert> {
        let schema = self.schema();
        schema.check_open(row.table, row.row)?;
        let insert = schema.insert(D::QUOTE, row.table, row.row)?;
        for (name, param) in row.row.keys().zip(&insert.params) {
            let what = || format!("column `{}.{name}`", row.table);
            self.check_size(param)
                .map_err(|error| error.context(what()))?;
        }
        Ok(insert)
    }

    fn check_size(&self, param: &Param) -> Result<()> {
        let (bytes, most) = (param.size(), self.limits.value_bytes);
        if bytes <= most {
            return Ok(());
        }
        Err(Error::external(format!(
            "{bytes} bytes are more than the {most} that `max_value_bytes` allows"
        )))
    }

    /// Runs a `SELECT` of a plugin.
    ///
    /// # Errors
    ///
    /// Returns an error if it is not a single `SELECT`, or if the database refuses it.
    pub(crate) async fn query(&self, query: &str, params: &[Value]) -> Result<Vec<Row>> {
        let query = query::single_select(D::GRAMMAR, query)?;
        self.read(query, Param::all(params)?, self.limits).await
    }

    /// Runs the query of an event, in the rewritten form and not as its text.
    ///
    /// # Errors
    ///
    /// Returns an error if it is not a query of open tables, or if the database refuses it.
    pub(crate) async fn ask(&self, query: &str, params: &[Value]) -> Result<Vec<Row>> {
        let checked = query::check(D::GRAMMAR, query, params, self.schema().open())?;
        for param in &checked.params {
            self.check_size(param).context("a parameter")?;
        }
        self.read(&checked.sql, checked.params, self.limits).await
    }

    async fn read(&self, sql: &str, params: Vec<Param>, limits: Limits) -> Result<Vec<Row>> {
        let work = async {
            let mut lease = self.reader.lease(limits.query).await?;
            let found = D::query(lease.connection()?, sql, params, limits).await;
            if found.as_ref().err().is_none_or(Stopped::leaves_it_whole) {
                lease.give_back();
            }
            Ok(found?)
        };
        let waiting = limits.query.saturating_add(limits.connect);
        self.reader.within(waiting, work).await
    }

    /// Runs any other statement of a plugin.
    ///
    /// # Errors
    ///
    /// Returns an error if the database refuses it.
    pub(crate) async fn execute(&self, sql: &str, params: &[Value]) -> Result<u64> {
        let done = self.run(&D::portable(sql), Param::all(params)?).await?;
        if changes_schema(sql) {
            self.read_schema()
                .await
                .context("reading the tables anew")?;
        }
        Ok(done.changed)
    }

    async fn run(&self, sql: &str, params: Vec<Param>) -> Result<Done> {
        let work = async {
            let mut lease: Lease<D> = self.writer.lease(self.limits.query).await?;
            let done = D::execute(lease.connection()?, sql, params).await;
            if done.as_ref().err().is_none_or(error::is_answer) {
                lease.give_back();
            }
            done.map_err(|error| classify_write(error, false))
        };
        let waiting = self.limits.query.saturating_add(self.limits.connect);
        let begun = self.writes.begin();
        let done = self.writer.within(waiting, work).await;
        match &done {
            Err(error) if !error.kind().is_retriable() => begun.tells_nothing(),
            _ => begun.went(&done),
        }
        done
    }

    /// Checks whether the database can be reached and accepts writes.
    ///
    /// # Errors
    ///
    /// Returns the reason if it can't or does not.
    pub(crate) async fn health(&self) -> Result<()> {
        health::check((&self.writer, &self.reader), &self.writes).await
    }

    /// Closes all connections, when their work is done.
    pub(crate) async fn close(&self) {
        self.reader.close().await;
        self.writer.close().await;
    }
}

fn declaration<D: Dialect>(table: &str, columns: &BTreeMap<String, ColumnKind>) -> String {
    let mut sql = format!(
        "CREATE TABLE IF NOT EXISTS {} (id {}",
        quoted(D::QUOTE, table),
        D::KEY
    );
    for (column, kind) in columns {
        sql += &format!(", {} {}", quoted(D::QUOTE, column), D::column_type(*kind));
    }
    sql + ")" + D::TABLE_OPTIONS
}

fn text(row: &Row, key: &str) -> String {
    let text = row.get(key).and_then(Value::as_str);
    text.unwrap_or_default().to_owned()
}

fn changes_schema(sql: &str) -> bool {
    let first = sql.split_whitespace().next().unwrap_or_default();
    ["create", "alter", "drop", "rename"]
        .iter()
        .any(|word| first.eq_ignore_ascii_case(word))
}
