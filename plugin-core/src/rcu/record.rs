//! The data that each thread keeps for itself, so that publishers on different threads share no
//! cache line: its mark as a reader, its part of every count, and its block of event ids.
//!
//! Invariants: a record belongs to one thread at a time, and only that thread stores to its cells
//! and its mark; a record is never freed, and a thread that ends leaves it to the next; cells move
//! only under `storage`, which the code that sums also locks; a record that lacks a cell for an
//! assigned slot has its `attention` set, and a thread that reads a table checks this flag after it
//! has loaded the table and before it counts.

use std::cell::Cell;
use std::sync::atomic::{
    AtomicBool, AtomicPtr, AtomicU64, Ordering::Acquire, Ordering::Relaxed, Ordering::Release,
    Ordering::SeqCst, fence,
};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::epoch::{self, Mark, Readers};
use super::tally;

/// Initial number of cells of a record; the number doubles when it grows.
const CELLS: usize = 256;

/// Number of bits of an id that are the thread's own counter.
const ID_BITS: u32 = 44;

static RECORDS: Mutex<Vec<&'static ThreadRecord>> = Mutex::new(Vec::new());

/// The data that one thread keeps for itself.
#[derive(Debug)]
#[repr(align(128))]
pub(crate) struct ThreadRecord {
    /// Its mark as a publisher.
    pub(crate) readers: Readers,
    /// Its mark as a caller of services. It is separate because a call may take long, and a stop
    /// that waits for publishers must not wait for it.
    pub(crate) callers: Readers,
    next_id: AtomicU64,
    cells: AtomicPtr<AtomicU64>,
    /// Whether a reading has to do more than set its mark: see [`ThreadRecord::attend`].
    attention: AtomicBool,
    taken: AtomicBool,
    /// It is not a box, because `cells` points into it, and a box would assert that no other
    /// pointer exists.
    storage: Mutex<Arc<[AtomicU64]>>,
}

thread_local! {
    static RECORD: Cell<Option<&'static ThreadRecord>> = const { Cell::new(None) };
    static LEASE: Lease = const { Lease };
}

/// Returns the thread's record when the thread ends.
struct Lease;

impl Drop for Lease {
    fn drop(&mut self) {
        if let Some(record) = RECORD.take() {
            // The next owner continues with the values that this one stored.
            record.taken.store(false, Release);
        }
    }
}

impl ThreadRecord {
    /// The record of this thread.
    #[inline(always)]
    pub(crate) fn current() -> &'static Self {
        RECORD.get().unwrap_or_else(Self::acquire)
    }

    #[cold]
    fn acquire() -> &'static Self {
        let mut records = lock(&RECORDS);
        let free = (records.iter()).find(|record| !record.taken.swap(true, Acquire));
        let record = free.copied().unwrap_or_else(|| {
            let record = Box::leak(Box::new(Self::new(records.len() as u64)));
            records.push(record);
            record
        });
        drop(records);
        RECORD.set(Some(record));
        // If a destructor publishes after the thread's lease has ended, it keeps the record for
        // good.
        let _ending = LEASE.try_with(|_| ());
        record
    }

    fn new(number: u64) -> Self {
        let storage = zeroed(CELLS);
        Self {
            readers: Readers::default(),
            callers: Readers::default(),
            next_id: AtomicU64::new((number << ID_BITS) + 1),
            cells: AtomicPtr::new(storage.as_ptr().cast_mut()),
            attention: AtomicBool::new(true),
            taken: AtomicBool::new(true),
            storage: Mutex::new(storage),
        }
    }

    /// An id that is unique in this process.
    #[inline(always)]
    pub(crate) fn next_id(&self) -> u64 {
        let id = self.next_id.load(Relaxed);
        self.next_id.store(id + 1, Relaxed);
        id
    }

    /// Whether [`ThreadRecord::attend`] has to be called. A reader checks this after it has loaded
    /// the table, because the slots in which it is about to count were assigned before the table
    /// became visible.
    #[inline(always)]
    pub(crate) fn needs_attention(&self) -> bool {
        self.attention.load(Relaxed)
    }

    /// Creates cells for all assigned slots and, if the system has no `membarrier`, executes the
    /// reader's fence. Values that were loaded before have to be loaded again.
    #[cold]
    pub(crate) fn attend(&self) {
        self.attention.store(epoch::readers_fence(), Relaxed);
        fence(SeqCst);
        self.grow(tally::given());
    }

    /// Adds one to one of the thread's cells, and returns the previous value.
    #[inline(always)]
    pub(crate) fn count(&self, slot: Slot) -> u64 {
        self.add(slot, 1)
    }

    /// Adds to one of the thread's cells, and returns the previous value.
    #[inline(always)]
    #[expect(
        unsafe_code,
        reason = "the cells are reached without a lock by their one writer"
    )]
    pub(crate) fn add(&self, slot: Slot, events: u64) -> u64 {
        // SAFETY: `cells` points to cells that live in `storage`. Only `grow` replaces them, on
        // this same thread, so they exist. The slot was assigned before this thread checked
        // `attention` the last time, so there is a cell for it: see the invariants.
        let cell = unsafe { &*self.cells.load(Relaxed).add(slot.0) };
        let before = cell.load(Relaxed);
        cell.store(before + events, Relaxed);
        before
    }

    fn grow(&self, slots: usize) {
        let mut storage = lock(&self.storage);
        if slots <= storage.len() {
            return;
        }
        let next = zeroed(slots.next_power_of_two());
        for (new, old) in next.iter().zip(storage.iter()) {
            new.store(old.load(Relaxed), Relaxed);
        }
        self.cells.store(next.as_ptr().cast_mut(), Relaxed);
        *storage = next;
    }
}

/// The index of a count in every record. Its cells are accessed without a check, so a slot is
/// created only where the records are notified.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Slot(usize);

impl Slot {
    /// A new slot: each thread creates a cell for it before it counts.
    pub(crate) fn announce(number: usize) -> Self {
        for record in &*lock(&RECORDS) {
            if lock(&record.storage).len() <= number {
                record.attention.store(true, Relaxed);
            }
        }
        Self(number)
    }
}

/// The sum of all threads' cells for a slot.
pub(crate) fn sum(slot: Slot) -> u64 {
    let cell = |record: &&'static ThreadRecord| {
        lock(&record.storage)
            .get(slot.0)
            .map_or(0, |cell| cell.load(Relaxed))
    };
    lock(&RECORDS).iter().map(cell).sum()
}

/// Clears a slot in which no thread counts any more.
pub(crate) fn clear(slot: Slot) {
    for record in &*lock(&RECORDS) {
        if let Some(cell) = lock(&record.storage).get(slot.0) {
            cell.store(0, Relaxed);
        }
    }
}

/// Selects one of a thread's marks.
pub(crate) type Marks = fn(&ThreadRecord) -> &Readers;

/// The threads that were reading when this was created; a writer waits until each has left.
#[derive(Debug, Default)]
pub(crate) struct Grace(Vec<(&'static Readers, Mark)>);

impl Grace {
    /// Executes the fence, then records which threads are reading.
    pub(crate) fn begin(marks: Marks) -> Self {
        epoch::heavy_fence();
        let records = lock(&RECORDS);
        let readers = records.iter().map(|record| marks(record));
        let marked = readers.map(|readers| (readers, readers.mark()));
        Self(marked.filter(|(_, mark)| mark.is_inside()).collect())
    }

    /// Whether all of them have left.
    pub(crate) fn is_over(&mut self) -> bool {
        self.0.retain(|(readers, mark)| !mark.has_left(readers));
        self.0.is_empty()
    }
}

fn zeroed(cells: usize) -> Arc<[AtomicU64]> {
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
        let record = ThreadRecord::new(7);
        record.count(Slot(3));
        record.grow(CELLS * 4 + 1);
        record.count(Slot(CELLS * 4));
        assert_eq!(record.count(Slot(3)), 1);
        assert_eq!(record.count(Slot(CELLS * 4)), 1);
    }

    #[test]
    fn ids_of_records_differ() {
        let (one, other) = (ThreadRecord::new(1), ThreadRecord::new(2));
        assert_ne!(one.next_id(), one.next_id());
        assert_ne!(one.next_id() >> ID_BITS, other.next_id() >> ID_BITS);
    }
}
