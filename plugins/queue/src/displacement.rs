//! Decides which events are dropped for new ones in a full file: the oldest that no handler has.
//!
//! Invariant: an event that is dropped here is never handled, and is counted once. An event that
//! this process holds has a ticket, which is asked first. An event that is read meanwhile gets its
//! ticket under the lock that a dropping transaction holds.

use std::collections::HashMap;

use plugin_core::event::IdempotencyKey;
use plugin_core::event::store::{Stored, Ticket, WeakTicket};
use sqlx::Row;
use sqlx::sqlite::{SqliteConnection, SqliteRow};

use crate::request::Size;
use crate::rows::{list, number, position, signed};

/// Number of events that are considered together.
const PAGE: u64 = 64;

/// The tickets of events that this process holds, by position.
#[derive(Debug, Default)]
pub(crate) struct Tickets {
    all: HashMap<u64, WeakTicket>,
    /// Those that the present transaction, or a failed one, has added.
    uncommitted: Vec<u64>,
    /// Number of tickets above which those are removed that are not in use.
    most: usize,
}

impl Tickets {
    /// A transaction begins. If the last one failed, its positions are assigned to other events.
    pub(crate) fn begin(&mut self) {
        for position in self.uncommitted.drain(..) {
            self.all.remove(&position);
        }
    }

    pub(crate) fn commit(&mut self) {
        self.uncommitted.clear();
        if self.all.len() > self.most {
            self.all.retain(|_, ticket| ticket.is_held());
            self.most = (self.all.len() * 2).max(1024);
        }
    }

    /// The ticket of an event that is written. An event that was stored before with the same key
    /// keeps its own ticket.
    pub(crate) fn add(&mut self, position: u64, ticket: &Ticket) {
        if self.of(position).is_none() {
            self.all.insert(position, ticket.downgrade());
            self.uncommitted.push(position);
        }
    }

    /// Gives events that are read their tickets.
    pub(crate) fn hand_out(&mut self, events: &mut [Stored]) {
        for stored in events {
            let ticket = self.of(stored.position).unwrap_or_else(Ticket::droppable);
            self.all.insert(stored.position, ticket.downgrade());
            stored.record.ticket = ticket;
        }
    }

    fn of(&self, position: u64) -> Option<Ticket> {
        self.all.get(&position).and_then(WeakTicket::upgrade)
    }

    /// Whether the store may drop an event. If so, returns the ticket, which has to be told the
    /// result.
    fn leave(&self, position: u64) -> Option<Ticket> {
        let ticket = self.of(position).unwrap_or_default();
        ticket.leave().then_some(ticket)
    }
}

/// An event that is dropped for a new one when the transaction is committed. If this is dropped
/// before, the event stays.
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
    pub(crate) fn is_gone(&mut self) {
        self.ticket = Ticket::default();
    }
}

impl Drop for Displaced {
    fn drop(&mut self) {
        self.ticket.stay();
    }
}

/// Removes the oldest events that no handler has, until there is enough room; removes none if that
/// is not possible.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn report_b20_an_event_that_comes_again_under_its_key_keeps_its_ticket() {
        let mut tickets = Tickets::default();
        let (first, again) = (Ticket::droppable(), Ticket::droppable());
        for ticket in [&first, &again] {
            tickets.begin();
            tickets.add(1, ticket);
            tickets.commit();
        }
        assert!(first.leave());
        assert!(tickets.leave(1).is_none(), "the first one was asked");
    }

    #[test]
    fn report_b20_a_position_of_a_failed_transaction_is_that_of_another_event() {
        let mut tickets = Tickets::default();
        let (failed, stored) = (Ticket::droppable(), Ticket::droppable());
        tickets.begin();
        tickets.add(1, &failed);
        tickets.begin();
        tickets.add(1, &stored);
        tickets.commit();
        assert!(stored.leave());
        assert!(tickets.leave(1).is_none(), "the second one was asked");
    }
}
