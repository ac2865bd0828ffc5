//! A stand-in for `plugin-core/src/rcu/record.rs`, whose records are in a `static` that loom does
//! not know: those of the threads of one run of a model. `Grace` is a copy, and `attend` is what it
//! is on a system without `membarrier`.

use std::sync::Arc;

use loom::sync::Mutex;

use super::epoch::{self, Mark, Readers};
use crate::sync::atomic::{Ordering::SeqCst, fence};

loom::lazy_static! {
    static ref RECORDS: Mutex<Vec<Arc<ThreadRecord>>> = Mutex::new(Vec::new());
}

/// What one thread keeps for itself.
#[derive(Debug, Default)]
pub(super) struct ThreadRecord {
    pub(super) readers: Readers,
}

impl ThreadRecord {
    /// The record of a thread, for as long as the model runs.
    pub(super) fn enroll() -> Arc<Self> {
        let record = Arc::<Self>::default();
        RECORDS.lock().unwrap().push(Arc::clone(&record));
        record
    }

    pub(super) fn needs_attention(&self) -> bool {
        true
    }

    pub(super) fn attend(&self) {
        fence(SeqCst);
    }
}

/// Which of a thread's marks.
pub(super) type Marks = fn(&ThreadRecord) -> &Readers;

/// The threads that read when this was called; a writer waits until each has left.
#[derive(Debug)]
pub(super) struct Grace(Marks, Vec<(Arc<ThreadRecord>, Mark)>);

impl Grace {
    /// Fences, then notes who reads.
    pub(super) fn begin(marks: Marks) -> Self {
        epoch::heavy_fence();
        let marked = |record: &Arc<ThreadRecord>| (Arc::clone(record), marks(record).mark());
        let records = RECORDS.lock().unwrap();
        let marked = records.iter().map(marked);
        Self(marks, marked.filter(|(_, mark)| mark.is_inside()).collect())
    }

    /// Whether all of them have left.
    pub(super) fn is_over(&mut self) -> bool {
        let Self(marks, marked) = self;
        marked.retain(|(record, mark)| !mark.has_left(marks(record)));
        marked.is_empty()
    }
}
