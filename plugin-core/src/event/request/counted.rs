//! Counts the call of a method that answers in the counters of its handler.

use tokio::time::Instant;

use crate::context::Meta;
use crate::error::{Error, Result};
use crate::event::handler::HandlerCore;

/// A call in progress. If it is dropped after its deadline, it counts as timed out; if it is
/// dropped earlier, its answer was not needed any more.
pub(super) struct Counted<'a> {
    core: &'a HandlerCore,
    meta: Meta,
    began: Option<std::time::Instant>,
    deadline: Option<Instant>,
    has_ended: bool,
}

impl<'a> Counted<'a> {
    pub(super) fn begin(core: &'a HandlerCore, meta: Meta, deadline: Option<Instant>) -> Self {
        Self {
            core,
            meta,
            began: core.begin(1),
            deadline,
            has_ended: false,
        }
    }

    pub(super) fn end<T>(mut self, answer: &Result<T>) {
        self.note(answer.as_ref().err());
    }

    fn note(&mut self, error: Option<&Error>) {
        self.has_ended = true;
        self.core.took(1, self.began);
        if let Some(error) = error {
            self.core.failed(self.meta, error);
        }
    }
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        let is_late = self
            .deadline
            .is_some_and(|deadline| Instant::now() >= deadline);
        if !self.has_ended && is_late {
            self.note(Some(&Error::timeout("no answer when its deadline came")));
        }
    }
}
