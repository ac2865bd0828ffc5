//! What each thread keeps for itself, so that publishers on different threads share no cache line:
//! its mark as a reader, its part of every count, its block of event ids.
//!
//! Invariants: a record belongs to one thread at a time, and only that thread stores to it; a
//! record is never freed, and a thread that ends leaves it to the next; cells move only under
//! `storage`, which those who sum hold too.

use std::cell::Cell;
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::epoch::{self, Mark, Readers};

/// Cells that a record has at first; it grows by doubling.
const CELLS: usize = 256;

/// How many bits of an id are the thread's own count.
const ID_BITS: u32 = 44;

static RECORDS: Mutex<Vec<&'static Record>> = Mutex::new(Vec::new());

/// What one thread keeps for itself.
#[derive(Debug)]
#[repr(align(128))]
pub(super) struct Record {
    pub(super) readers: Readers,
    next_id: AtomicU64,
    cells: AtomicPtr<AtomicU64>,
    len: AtomicUsize,
    /// Whether this thread's readings need a fence of their own.
    pub(super) heavy_readers: bool,
    taken: AtomicBool,
    storage: Mutex<Box<[AtomicU64]>>,
}

thread_local! {
    static RECORD: Cell<Option<&'static Record>> = const { Cell::new(None) };
    static LEASE: Lease = const { Lease };
}

/// Gives the thread's record back when the thread ends.
struct Lease;

impl Drop for Lease {
    fn drop(&mut self) {
        if let Some(record) = RECORD.take() {
            record.taken.store(false, Relaxed);
        }
    }
}

impl Record {
    /// The record of this thread.
    #[inline(always)]
    pub(super) fn current() -> &'static Self {
        RECORD.get().unwrap_or_else(Self::acquire)
    }

    #[cold]
    fn acquire() -> &'static Self {
        let mut records = lock(&RECORDS);
        let free = (records.iter()).find(|record| !record.taken.swap(true, Relaxed));
        let record = free.copied().unwrap_or_else(|| {
            let record = Box::leak(Box::new(Self::new(records.len() as u64)));
            records.push(record);
            record
        });
        drop(records);
        RECORD.set(Some(record));
        // A destructor that publishes when the thread's lease is gone keeps the record for good.
        let _ending = LEASE.try_with(|_| ());
        record
    }

    fn new(number: u64) -> Self {
        let storage = zeroed(CELLS);
        Self {
            readers: Readers::default(),
            next_id: AtomicU64::new((number << ID_BITS) + 1),
            cells: AtomicPtr::new(storage.as_ptr().cast_mut()),
            len: AtomicUsize::new(storage.len()),
            heavy_readers: epoch::readers_fence(),
            taken: AtomicBool::new(true),
            storage: Mutex::new(storage),
        }
    }

    /// A number that no other event of this process has.
    #[inline(always)]
    pub(super) fn next_id(&self) -> u64 {
        let id = self.next_id.load(Relaxed);
        self.next_id.store(id + 1, Relaxed);
        id
    }

    /// Adds to one of the thread's cells, and returns what was in it.
    #[inline(always)]
    #[expect(
        unsafe_code,
        reason = "the cells are reached without a lock by their one writer"
    )]
    pub(super) fn add(&self, slot: usize, more: u64) -> u64 {
        if slot >= self.len.load(Relaxed) {
            self.grow(slot);
        }
        // SAFETY: `cells` points to `len` cells that live in `storage`. Only `grow` replaces them,
        // on this very thread, so they are there; `slot` is less than `len`.
        let cell = unsafe { &*self.cells.load(Relaxed).add(slot) };
        let before = cell.load(Relaxed);
        cell.store(before + more, Relaxed);
        before
    }

    #[cold]
    fn grow(&self, slot: usize) {
        let mut storage = lock(&self.storage);
        let next = zeroed((slot + 1).next_power_of_two());
        for (new, old) in next.iter().zip(storage.iter()) {
            new.store(old.load(Relaxed), Relaxed);
        }
        self.cells.store(next.as_ptr().cast_mut(), Relaxed);
        self.len.store(next.len(), Relaxed);
        *storage = next;
    }
}

/// What all threads have in a slot together.
pub(super) fn sum(slot: usize) -> u64 {
    let cell = |record: &&'static Record| {
        lock(&record.storage)
            .get(slot)
            .map_or(0, |cell| cell.load(Relaxed))
    };
    lock(&RECORDS).iter().map(cell).sum()
}

/// Empties a slot that no thread counts in any more.
pub(super) fn clear(slot: usize) {
    for record in &*lock(&RECORDS) {
        if let Some(cell) = lock(&record.storage).get(slot) {
            cell.store(0, Relaxed);
        }
    }
}

/// The threads that read when this was called; a writer waits until each has left.
#[derive(Debug, Default)]
pub(super) struct Grace(Vec<(&'static Record, Mark)>);

impl Grace {
    /// Fences, then notes who reads.
    pub(super) fn begin() -> Self {
        epoch::heavy_fence();
        let marks = |record: &&'static Record| (*record, record.readers.mark());
        Self(
            (lock(&RECORDS).iter().map(marks))
                .filter(|(_, mark)| mark.is_inside())
                .collect(),
        )
    }

    /// Whether all of them have left.
    pub(super) fn is_over(&mut self) -> bool {
        self.0
            .retain(|(record, mark)| !mark.has_left(&record.readers));
        self.0.is_empty()
    }
}

fn zeroed(cells: usize) -> Box<[AtomicU64]> {
    (0..cells).map(|_| AtomicU64::new(0)).collect()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_keep_their_counts_when_they_grow() {
        let record = Record::new(7);
        record.add(3, 5);
        record.add(CELLS * 4, 1);
        assert_eq!(record.add(3, 1), 5);
        assert_eq!(record.add(CELLS * 4, 0), 1);
    }

    #[test]
    fn ids_of_records_differ() {
        let (one, other) = (Record::new(1), Record::new(2));
        assert_ne!(one.next_id(), one.next_id());
        assert_ne!(one.next_id() >> ID_BITS, other.next_id() >> ID_BITS);
    }
}
