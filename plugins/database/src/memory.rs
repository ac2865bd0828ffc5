//! Remembers which events were saved: a table with the key of each event and of its row, which is
//! written in the transaction that saves the row. So a `data.save` that is delivered again is
//! recognized, whatever was lost in between.

use std::collections::BTreeMap;

use plugin_contracts::Row;
use plugin_core::Result;
use serde_json::Value;

use crate::config::{ColumnKind, Limits};
use crate::dialect::Dialect;
use crate::error::classify_write;
use crate::param::Param;

/// Its name; no declared table may have it.
pub(crate) const TABLE: &str = "database_plugin_saves";

/// Rows that were saved before or are saved now, by the keys of their events.
pub(crate) type Saved = BTreeMap<String, i64>;

/// The statement that creates the table.
pub(crate) fn table<D: Dialect>() -> String {
    format!(
        "CREATE TABLE IF NOT EXISTS {TABLE} (id {}, event {} NOT NULL UNIQUE, saved {} NOT NULL){}",
        D::KEY,
        D::EVENT_KEY,
        D::column_type(ColumnKind::Integer),
        D::TABLE_OPTIONS
    )
}

/// The rows of events that were saved before.
///
/// # Errors
///
/// Returns an error if the database fails.
pub(crate) async fn recall<D: Dialect>(
    connection: &mut D::Connection,
    events: Vec<String>,
    limits: Limits,
) -> Result<Saved> {
    let marks = vec!["?"; events.len()].join(", ");
    let sql = format!("SELECT event, saved FROM {TABLE} WHERE event IN ({marks})");
    let events = events.into_iter().map(Param::Text).collect();
    let limits = Limits {
        rows: usize::MAX,
        result_bytes: usize::MAX,
        ..limits
    };
    let rows = D::read(connection, &sql, events, limits).await?;
    let pair = |row: &Row| {
        let event = row.get("event").and_then(Value::as_str)?;
        Some((event.to_owned(), row.get("saved").and_then(Value::as_i64)?))
    };
    Ok(rows.iter().filter_map(pair).collect())
}

/// Records events that are saved now, and removes the oldest.
///
/// # Errors
///
/// Returns an error if the database fails.
pub(crate) async fn note<D: Dialect>(
    connection: &mut D::Connection,
    saved: Saved,
    remembered: u32,
) -> Result<()> {
    if saved.is_empty() || remembered == 0 {
        return Ok(());
    }
    let marks = vec!["(?, ?)"; saved.len()].join(", ");
    let sql = format!("INSERT INTO {TABLE} (event, saved) VALUES {marks}");
    let params = saved
        .into_iter()
        .flat_map(|(event, row)| [Param::Text(event), Param::Integer(row)])
        .collect();
    let noted = D::execute(connection, &sql, params).await;
    // If another process has saved one of them meanwhile, the next attempt finds it.
    let last = noted.map_err(|error| classify_write(error, true))?.key;
    let oldest = last.saturating_sub(i64::from(remembered));
    if oldest > 0 {
        let sql = format!("DELETE FROM {TABLE} WHERE id <= ?");
        let forgotten = D::execute(connection, &sql, vec![Param::Integer(oldest)]).await;
        forgotten.map_err(|error| classify_write(error, false))?;
    }
    Ok(())
}

/// Writes a row and removes it again, to check whether the database accepts writes.
///
/// # Errors
///
/// Returns an error if it does not.
pub(crate) async fn try_write<D: Dialect>(connection: &mut D::Connection) -> sqlx::Result<()> {
    let write = format!("REPLACE INTO {TABLE} (event, saved) VALUES ('probe', 0)");
    let remove = format!("DELETE FROM {TABLE} WHERE event = 'probe'");
    for sql in [write, remove] {
        D::execute(connection, &sql, Vec::new()).await?;
    }
    Ok(())
}
