//! Dead letters: stored, read, requested and removed. Each of these needs only a few statements for
//! many letters.

use std::borrow::Cow;
use std::time::SystemTime;

use plugin_core::event::{DeadLetter, DeadLetterId, DeadLetterPage, DeadLetterQuery};
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use sqlx::{QueryBuilder, Row, Sqlite};

use crate::request::Size;
use crate::rows::{CHUNK, millis, signed};

/// The place of an event before it became a letter.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place {
    pub(crate) position: u64,
    pub(crate) published_ms: i64,
}

/// A letter to store.
#[derive(Debug, Clone)]
pub(crate) struct Kept<'a> {
    pub(crate) letter: Cow<'a, DeadLetter>,
    /// Present for an event of a durable subscription.
    pub(crate) place: Option<Place>,
}

/// The number of letters.
pub(crate) async fn count(connection: &mut SqliteConnection) -> sqlx::Result<u64> {
    let count: i64 = sqlx::query_scalar("SELECT count(*) FROM dead_letters")
        .fetch_one(connection)
        .await?;
    Ok(count.unsigned_abs())
}

/// Stores letters, each in place of one with the same id; returns how many were replaced.
pub(crate) async fn put(
    connection: &mut SqliteConnection,
    letters: &[Kept<'_>],
) -> sqlx::Result<u64> {
    let ids: Vec<DeadLetterId> = letters.iter().map(|kept| kept.letter.id).collect();
    let replaced = remove(connection, &ids).await?;
    for chunk in letters.chunks(CHUNK) {
        let texts = chunk.iter().map(|kept| write(&kept.letter));
        let texts = texts.collect::<sqlx::Result<Vec<_>>>()?;
        let mut sql = QueryBuilder::<Sqlite>::new(
            "INSERT OR REPLACE INTO dead_letters \
            (id, plugin, handler, topic, seq, published_ms, letter) ",
        );
        sql.push_values(chunk.iter().zip(texts), |mut row, (kept, text)| {
            let (letter, place) = (&kept.letter, kept.place);
            row.push_bind(letter.id.to_string())
                .push_bind(letter.plugin.clone())
                .push_bind(letter.handler.clone())
                .push_bind(letter.topic.clone())
                .push_bind(place.map(|place| signed(place.position)))
                .push_bind(place.map(|place| place.published_ms))
                .push_bind(text);
        });
        sql.build().execute(&mut *connection).await?;
    }
    Ok(replaced)
}

/// Removes the oldest letters, and returns them.
pub(crate) async fn trim(
    connection: &mut SqliteConnection,
    too_many: u64,
) -> sqlx::Result<Vec<String>> {
    let sql = "DELETE FROM dead_letters WHERE id IN (
            SELECT id FROM dead_letters ORDER BY id LIMIT ?
        ) RETURNING id";
    let gone = sqlx::query_scalar(sql).bind(signed(too_many));
    gone.fetch_all(connection).await
}

/// Removes letters; returns how many existed.
pub(crate) async fn remove(
    connection: &mut SqliteConnection,
    ids: &[DeadLetterId],
) -> sqlx::Result<u64> {
    let sql = "DELETE FROM dead_letters WHERE id IN (SELECT value FROM json_each(?))";
    let gone = sqlx::query(sql).bind(list_of(ids)).execute(connection);
    Ok(gone.await?.rows_affected())
}

/// Turns a letter into an event again; returns its size, and whether the letter existed. An event
/// that is pending already is kept.
pub(crate) async fn revive(
    connection: &mut SqliteConnection,
    subscription: i64,
    letter: &DeadLetter,
) -> sqlx::Result<(Size, bool)> {
    let place: Option<(Option<i64>, Option<i64>)> =
        sqlx::query_as("DELETE FROM dead_letters WHERE id = ? RETURNING seq, published_ms")
            .bind(letter.id.to_string())
            .fetch_optional(&mut *connection)
            .await?;
    let was_there = place.is_some();
    let (seq, published) = place.unwrap_or_default();
    let key = letter.key.map(|key| key.as_u128().to_be_bytes().to_vec());
    let data = letter.data.to_string();
    let size = Size {
        events: 1,
        bytes: data.len() as u64,
    };
    let sql = "INSERT INTO events \
        (seq, subscription, key, source, published_ms, traceparent, data, letter) \
        VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING";
    let made = sqlx::query(sql)
        .bind(seq)
        .bind(subscription)
        .bind(key)
        .bind(letter.source.clone())
        .bind(published.unwrap_or_else(|| millis(SystemTime::now())))
        .bind(letter.trace.map(|span| span.to_string()))
        .bind(data)
        .bind(write(letter)?)
        .execute(connection)
        .await?;
    let is_new = made.rows_affected() > 0;
    Ok((if is_new { size } else { Size::default() }, was_there))
}

/// The condition on `plugin` and `topic` that selects letters.
const WANTED: &str = "(?1 IS NULL OR plugin = ?1) AND (?2 IS NULL OR topic = ?2)";

/// Some letters, oldest first. A page begins where the previous one ended, without reading that
/// again.
pub(crate) async fn list(
    connection: &mut SqliteConnection,
    query: &DeadLetterQuery,
) -> sqlx::Result<DeadLetterPage> {
    let sql = where_wanted(
        "SELECT letter FROM dead_letters WHERE ",
        " AND id > ?3 ORDER BY id LIMIT ?4",
    );
    let rows = sqlx::query(sqlx::AssertSqlSafe(sql))
        .bind(query.plugin.clone())
        .bind(query.topic.clone())
        .bind(query.after.map_or_else(String::new, |id| id.to_string()))
        .bind(signed(query.limit.saturating_add(1) as u64))
        .fetch_all(connection)
        .await?;
    let mut letters: Vec<DeadLetter> = rows.iter().map(read).collect::<sqlx::Result<_>>()?;
    let there_is_more = letters.len() > query.limit;
    letters.truncate(query.limit);
    let last = letters.last().map(|letter| letter.id);
    Ok(DeadLetterPage {
        letters,
        next: last.filter(|_| there_is_more),
    })
}

/// The number of letters that a query selects, on all of its pages.
pub(crate) async fn total(
    connection: &mut SqliteConnection,
    query: &DeadLetterQuery,
) -> sqlx::Result<u64> {
    let sql = where_wanted("SELECT count(*) FROM dead_letters WHERE ", "");
    let total: i64 = sqlx::query_scalar(sqlx::AssertSqlSafe(sql))
        .bind(query.plugin.clone())
        .bind(query.topic.clone())
        .fetch_one(connection)
        .await?;
    Ok(total.unsigned_abs())
}

fn where_wanted(before: &str, after: &str) -> String {
    [before, WANTED, after].concat()
}

/// One letter; `None` if there is no letter with this id.
pub(crate) async fn show(
    connection: &mut SqliteConnection,
    id: DeadLetterId,
) -> sqlx::Result<Option<DeadLetter>> {
    let row = sqlx::query("SELECT letter FROM dead_letters WHERE id = ?")
        .bind(id.to_string())
        .fetch_optional(connection)
        .await?;
    row.as_ref().map(read).transpose()
}

/// The text of a letter.
fn write(letter: &DeadLetter) -> sqlx::Result<String> {
    serde_json::to_string(letter).map_err(|error| sqlx::Error::Encode(error.into()))
}

fn read(row: &SqliteRow) -> sqlx::Result<DeadLetter> {
    parse(row.try_get(0)?)
}

/// Parses a letter from the file.
pub(crate) fn parse(letter: &str) -> sqlx::Result<DeadLetter> {
    serde_json::from_str(letter).map_err(|error| sqlx::Error::Decode(error.into()))
}

/// Ids as a JSON array.
pub(crate) fn list_of(ids: &[DeadLetterId]) -> String {
    let ids: Vec<String> = ids.iter().map(DeadLetterId::to_string).collect();
    serde_json::Value::from(ids).to_string()
}
