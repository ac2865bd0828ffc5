//! A stand-in for `plugin-core/src/event/record.rs`, whose records are in a `static` that loom does
//! not know: those of the threads of one run of a model. `Grace` is a copy.

use std::sync::Arc;

use loom::sync::Mutex;

use super::epoch::{self, Mark, Readers};

loom::lazy_static! {
    static ref RECORDS: Mutex<Vec<Arc<Readers>>> = Mutex::new(Vec::new());
}

/// The mark of this thread, for as long as it runs.
pub(super) fn enroll() -> Arc<Readers> {
    let readers = Arc::<Readers>::default();
    RECORDS.lock().unwrap().push(Arc::clone(&readers));
    readers
}

/// The threads that read when this was called; a writer waits until each has left.
#[derive(Debug, Default)]
pub(super) struct Grace(Vec<(Arc<Readers>, Mark)>);

impl Grace {
    /// Fences, then notes who reads.
    pub(super) fn begin() -> Self {
        epoch::heavy_fence();
        let records = RECORDS.lock().unwrap();
        let marks = records
            .iter()
            .map(|readers| (Arc::clone(readers), readers.mark()));
        Self(marks.filter(|(_, mark)| mark.is_inside()).collect())
    }

    /// Whether all of them have left.
    pub(super) fn is_over(&mut self) -> bool {
        self.0.retain(|(readers, mark)| !mark.has_left(readers));
        self.0.is_empty()
    }
}
