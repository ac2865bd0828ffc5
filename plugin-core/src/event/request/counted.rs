//! The call of a method that answers, in the counts of its handler.

use tokio::time::Instant;

use crate::context::Meta;
use crate::error::{Error, Result};
use crate::event::handler::Site;

/// A call that is under way: one that is dropped after its deadline counts as late, one that is
/// dropped before it was not wanted any more.
pub(super) struct Counted<'a> {
    site: &'a Site,
    meta: Meta,
    began: Option<std::time::Instant>,
    deadline: Option<Instant>,
    has_ended: bool,
}

impl<'a> Counted<'a> {
    pub(super) fn begin(site: &'a Site, meta: Meta, deadline: Option<Instant>) -> Self {
        Self {
            site,
            meta,
            began: site.begin(1),
            deadline,
            has_ended: false,
        }
    }

    pub(super) fn end<T>(mut self, answer: &Result<T>) {
        self.note(answer.as_ref().err());
    }

    fn note(&mut self, error: Option<&Error>) {
        self.has_ended = true;
        self.site.took(1, self.began);
        if let Some(error) = error {
            self.site.failed(self.meta, error);
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
