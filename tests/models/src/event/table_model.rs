//! The swap of the dispatch table: `plugin-core/src/rcu/shared.rs` and `epoch.rs` as they stand.
//! Readers take the full fence themselves, as on a system without `membarrier`: what that call
//! does to other threads is beyond loom, and gives them the same fence.

use std::sync::Arc;

use loom::cell::UnsafeCell;
use loom::thread;

use super::record::ThreadRecord;
use super::shared::Shared;
use crate::Model;
use crate::sync::atomic::{AtomicBool, Ordering::Relaxed};

pub(super) const MODELS: &[Model] = &[
    (
        "table: what is read is not dropped",
        a_reading_keeps_its_table,
    ),
    (
        "table: a reader within a reader keeps it, too",
        nested_readings,
    ),
    (
        "table: after the wait nobody is called by the old one",
        after_the_wait,
    ),
    ("table: two changes are both there", two_writers),
];

/// A table whose reading and dropping loom watches: one beside the other is a mistake.
#[derive(Debug)]
struct Table {
    version: usize,
    watched: UnsafeCell<()>,
}

impl Table {
    fn of(version: usize) -> Self {
        Self {
            version,
            watched: UnsafeCell::new(()),
        }
    }

    fn walk(&self) -> usize {
        self.watched.with(|_| self.version)
    }
}

impl Drop for Table {
    fn drop(&mut self) {
        self.watched.with_mut(|_| ());
    }
}

/// Replaces the table and waits as a stop does.
fn replace_and_wait(table: &Shared<Table>) {
    let number = table.replace(|table| Table::of(table.version + 1));
    while !table.reclaim(|_| ()).drop_up_to(number) {
        thread::yield_now();
    }
}

fn a_reading_keeps_its_table() {
    let table = Arc::new(Shared::new(Table::of(0)));
    let read = Arc::clone(&table);
    let reader = thread::spawn(move || {
        let record = ThreadRecord::enroll();
        for _ in 0..2 {
            let reading = record.readers.enter();
            read.read(&record, &reading).walk();
        }
    });
    replace_and_wait(&table);
    reader.join().unwrap();
}

fn nested_readings() {
    let table = Arc::new(Shared::new(Table::of(0)));
    let read = Arc::clone(&table);
    let reader = thread::spawn(move || {
        let record = ThreadRecord::enroll();
        let outer = record.readers.enter();
        let seen = read.read(&record, &outer);
        let inner = record.readers.enter();
        assert!(read.read(&record, &inner).walk() >= seen.walk());
        drop(inner);
        seen.walk();
    });
    replace_and_wait(&table);
    reader.join().unwrap();
}

/// When a stop has waited, no inline handler of the old table runs, and none begins.
fn after_the_wait() {
    let table = Arc::new(Shared::new(Table::of(0)));
    let stopped = Arc::new(AtomicBool::default());
    let (read, over) = (Arc::clone(&table), Arc::clone(&stopped));
    let reader = thread::spawn(move || {
        let record = ThreadRecord::enroll();
        let reading = record.readers.enter();
        if read.read(&record, &reading).walk() == 0 {
            assert!(!over.load(Relaxed), "it is called after its stop");
        }
    });
    replace_and_wait(&table);
    stopped.store(true, Relaxed);
    reader.join().unwrap();
}

fn two_writers() {
    let table = Arc::new(Shared::new(Table::of(0)));
    let writers = [(); 2].map(|()| {
        let table = Arc::clone(&table);
        thread::spawn(move || replace_and_wait(&table))
    });
    writers
        .into_iter()
        .for_each(|writer| writer.join().unwrap());
    assert_eq!(table.load().walk(), 2);
}
