//! Which events give way to new ones in a full file: the oldest that no handler has.
//!
//! Invariant: an event that is dropped here is handled nowhere, and counted once. What this process
//! has in hand has a ticket, which is asked; what is read out meanwhile gets its ticket under the
//! lock that a dropping transaction holds.

use std::collections::HashMap;

use plugin_core::event::IdempotencyKey;
use plugin_core::event::store::{Stored, Ticket, TicketInHand};
use sqlx::Row;
use sqlx::sqlite::{SqliteConnection, SqliteRow};

use crate::request::Size;
use crate::rows::{list, number, position, signed};

/// Events that are looked at together.
const PAGE: u64 = 64;

/// The tickets of events that this process has in hand, by position.
#[derive(Debug, Default)]
pub(crate) struct Tickets {
    all: HashMap<u64, TicketInHand>,
    /// How many there may be before those are thrown away that nobody holds.
    most: usize,
}

impl Tickets {
    pub(crate) fn add(&mut self, position: u64, ticket: &Ticket) {
        self.all.insert(position, ticket.in_hand());
        if self.all.len() > self.most {
            self.all.retain(|_, ticket| ticket.is_held());
            self.most = (self.all.len() * 2).max(1024);
        }
    }

    /// Gives events that are read out new tickets.
    pub(crate) fn hand_out(&mut self, events: &mut [Stored]) {
        for stored in events {
            stored.record.ticket = Ticket::stored();
            self.add(stored.position, &stored.record.ticket);
        }
    }

    /// Whether the store may drop an event; its ticket is told what comes of that.
    fn leave(&self, position: u64) -> Option<Ticket> {
        let ticket = (self.all.get(&position)).and_then(TicketInHand::ticket);
        let ticket = ticket.unwrap_or_default();
        ticket.leave().then_some(ticket)
    }
}

/// An event that gives way to a new one, with the transaction that it is part of. Dropped without
/// that, it stays.
#[derive(Debug)]
pub(crate) struct Displaced {
    pub(crate) subscription: String,
    pub(crate) key: Option<IdempotencyKey>,
    pub(crate) size: Size,
    position: u64,
    ticket: Ticket,
}

impl Displaced {
    fn of(row: &SqliteRow, tickets: &Tickets) -> sqlx::Result<Option<Self>> {
        let position = position(row.try_get("seq")?);
        let Some(ticket) = tickets.leave(position) else {
            return Ok(None);
        };
        let key: &[u8] = row.try_get("key")?;
        let bytes: i64 = row.try_get("bytes")?;
        Ok(Some(Self {
            subscription: row.try_get("name")?,
            key: number(key).and_then(IdempotencyKey::from_u128),
            size: Size {
                events: 1,
                bytes: bytes.unsigned_abs(),
            },
            position,
            ticket,
        }))
    }

    /// The transaction is committed.
    pub(crate) fn is_gone(&self) {
        self.ticket.left(true);
    }
}

impl Drop for Displaced {
    fn drop(&mut self) {
        self.ticket.left(false);
    }
}

/// Takes the oldest events out that no handler has, until there is so much room; nothing when that
/// is not to be had.
pub(crate) async fn displace(
    connection: &mut SqliteConnection,
    room: Size,
    tickets: &Tickets,
) -> sqlx::Result<Option<Vec<Displaced>>> {
    let sql = "SELECT seq, key, octet_length(data) AS bytes,
            plugin || '.' || handler || '(' || topic || ')' AS name
        FROM events JOIN subscriptions ON subscriptions.id = subscription
        WHERE seq > ? ORDER BY seq LIMIT ?";
    let (mut found, mut freed, mut after) = (Vec::new(), Size::default(), 0);
    while !room.fits(freed) {
        let page = sqlx::query(sql).bind(after).bind(signed(PAGE));
        let page = page.fetch_all(&mut *connection).await?;
        let Some(last) = page.last() else {
            return Ok(None);
        };
        after = last.try_get::<i64, _>("seq")?;
        for row in &page {
            if room.fits(freed) {
                break;
            }
            if let Some(displaced) = Displaced::of(row, tickets)? {
                freed = freed.and(displaced.size);
                found.push(displaced);
            }
        }
    }
    remove(connection, &found).await?;
    Ok(Some(found))
}

async fn remove(connection: &mut SqliteConnection, gone: &[Displaced]) -> sqlx::Result<()> {
    let positions: Vec<u64> = gone.iter().map(|one| one.position).collect();
    let positions = list(&positions);
    let count = "UPDATE subscriptions SET dropped = dropped + (
            SELECT count(*) FROM events
            WHERE subscription = subscriptions.id AND seq IN (SELECT value FROM json_each(?1))
        ) WHERE id IN (SELECT subscription FROM events WHERE seq IN (SELECT value FROM json_each(?1)))";
    sqlx::query(count)
        .bind(&positions)
        .execute(&mut *connection)
        .await?;
    let delete = "DELETE FROM events WHERE seq IN (SELECT value FROM json_each(?))";
    let deleted = sqlx::query(delete).bind(&positions).execute(connection);
    deleted.await.map(drop)
}
