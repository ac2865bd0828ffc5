//! A value that many threads read without a lock while it is replaced as a whole.
//!
//! Invariants: a replaced value exists until every reading that was in progress at that time is
//! over; a value that is returned for dropping is read by no thread.

use super::epoch::Reading;
use super::record::{Grace, Marks, ThreadRecord};
use crate::sync::atomic::{AtomicPtr, Ordering::Acquire, Ordering::SeqCst};
use crate::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A value that is replaced as a whole.
#[derive(Debug)]
pub(crate) struct Shared<T> {
    /// From `Arc::into_raw`: this holds one reference.
    current: AtomicPtr<T>,
    /// The marks of its readers.
    marks: Marks,
    /// Held while the value is replaced.
    history: Mutex<History<T>>,
}

/// Replaced values that may still be read.
#[derive(Debug)]
struct History<T> {
    replaced: Vec<Replaced<T>>,
    replacements: u64,
}

#[derive(Debug)]
struct Replaced<T> {
    value: Arc<T>,
    grace: Grace,
    number: u64,
}

impl<T> Shared<T> {
    /// A value that publishers read.
    pub(crate) fn new(value: T) -> Self {
        Self::read_by(|record| &record.readers, value)
    }

    /// A value with separate marks for its readers.
    pub(crate) fn read_by(marks: Marks, value: T) -> Self {
        Self {
            marks,
            current: AtomicPtr::new(Arc::into_raw(Arc::new(value)).cast_mut()),
            history: Mutex::new(History {
                replaced: Vec::new(),
                replacements: 0,
            }),
        }
    }

    /// The present value, as long as the reading lasts.
    #[inline(always)]
    #[expect(unsafe_code, reason = "the reading keeps the value alive, not a count")]
    pub(crate) fn read<'a>(&'a self, record: &ThreadRecord, reading: &'a Reading<'_>) -> &'a T {
        debug_assert!(reading.is_of((self.marks)(record)));
        let mut current = self.current.load(Acquire);
        if record.needs_attention() {
            record.attend();
            current = self.current.load(Acquire);
        }
        // SAFETY: the pointer is from `Arc::into_raw`. Only `replace` gives up the reference behind
        // it, and keeps it until the grace period that began after it is over. This reading is
        // marked where that grace period looks. Its mark, and a fence (its own or the writer's),
        // came before the load, so that the grace period waits for it. A shared value that is
        // dropped is not borrowed.
        unsafe { &*current }
    }

    /// The present value, to keep.
    pub(crate) fn load(&self) -> Arc<T> {
        self.hold(&self.lock())
    }

    /// Replaces the value by the result of `next`, atomically; returns the number of the replaced
    /// value.
    pub(crate) fn replace(&self, next: impl FnOnce(&T) -> T) -> u64 {
        let mut history = self.lock();
        let current = self.hold(&history);
        let next = Arc::into_raw(Arc::new(next(&current)));
        drop(current);
        let last = self.current.swap(next.cast_mut(), SeqCst);
        history.replacements += 1;
        let number = history.replacements;
        history.replaced.push(Replaced {
            value: Self::take_back(last),
            grace: Grace::begin(self.marks),
            number,
        });
        number
    }

    /// The replaced values that no thread reads any more. `left` is called with each of them under
    /// the lock; the caller drops them without the lock.
    pub(crate) fn reclaim(&self, mut left: impl FnMut(&T)) -> Reclaimed<T> {
        let mut history = self.lock();
        let over = history
            .replaced
            .extract_if(.., |replaced| replaced.grace.is_over());
        let values: Vec<_> = over.map(|replaced| replaced.value).collect();
        for value in &values {
            left(value);
        }
        Reclaimed {
            values,
            oldest: history.replaced.first().map(|replaced| replaced.number),
        }
    }

    /// One more reference to the present value, which is not replaced while the lock is held.
    #[expect(unsafe_code, reason = "the pointer is an `Arc`'s")]
    fn hold(&self, _lock: &MutexGuard<'_, History<T>>) -> Arc<T> {
        let current = self.current.load(Acquire);
        // SAFETY: the pointer is from `Arc::into_raw`, and `self` holds the reference behind it
        // until `replace` takes it back, which needs the lock that the caller holds.
        unsafe {
            Arc::increment_strong_count(current);
            Arc::from_raw(current)
        }
    }

    #[expect(unsafe_code, reason = "the pointer is an `Arc`'s")]
    fn take_back(pointer: *mut T) -> Arc<T> {
        // SAFETY: the pointer is from `Arc::into_raw`, and the caller has taken it out of
        // `current`, so its reference is given up once.
        unsafe { Arc::from_raw(pointer) }
    }

    fn lock(&self) -> MutexGuard<'_, History<T>> {
        self.history.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> Drop for Shared<T> {
    fn drop(&mut self) {
        drop(Self::take_back(self.current.load(Acquire)));
    }
}

/// Values that no thread reads any more.
#[must_use = "they are dropped where this is, which must not be under a lock"]
#[derive(Debug)]
pub(crate) struct Reclaimed<T> {
    values: Vec<Arc<T>>,
    /// The number of the oldest value that is still read.
    oldest: Option<u64>,
}

impl<T> Reclaimed<T> {
    /// Drops them, and returns whether no value that was replaced up to `number` is still read.
    pub(crate) fn drop_up_to(self, number: u64) -> bool {
        drop(self.values);
        self.oldest.is_none_or(|oldest| oldest > number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Other tests read other values at the same time, and a grace period waits for them too.
    fn reclaim<T>(shared: &Shared<T>, number: u64) {
        while !shared.reclaim(|_| ()).drop_up_to(number) {
            std::thread::yield_now();
        }
    }

    #[test]
    fn a_value_lives_as_long_as_a_reading_of_it() {
        let kept = Arc::new(());
        let shared = Shared::new(Arc::clone(&kept));
        let record = ThreadRecord::current();
        let reading = record.readers.enter();
        let seen = shared.read(record, &reading);
        let first = shared.replace(|_| Arc::default());
        assert!(!shared.reclaim(|_| ()).drop_up_to(first), "it is read here");
        assert_eq!(Arc::strong_count(seen), 2);
        drop(reading);
        reclaim(&shared, first);
        assert_eq!(Arc::strong_count(&kept), 1);
    }

    #[test]
    fn readers_see_whole_values_while_they_are_replaced() {
        let shared = Shared::new([0_u64; 8]);
        let done = std::sync::atomic::AtomicBool::new(false);
        std::thread::scope(|threads| {
            let readers: Vec<_> = (0..2)
                .map(|_| {
                    threads.spawn(|| {
                        let record = ThreadRecord::current();
                        while !done.load(SeqCst) {
                            let reading = record.readers.enter();
                            let value = shared.read(record, &reading);
                            assert!(value.iter().all(|part| *part == value[0]));
                        }
                    })
                })
                .collect();
            for round in 1..500 {
                let number = shared.replace(|_| [round; 8]);
                shared.reclaim(|_| ()).drop_up_to(number);
            }
            done.store(true, SeqCst);
            for reader in readers {
                reader.join().unwrap();
            }
        });
        reclaim(&shared, u64::MAX - 1);
    }
}
