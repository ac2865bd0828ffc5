//! Values that many threads read without a lock while they are replaced, and counts that many
//! threads add to without sharing a cache line: read-copy-update, and sharded counters.

pub(crate) mod epoch;
pub(crate) mod record;
pub(crate) mod shared;
pub(crate) mod tally;

pub(crate) use epoch::DEEPEST;
pub(crate) use record::ThreadRecord;
pub(crate) use shared::Shared;
pub(crate) use tally::{Tally, Total};
