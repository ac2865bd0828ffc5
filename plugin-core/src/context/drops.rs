//! Why events were neither handled nor kept as dead letters, and how many.

use std::ops::Add;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use schemars::JsonSchema;
use serde::Serialize;

macro_rules! reasons {
    ($($(#[doc = $doc:literal])+ $reason:ident $name:ident)+) => {
        /// Why an event was neither handled nor kept as a dead letter.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum DropReason {
            $($reason,)+
        }

        const REASONS: usize = [$(DropReason::$reason),+].len();

        /// Events that were neither handled nor kept as dead letters, by reason.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, JsonSchema)]
        #[non_exhaustive]
        pub struct DropCounts {
            $($(#[doc = $doc])+ pub $name: u64,)+
        }

        impl DropCounts {
            /// Each reason by its name, with the number of its events.
            pub fn by_reason(&self) -> impl Iterator<Item = (&'static str, u64)> {
                [$((stringify!($name), self.$name)),+].into_iter()
            }
        }

        impl Add for DropCounts {
            type Output = Self;

            fn add(self, other: Self) -> Self {
                Self { $($name: self.$name + other.$name,)+ }
            }
        }

        impl Drops {
            pub(super) fn snapshot(&self) -> DropCounts {
                DropCounts { $($name: self.0[DropReason::$reason as usize].load(Relaxed),)+ }
            }
        }
    };
}

reasons! {
    /// Events that the overflow policy of a handler dropped because the mailbox was full.
    Overflow overflow
    /// Events for which the mailbox had no room, and whose publisher could not wait or did not want
    /// to. The publisher got an error.
    Full full
    /// Events that could not be stored for a durable handler. A publisher that waits for the store got
    /// an error; for any other publisher the event is lost.
    Store store
    /// Events that waited for a subscription made at run time when it ended.
    Ended ended
    /// Events for which the filter or the key of a handler panicked.
    Filter filter
    /// Events that this plugin published and an interceptor refused. The plugin got an error.
    Refused refused
    /// Events that this plugin published in a chain of more events than `max_event_depth` allows. The
    /// plugin got an error.
    Endless endless
    /// Events that this plugin published while it or the service stopped. The plugin got an error.
    Stopping stopping
}

/// Counts dropped events.
#[derive(Debug, Default)]
pub(super) struct Drops([AtomicU64; REASONS]);

impl Drops {
    pub(super) fn add(&self, reason: DropReason, events: u64) {
        self.0[reason as usize].fetch_add(events, Relaxed);
    }
}
