//! A publishing operation in progress, which a stop waits for.

use std::sync::Arc;

use crate::context::Identity;
use crate::error::PublishError;
use crate::event::bus::Bus;
use crate::event::outcome::backlog;
use crate::event::payload::Carried;
use crate::event::routing::target::{CurrentTargets, Target};

/// A publishing operation in progress. While it exists, the bus is not idle, so that a stop waits
/// for it.
pub(in crate::event) struct PublishGuard<'a> {
    bus: &'a Bus,
    /// The route of the event.
    index: usize,
    under_way: backlog::Publishing<'a>,
}

impl<'a> PublishGuard<'a> {
    /// Counts the operation first, and then checks whether publishing is allowed. A stop first
    /// forbids publishing and then reads the count, so one of the two sees the other.
    pub(in crate::event) fn begin(
        bus: &'a Bus,
        owner: &Identity,
        index: usize,
    ) -> Result<Self, PublishError> {
        let under_way = bus.pending().publishing();
        if bus.is_closed() || owner.is_muted() {
            owner.drop_at_stop(1);
            return Err(PublishError::Stopping);
        }
        Ok(Self {
            bus,
            index,
            under_way,
        })
    }

    /// Ends the operation; the bus counts a job in its place.
    pub(in crate::event) fn hand_over(self) {
        self.under_way.hand_over();
    }
}

impl<P: Carried> CurrentTargets<P> for PublishGuard<'_> {
    fn targets(&self) -> Arc<[Target<P>]> {
        Arc::clone(&self.bus.table().load().route::<P>(self.index).queued)
    }
}
