//! A record that goes from a thread that ends to the next: a copy of the lease of
//! `plugin-core/src/rcu/record.rs`, around `epoch.rs` as it stands.

use std::sync::Arc;

use loom::thread;

use super::epoch::Readers;
use crate::Model;
use crate::sync::atomic::{AtomicBool, Ordering::Acquire, Ordering::Release};

pub(super) const MODELS: &[Model] = &[(
    "record: who takes one over sees what its last owner left",
    taken_over,
)];

fn taken_over() {
    let readers = Arc::<Readers>::default();
    let taken = Arc::new(AtomicBool::new(true));
    let (first, lease) = (Arc::clone(&readers), Arc::clone(&taken));
    let ends = thread::spawn(move || {
        drop(first.enter());
        lease.store(false, Release);
    });
    if !taken.swap(true, Acquire) {
        assert_eq!(readers.enter().depth(), 0, "it is not within a reading");
    }
    ends.join().unwrap();
}
