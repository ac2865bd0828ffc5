//! How middleware comes into the next table and goes out of it.

use std::sync::Arc;

use super::link::AnyLink;
use super::topics::Topics;
use super::{Chain, MiddlewareReport};
use crate::event::table::{Draft, Table};

impl Draft<'_> {
    /// Puts a middleware into the chains of all topics that it is called for.
    pub(super) fn intercept(&mut self, link: AnyLink) {
        self.redraft(link.topics());
        Arc::make_mut(&mut self.middleware).add(link);
    }

    /// Takes middleware out.
    pub(in crate::event) fn release(&mut self, gone: &dyn Fn(u64) -> bool) {
        let mut left = Chain::clone(&self.middleware);
        let released = left.remove(gone);
        if released.is_empty() {
            return;
        }
        self.middleware = Arc::new(left);
        for topics in &released {
            self.redraft(topics);
        }
    }

    /// Has the routes of some topics made anew, and that of undeclared topics.
    fn redraft(&mut self, topics: &Topics) {
        for (at, topic) in self.topics.iter().enumerate() {
            if topics.matches(topic) {
                self.draft(at);
            }
        }
        self.draft(self.table.untyped());
    }
}

impl Table {
    pub(in crate::event) fn middleware(&self) -> &Arc<Chain> {
        &self.middleware
    }

    /// What all middleware did so far.
    pub(in crate::event) fn middleware_reports(&self) -> Vec<MiddlewareReport> {
        self.middleware.reports()
    }
}
