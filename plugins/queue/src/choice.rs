//! The actions of an operator on many dead letters or events at once, beside the process that
//! serves the file.
//!
//! They are done in parts of one transaction each, so that the process that serves the file can
//! write in between. Each part continues where the previous one ended, so the total time is linear.

use plugin_core::event::store::SubscriptionName;
use plugin_core::event::{DeadLetterId, DeadLetterQuery};
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use sqlx::{Connection, Row};

use crate::letters::list_of;
use crate::rows::signed;

/// Most letters in one transaction.
const PART: usize = 2_000;

/// The letters of an action.
#[derive(Debug, Clone)]
pub enum Letters {
    /// The letters with these ids.
    Ids(Vec<DeadLetterId>),
    /// All letters that the query selects, whatever its page.
    Wanted(DeadLetterQuery),
}

/// An action on letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Deed {
    /// Their replay is requested.
    Request,
    Drop,
}

/// A letter that was affected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Touched {
    /// Its id.
    pub id: DeadLetterId,
    /// Name of the plugin whose handler failed.
    pub plugin: String,
}

/// The letters of one transaction.
enum Part<'a> {
    Ids(&'a [DeadLetterId]),
    /// The first selected letters after an id.
    Behind(&'a DeadLetterQuery, Option<DeadLetterId>),
}

/// Performs the action; returns the affected letters, oldest first.
pub(crate) async fn perform(
    connection: &mut SqliteConnection,
    (deed, letters): (Deed, &Letters),
) -> sqlx::Result<Vec<Touched>> {
    let mut touched: Vec<Touched> = Vec::new();
    match letters {
        Letters::Ids(ids) => {
            for ids in ids.chunks(PART) {
                touched.extend(one(connection, (deed, Part::Ids(ids))).await?);
            }
            touched.sort_unstable_by_key(|one| one.id);
        }
        Letters::Wanted(query) => loop {
            let last = touched.last().map(|last| last.id);
            let part = one(connection, (deed, Part::Behind(query, last))).await?;
            if part.is_empty() {
                break;
            }
            touched.extend(part);
        },
    }
    Ok(touched)
}

/// One part, in a transaction of its own: a request that has a number is visible.
async fn one(
    connection: &mut SqliteConnection,
    (deed, part): (Deed, Part<'_>),
) -> sqlx::Result<Vec<Touched>> {
    let mut all = connection.begin_with("BEGIN IMMEDIATE").await?;
    let number = match deed {
        Deed::Request => Some(next_request(&mut all).await?),
        Deed::Drop => None,
    };
    let of = match part {
        Part::Ids(_) => "SELECT value FROM json_each(?2)",
        Part::Behind(..) => {
            "SELECT id FROM dead_letters WHERE (?2 IS NULL OR plugin = ?2)
                AND (?3 IS NULL OR topic = ?3) AND id > ?4 ORDER BY id LIMIT ?5"
        }
    };
    let sql = match deed {
        Deed::Request => format!(
            "UPDATE dead_letters SET requested = ?1 WHERE id IN ({of}) RETURNING id, plugin"
        ),
        Deed::Drop => format!(
            "DELETE FROM dead_letters WHERE ?1 IS NULL AND id IN ({of}) RETURNING id, plugin"
        ),
    };
    let statement = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(number);
    let statement = match part {
        Part::Ids(ids) => statement.bind(list_of(ids)),
        Part::Behind(query, after) => (statement.bind(query.plugin.clone()))
            .bind(query.topic.clone())
            .bind(after.map_or_else(String::new, |id| id.to_string()))
            .bind(signed(PART as u64)),
    };
    let rows = statement.fetch_all(&mut *all).await?;
    all.commit().await?;
    let mut touched: Vec<Touched> = rows.iter().filter_map(Touched::of).collect();
    touched.sort_unstable_by_key(|one| one.id);
    Ok(touched)
}

impl Touched {
    fn of(row: &SqliteRow) -> Option<Self> {
        let id: String = row.try_get(0).ok()?;
        Some(Self {
            id: id.parse().ok()?,
            plugin: row.try_get(1).ok()?,
        })
    }
}

/// The number of a request. Numbers increase, whatever the clock does, and become visible in their
/// order, because only one process writes at a time.
async fn next_request(connection: &mut SqliteConnection) -> sqlx::Result<i64> {
    let sql = "UPDATE counters SET value = value + 1 WHERE name = 'requests' RETURNING value";
    sqlx::query_scalar(sql).fetch_one(connection).await
}

/// The letters whose replay was requested after a request, each with the number of its own request.
pub(crate) async fn requested(
    connection: &mut SqliteConnection,
    after: i64,
) -> sqlx::Result<Vec<(DeadLetterId, i64)>> {
    let sql = "SELECT id, requested FROM dead_letters WHERE requested > ? ORDER BY requested, id";
    let rows: Vec<(String, i64)> = sqlx::query_as(sql)
        .bind(after)
        .fetch_all(connection)
        .await?;
    let known = |(id, number): (String, i64)| Some((id.parse().ok()?, number));
    Ok(rows.into_iter().filter_map(known).collect())
}

/// Removes the requests for the replay of letters.
pub(crate) async fn answered(
    connection: &mut SqliteConnection,
    ids: &[DeadLetterId],
) -> sqlx::Result<()> {
    let sql =
        "UPDATE dead_letters SET requested = NULL WHERE id IN (SELECT value FROM json_each(?))";
    sqlx::query(sql)
        .bind(list_of(ids))
        .execute(connection)
        .await
        .map(drop)
}

/// Removes the events, then the letters of a subscription; returns their numbers.
///
/// The subscription's row is kept, because a process that serves the file may know its number.
pub(crate) async fn forget(
    connection: &mut SqliteConnection,
    name: &SubscriptionName,
) -> sqlx::Result<(u64, u64)> {
    let events = "DELETE FROM events WHERE seq IN (SELECT seq FROM events WHERE subscription = (
            SELECT id FROM subscriptions WHERE plugin = ? AND handler = ? AND topic = ?) LIMIT ?)";
    let letters = "DELETE FROM dead_letters WHERE id IN (
            SELECT id FROM dead_letters WHERE plugin = ? AND handler = ? AND topic = ? LIMIT ?)";
    let mut gone = [0; 2];
    for (sql, gone) in [events, letters].into_iter().zip(&mut gone) {
        loop {
            let part = sqlx::query(sql)
                .bind(name.plugin.to_string())
                .bind(name.handler.to_string())
                .bind(name.topic.to_string())
                .bind(signed(PART as u64))
                .execute(&mut *connection)
                .await?
                .rows_affected();
            if part == 0 {
                break;
            }
            *gone += part;
        }
    }
    Ok((gone[0], gone[1]))
}
