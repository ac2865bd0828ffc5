//! The information about crashes in the file: whether the last process that served it crashed, what
//! it left, and which events were in a handler then.

use sqlx::sqlite::SqliteConnection;
use sqlx::{Executor, QueryBuilder};

use crate::rows::{CHUNK, signed};

/// A process serves the file from now on. If the previous one did not record its end, it crashed:
/// the events that it left are suspects, and a crash is counted for those that were called.
pub(crate) async fn begin(connection: &mut SqliteConnection) -> sqlx::Result<()> {
    let sql = "UPDATE events SET called = NULL,
            crashes = crashes + (SELECT value FROM counters WHERE name = 'serving')
            WHERE called NOT NULL;
        UPDATE counters SET value = (SELECT coalesce(max(seq), 0) FROM events)
            WHERE name = 'left' AND (SELECT value FROM counters WHERE name = 'serving');
        UPDATE counters SET value = 1 WHERE name = 'serving';
        UPDATE subscriptions SET waiting = 0 WHERE waiting > 0";
    connection.execute(sqlx::raw_sql(sql)).await.map(drop)
}

/// Records that the process ends without a crash.
pub(crate) async fn end(connection: &mut SqliteConnection) -> sqlx::Result<()> {
    let sql = "UPDATE counters SET value = 0 WHERE name = 'serving';
        UPDATE subscriptions SET waiting = 0 WHERE waiting > 0";
    connection.execute(sqlx::raw_sql(sql)).await.map(drop)
}

/// Records that suspects are about to be handled, or are not being handled any more.
pub(crate) async fn call(
    connection: &mut SqliteConnection,
    subscription: i64,
    (positions, is_called): (&[u64], bool),
) -> sqlx::Result<()> {
    for chunk in positions.chunks(CHUNK) {
        let mut sql = QueryBuilder::new("UPDATE events SET called = ");
        sql.push_bind(is_called.then_some(1))
            .push(" WHERE subscription = ")
            .push_bind(subscription)
            .push(" AND seq IN (");
        let mut list = sql.separated(", ");
        for &position in chunk {
            list.push_bind(signed(position));
        }
        sql.push(")");
        sql.build().execute(&mut *connection).await?;
    }
    Ok(())
}
