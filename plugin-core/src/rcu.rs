//! Values that many threads read without a lock while they are replaced (read-copy-update), and
//! counters to which many threads add without sharing a cache line (sharded counters).

pub(crate) mod epoch;
pub(crate) mod record;
pub(crate) mod shared;
pub(crate) mod tally;

pub(crate) use epoch::DEEPEST;
pub(crate) use record::ThreadRecord;
pub(crate) use shared::Shared;
pub(crate) use tally::{Tally, Total};
