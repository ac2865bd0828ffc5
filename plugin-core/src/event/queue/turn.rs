//! The turn of a job within its key.

use super::group::AffinityGuard;

/// The place of a job among the jobs with its key.
#[derive(Debug)]
pub(in crate::event) struct Turn {
    pub(in crate::event) key: u64,
    /// Holds back later events of the group until the job is dropped, wherever that happens.
    pub(in crate::event) _affinity: Option<AffinityGuard>,
}
