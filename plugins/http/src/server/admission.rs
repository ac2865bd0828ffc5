//! Decides which connections stay open, and which are closed when there are too many.
//!
//! Invariants: there are never more regular connections than `total`, nor more from one address
//! than `per_address`; a new connection takes the place of the one that has waited longest for its
//! client, which is to send a request or to read an answer, and is a spare one if all have a request
//! that is being answered. There are at most [`SPARE`] spare connections; a further one takes the
//! place of the oldest.

use std::collections::{BTreeMap, HashMap};
use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU16;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, watch};
use tokio::time::Instant;

use super::progress::{Progress, Timeouts};

/// Number of connections beyond the limits. Each gets one answer at once. To keep probes out, an
/// attacker would have to open thousands of connections within a moment.
pub(super) const SPARE: usize = 64;

/// Longest duration of a spare connection.
const SPARE_TIME: Duration = Duration::from_secs(2);

/// Shortest interval between two log lines about connections without room.
const TOLD_EVERY: Duration = Duration::from_secs(10);

/// The limits on the number of connections.
#[derive(Debug, Clone, Copy)]
pub struct Room {
    /// In total.
    pub total: NonZeroU16,
    /// From one client address.
    pub per_address: NonZeroU16,
}

/// The class of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    /// All routes.
    Regular,
    /// One request; only a probe is answered, because there is no room for anything else.
    Spare,
}

/// The open connections.
#[derive(Debug)]
pub(super) struct Connections {
    room: Room,
    timeouts: Timeouts,
    table: Mutex<Table>,
    open: watch::Sender<usize>,
}

#[derive(Debug, Default)]
struct Table {
    next: u64,
    entries: BTreeMap<u64, Entry>,
    regular: usize,
    sources: HashMap<IpAddr, usize>,
    without_room: u64,
    told: Option<Instant>,
}

#[derive(Debug)]
struct Entry {
    source: Option<IpAddr>,
    class: Class,
    progress: Arc<Progress>,
    evicted: Arc<Notify>,
}

/// The place of one connection; dropping it frees the place.
#[derive(Debug)]
pub(super) struct Seat {
    id: u64,
    pub(super) class: Class,
    pub(super) progress: Arc<Progress>,
    /// Notified when the place is needed for another connection.
    pub(super) evicted: Arc<Notify>,
    /// When the connection ends in any case.
    pub(super) end: Option<Instant>,
    connections: Arc<Connections>,
}

impl Connections {
    pub(super) fn new(room: Room, timeouts: Timeouts) -> Arc<Self> {
        Arc::new(Self {
            room,
            timeouts,
            table: Mutex::default(),
            open: watch::Sender::new(0),
        })
    }

    /// Finds a place for a connection. Its address is `None` if it is counted only in total, such
    /// as the connection of a proxy, which serves many clients.
    pub(super) fn admit(self: &Arc<Self>, address: Option<IpAddr>) -> Seat {
        let source = address.map(network_of);
        let mut table = self.table();
        let class = self.class(&mut table, source);
        let entry = Entry {
            source,
            class,
            progress: Arc::new(Progress::new(self.timeouts)),
            evicted: Arc::default(),
        };
        let seat = Seat {
            id: table.next,
            class,
            progress: Arc::clone(&entry.progress),
            evicted: Arc::clone(&entry.evicted),
            end: (class == Class::Spare).then(|| Instant::now() + SPARE_TIME),
            connections: Arc::clone(self),
        };
        table.insert(entry);
        self.open.send_replace(table.entries.len());
        seat
    }

    fn class(&self, table: &mut Table, source: Option<IpAddr>) -> Class {
        let of_source = source.and_then(|source| table.sources.get(&source).copied());
        let room = if of_source.unwrap_or(0) >= self.room.per_address.get().into() {
            table.evict_waiting(|entry| entry.source == source)
        } else {
            table.regular < self.room.total.get().into() || table.evict_waiting(|_| true)
        };
        if room {
            return Class::Regular;
        }
        table.tell(source, self.room);
        table.evict_spare();
        Class::Spare
    }

    /// Waits until no connection is open.
    pub(super) async fn emptied(&self) {
        let mut open = self.open.subscribe();
        // An error would mean that this was dropped.
        drop(open.wait_for(|open| *open == 0).await);
    }

    /// Number of open connections.
    pub(super) fn open(&self) -> usize {
        *self.open.borrow()
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut table = self.connections.table();
        table.remove(self.id);
        self.connections.open.send_replace(table.entries.len());
    }
}

impl Table {
    fn insert(&mut self, entry: Entry) {
        if entry.class == Class::Regular {
            self.regular += 1;
            if let Some(source) = entry.source {
                *self.sources.entry(source).or_default() += 1;
            }
        }
        self.entries.insert(self.next, entry);
        self.next += 1;
    }

    fn remove(&mut self, id: u64) -> Option<Entry> {
        let entry = self.entries.remove(&id)?;
        if entry.class == Class::Regular {
            self.regular -= 1;
            if let Some(source) = entry.source
                && let Some(count) = self.sources.get_mut(&source)
            {
                *count -= 1;
                if *count == 0 {
                    self.sources.remove(&source);
                }
            }
        }
        Some(entry)
    }

    fn evict(&mut self, id: u64) {
        if let Some(entry) = self.remove(id) {
            entry.evicted.notify_one();
        }
    }

    /// Closes, among the regular connections that match, the one that has waited longest for its
    /// client.
    fn evict_waiting(&mut self, meant: impl Fn(&Entry) -> bool) -> bool {
        let regular = (self.entries.iter()).filter(|(_, entry)| entry.class == Class::Regular);
        let waiting = regular
            .filter(|(_, entry)| meant(entry))
            .filter_map(|(id, entry)| Some((entry.progress.gives_way_since()?, *id)));
        let longest = waiting.min().map(|(_, id)| id);
        longest.is_some_and(|id| {
            self.evict(id);
            true
        })
    }

    /// Closes the oldest spare connection if the limit is reached.
    fn evict_spare(&mut self) {
        if self.entries.len() - self.regular < SPARE {
            return;
        }
        let mut spare = self.entries.iter();
        let oldest = spare.find(|(_, entry)| entry.class == Class::Spare);
        if let Some(id) = oldest.map(|(id, _)| *id) {
            self.evict(id);
        }
    }

    /// Logs at intervals that there is no room.
    fn tell(&mut self, source: Option<IpAddr>, room: Room) {
        self.without_room += 1;
        if self.told.is_some_and(|told| told.elapsed() < TOLD_EVERY) {
            return;
        }
        self.told = Some(Instant::now());
        let count = std::mem::take(&mut self.without_room);
        tracing::warn!(
            count,
            last = source.map(tracing::field::display),
            max_connections = room.total,
            max_connections_per_address = room.per_address,
            "connections without room: all have a request that is being answered"
        );
    }
}

/// The address as which a client counts: for IPv6, the network that one client usually has.
#[must_use]
pub fn network_of(peer: IpAddr) -> IpAddr {
    match peer.to_canonical() {
        IpAddr::V6(address) => {
            let network = address.to_bits() & !u128::from(u64::MAX);
            Ipv6Addr::from_bits(network).into()
        }
        address @ IpAddr::V4(_) => address,
    }
}

#[cfg(test)]
mod tests;
