//! Inserts, removes and reads rows of the tables.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use plugin_core::event::IdempotencyKey;
use plugin_core::event::store::{
    Record, Stock, Stored, SubscriptionName, Suspicion, Ticket, Window,
};
use plugin_core::trace::TraceContext;
use sqlx::sqlite::{SqliteConnection, SqlitePool, SqliteRow};
use sqlx::{QueryBuilder, Row};

use crate::request::Size;

/// Most rows in one statement.
pub(crate) const CHUNK: usize = 64;

/// The size of what waits in the file.
pub(crate) async fn held(connection: &mut SqliteConnection) -> sqlx::Result<Size> {
    let sql = "SELECT coalesce(sum(events), 0), coalesce(sum(bytes), 0) FROM subscriptions";
    let (events, bytes) = sqlx::query_as::<_, (i64, i64)>(sql)
        .fetch_one(connection)
        .await?;
    Ok(Size {
        events: events.unsigned_abs(),
        bytes: bytes.unsigned_abs(),
    })
}

/// The number of a subscription, which is added if it is unknown.
pub(crate) async fn subscription(
    connection: &mut SqliteConnection,
    name: &SubscriptionName,
) -> sqlx::Result<i64> {
    // The update changes nothing. Without it, an existing row would not be returned.
    let sql = "INSERT INTO subscriptions (plugin, handler, topic) VALUES (?, ?, ?) \
        ON CONFLICT DO UPDATE SET topic = excluded.topic RETURNING id";
    sqlx::query_scalar(sql)
        .bind(name.plugin.to_string())
        .bind(name.handler.to_string())
        .bind(name.topic.to_string())
        .fetch_one(connection)
        .await
}

/// Inserts events and returns their positions. An event whose key exists is not inserted again.
pub(crate) async fn insert(
    connection: &mut SqliteConnection,
    subscription: i64,
    events: &[Record],
) -> sqlx::Result<Vec<u64>> {
    let mut positions = Vec::with_capacity(events.len());
    for chunk in events.chunks(CHUNK) {
        let found = insert_chunk(connection, subscription, chunk).await?;
        for event in chunk {
            let position = found.get(&event.key.as_u128());
            positions.push(*position.ok_or(sqlx::Error::RowNotFound)?);
        }
    }
    Ok(positions)
}

async fn insert_chunk(
    connection: &mut SqliteConnection,
    subscription: i64,
    events: &[Record],
) -> sqlx::Result<HashMap<u128, u64>> {
    let mut sql = QueryBuilder::new(
        "INSERT INTO events (subscription, key, source, published_ms, traceparent, data) ",
    );
    sql.push_values(events, |mut row, event| {
        row.push_bind(subscription)
            .push_bind(event.key.as_u128().to_be_bytes().to_vec())
            .push_bind(event.source.to_string())
            .push_bind(millis(event.published))
            .push_bind(event.parent.map(TraceContext::to_stored))
            .push_bind(event.data.to_string());
    });
    // The same as above.
    sql.push(" ON CONFLICT (key) DO UPDATE SET key = excluded.key RETURNING seq, key");
    let rows = sql.build().fetch_all(connection).await?;
    rows.iter()
        .map(|row| {
            let key: &[u8] = row.try_get(1)?;
            Ok((number(key).unwrap_or(0), position(row.try_get(0)?)))
        })
        .collect()
}

/// Removes events, and returns their size.
pub(crate) async fn delete(
    connection: &mut SqliteConnection,
    subscription: i64,
    positions: &[u64],
) -> sqlx::Result<Size> {
    let sql = "DELETE FROM events WHERE subscription = ? AND seq IN (SELECT value FROM json_each(?)) \
        RETURNING octet_length(data)";
    let gone = sqlx::query_scalar(sql)
        .bind(subscription)
        .bind(list(positions))
        .fetch_all(connection)
        .await?;
    Ok(size(&gone))
}

/// The events of a subscription that are not settled.
pub(crate) async fn pending(
    pool: &SqlitePool,
    name: &SubscriptionName,
    (window, max_crashes): (Window, u32),
) -> sqlx::Result<Vec<Stored>> {
    let sql = "SELECT seq, key, source, published_ms, traceparent, data,
            CASE WHEN seq <= (SELECT value FROM counters WHERE name = 'left') THEN crashes END AS crashes
        FROM (
            SELECT seq, key, source, published_ms, traceparent, data, crashes,
                coalesce(sum(octet_length(data)) OVER (ORDER BY seq ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS before
            FROM (
                SELECT seq, key, source, published_ms, traceparent, data, crashes FROM events
                WHERE subscription = (SELECT id FROM subscriptions WHERE plugin = ? AND handler = ? AND topic = ?)
                    AND seq > ? ORDER BY seq LIMIT ?
            )
        ) WHERE before < ? ORDER BY seq";
    let rows = sqlx::query(sql)
        .bind(name.plugin.to_string())
        .bind(name.handler.to_string())
        .bind(name.topic.to_string())
        .bind(signed(window.after))
        .bind(signed(window.events as u64))
        .bind(signed(window.bytes as u64))
        .fetch_all(pool)
        .await?;
    rows.iter().map(|row| stored(row, max_crashes)).collect()
}

/// The stored events by subscription. Events are counted already; the first in order is assumed to
/// be the oldest, and letters are counted by one scan of an index.
pub(crate) const STOCK: &str = "WITH dead AS (
            SELECT plugin, handler, topic, count(*) AS letters
            FROM dead_letters GROUP BY plugin, handler, topic
        )
        SELECT plugin, handler, topic, events, bytes, coalesce(letters, 0), waiting, dropped,
            (SELECT published_ms FROM events WHERE subscription = id ORDER BY seq LIMIT 1)
        FROM subscriptions LEFT JOIN dead USING (plugin, handler, topic)
        ORDER BY plugin, handler, topic";

/// Reads [`STOCK`].
pub(crate) async fn stock(connection: &mut SqliteConnection) -> sqlx::Result<Vec<Stock>> {
    let rows = sqlx::query(STOCK).fetch_all(connection).await?;
    rows.iter().map(stocked).collect()
}

/// The subscription with the most events.
pub(crate) async fn largest(
    connection: &mut SqliteConnection,
) -> sqlx::Result<Option<SubscriptionName>> {
    let sql = "SELECT plugin, handler, topic FROM subscriptions WHERE events > 0
        ORDER BY events DESC LIMIT 1";
    let row: Option<(String, String, String)> =
        sqlx::query_as(sql).fetch_optional(connection).await?;
    Ok(row.map(|(plugin, handler, topic)| SubscriptionName {
        plugin: plugin.into(),
        handler: handler.into(),
        topic: topic.into(),
    }))
}

fn stocked(row: &SqliteRow) -> sqlx::Result<Stock> {
    let name = SubscriptionName {
        plugin: row.try_get::<String, _>(0)?.into(),
        handler: row.try_get::<String, _>(1)?.into(),
        topic: row.try_get::<String, _>(2)?.into(),
    };
    let count = |at| row.try_get::<i64, _>(at).map(i64::unsigned_abs);
    let stock = Stock::new(name, count(3)?, count(4)?, count(5)?);
    let oldest = row.try_get::<Option<i64>, _>(8)?;
    let oldest = oldest.map(|millis| UNIX_EPOCH + Duration::from_millis(millis.unsigned_abs()));
    Ok((stock.waiting(count(6)?).dropped(count(7)?)).oldest(oldest))
}

/// Records how many events of a subscription wait for room.
pub(crate) async fn wait(
    connection: &mut SqliteConnection,
    subscription: i64,
    events: u64,
) -> sqlx::Result<()> {
    let noted = sqlx::query("UPDATE subscriptions SET waiting = ? WHERE id = ?")
        .bind(signed(events))
        .bind(subscription);
    noted.execute(connection).await.map(drop)
}

/// The part of an event that is stored beside its letter.
pub(crate) struct Buried {
    pub(crate) published_ms: i64,
    /// The letter that it was before.
    pub(crate) letter: Option<String>,
}

/// Events of a subscription that become dead letters, by their positions.
pub(crate) async fn buried(
    connection: &mut SqliteConnection,
    subscription: i64,
    positions: &[u64],
) -> sqlx::Result<HashMap<u64, Buried>> {
    let sql = "SELECT seq, published_ms, letter FROM events \
        WHERE subscription = ? AND seq IN (SELECT value FROM json_each(?))";
    let rows: Vec<(i64, i64, Option<String>)> = sqlx::query_as(sql)
        .bind(subscription)
        .bind(list(positions))
        .fetch_all(connection)
        .await?;
    let buried = rows.into_iter().map(|(seq, published_ms, letter)| {
        let event = Buried {
            published_ms,
            letter,
        };
        (position(seq), event)
    });
    Ok(buried.collect())
}

fn stored(row: &SqliteRow, max_crashes: u32) -> sqlx::Result<Stored> {
    let key: &[u8] = row.try_get("key")?;
    let key = number(key).and_then(IdempotencyKey::from_u128);
    let published: i64 = row.try_get("published_ms")?;
    let data: String = row.try_get("data")?;
    let parent: Option<String> = row.try_get("traceparent")?;
    Ok(Stored {
        position: position(row.try_get("seq")?),
        record: Record {
            key: key.ok_or_else(|| sqlx::Error::Decode("a key of 16 bytes".into()))?,
            source: row.try_get::<String, _>("source")?.into(),
            published: UNIX_EPOCH + Duration::from_millis(published.unsigned_abs()),
            parent: parent.and_then(|span| TraceContext::from_stored(&span).ok()),
            data: Arc::from(data),
            ticket: Ticket::default(),
        },
        suspicion: suspicion(row.try_get("crashes")?, max_crashes),
    })
}

fn suspicion(crashes: Option<u32>, max_crashes: u32) -> Suspicion {
    match crashes {
        None => Suspicion::None,
        Some(crashes) if crashes < max_crashes => Suspicion::Suspect { crashes },
        Some(crashes) => Suspicion::Poison { crashes },
    }
}

pub(crate) fn number(key: &[u8]) -> Option<u128> {
    Some(u128::from_be_bytes(key.try_into().ok()?))
}

pub(crate) fn millis(time: SystemTime) -> i64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// Positions are from `AUTOINCREMENT`, which counts up from 1.
pub(crate) fn position(seq: i64) -> u64 {
    seq.unsigned_abs()
}

pub(crate) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

pub(crate) fn list(positions: &[u64]) -> String {
    serde_json::Value::from(positions).to_string()
}

fn size(rows: &[i64]) -> Size {
    Size {
        events: rows.len() as u64,
        bytes: rows.iter().map(|bytes| bytes.unsigned_abs()).sum(),
    }
}
