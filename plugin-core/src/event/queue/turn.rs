//! The turn of a job among those of its key.

use super::group::AffinityGuard;

/// The place of a job among those of its key.
#[derive(Debug)]
pub(in crate::event) struct Turn {
    pub(in crate::event) key: u64,
    /// Holds the later ones of the group back, until the job is dropped, wherever that happens.
    pub(in crate::event) _affinity: Option<AffinityGuard>,
}
