//! Dead letters: put in, looked at, asked for, taken out.

use std::time::SystemTime;

use plugin_core::event::{DeadLetter, DeadLetterId, DeadLetterPage, DeadLetterQuery};
use sqlx::Row;
use sqlx::sqlite::{SqliteConnection, SqliteRow};

use crate::request::Size;
use crate::rows::{millis, signed};

/// Where an event was before it became a letter.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place {
    pub(crate) position: u64,
    pub(crate) published_ms: i64,
}

/// Keeps a letter, in the place of one with the same id.
pub(crate) async fn put(
    connection: &mut SqliteConnection,
    letter: &DeadLetter,
    place: Option<Place>,
) -> sqlx::Result<()> {
    let sql = "INSERT OR REPLACE INTO dead_letters (id, plugin, topic, letter, seq, published_ms) \
        VALUES (?, ?, ?, ?, ?, ?)";
    sqlx::query(sql)
        .bind(letter.id.to_string())
        .bind(letter.plugin.clone())
        .bind(letter.topic.clone())
        .bind(write(letter)?)
        .bind(place.map(|place| signed(place.position)))
        .bind(place.map(|place| place.published_ms))
        .execute(connection)
        .await?;
    Ok(())
}

/// Takes the oldest letters out that are too many, and says which.
pub(crate) async fn trim(
    connection: &mut SqliteConnection,
    most: u32,
) -> sqlx::Result<Vec<String>> {
    let sql = "DELETE FROM dead_letters WHERE id IN (
            SELECT id FROM dead_letters ORDER BY id DESC LIMIT -1 OFFSET ?
        ) RETURNING id";
    sqlx::query_scalar(sql)
        .bind(most)
        .fetch_all(connection)
        .await
}

/// Takes a letter out; `false` if there is none of that id.
pub(crate) async fn remove(
    connection: &mut SqliteConnection,
    id: DeadLetterId,
) -> sqlx::Result<bool> {
    let gone = sqlx::query("DELETE FROM dead_letters WHERE id = ?")
        .bind(id.to_string())
        .execute(connection)
        .await?;
    Ok(gone.rows_affected() > 0)
}

/// Makes a letter an event again, and says how much it is. One that is pending already stays.
pub(crate) async fn revive(
    connection: &mut SqliteConnection,
    subscription: i64,
    letter: &DeadLetter,
) -> sqlx::Result<Size> {
    let place: Option<(Option<i64>, Option<i64>)> =
        sqlx::query_as("DELETE FROM dead_letters WHERE id = ? RETURNING seq, published_ms")
            .bind(letter.id.to_string())
            .fetch_optional(&mut *connection)
            .await?;
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
    Ok(if made.rows_affected() > 0 {
        size
    } else {
        Size::default()
    })
}

/// Some letters, oldest first.
pub(crate) async fn list(
    connection: &mut SqliteConnection,
    query: &DeadLetterQuery,
) -> sqlx::Result<DeadLetterPage> {
    let sql = "SELECT letter FROM dead_letters
        WHERE (?1 IS NULL OR plugin = ?1) AND (?2 IS NULL OR topic = ?2) AND (?3 IS NULL OR id > ?3)
        ORDER BY id LIMIT ?4";
    let rows = sqlx::query(sql)
        .bind(query.plugin.clone())
        .bind(query.topic.clone())
        .bind(query.after.map(|id| id.to_string()))
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

/// One letter; `None` if there is none of that id.
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

/// Letters whose replay was asked for, and when.
pub(crate) async fn requested(
    connection: &mut SqliteConnection,
) -> sqlx::Result<Vec<(DeadLetterId, i64)>> {
    let sql = "SELECT id, requested_ms FROM dead_letters WHERE requested_ms NOT NULL \
        ORDER BY requested_ms, id";
    let rows: Vec<(String, i64)> = sqlx::query_as(sql).fetch_all(connection).await?;
    let known = |(id, at): (String, i64)| Some((id.parse().ok()?, at));
    Ok(rows.into_iter().filter_map(known).collect())
}

/// Asks for the replay of a letter; `false` if there is none of that id.
pub(crate) async fn request(
    connection: &mut SqliteConnection,
    id: DeadLetterId,
) -> sqlx::Result<bool> {
    let asked = sqlx::query("UPDATE dead_letters SET requested_ms = ? WHERE id = ?")
        .bind(millis(SystemTime::now()))
        .bind(id.to_string())
        .execute(connection)
        .await?;
    Ok(asked.rows_affected() > 0)
}

fn write(letter: &DeadLetter) -> sqlx::Result<String> {
    serde_json::to_string(letter).map_err(|error| sqlx::Error::Encode(error.into()))
}

fn read(row: &SqliteRow) -> sqlx::Result<DeadLetter> {
    parse(row.try_get(0)?)
}

/// The letter that a text in the file is.
pub(crate) fn parse(letter: &str) -> sqlx::Result<DeadLetter> {
    serde_json::from_str(letter).map_err(|error| sqlx::Error::Decode(error.into()))
}
