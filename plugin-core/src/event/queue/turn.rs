//! What only some jobs have: a turn among the jobs of a key, a state of the breaker, an
//! acknowledgement that a store waits for.

use super::group::AffinityGuard;
use crate::event::outcome::dead_letters::DeadLetter;

/// The place of a job among those of its key.
#[derive(Debug)]
pub(in crate::event) struct Turn {
    pub(in crate::event) key: u64,
    /// Holds the later ones of the group back, until the job is dropped, wherever that happens.
    pub(in crate::event) _affinity: Option<AffinityGuard>,
}

/// Of an event that a store keeps until it is handled: who gave it to the mailbox is told what
/// becomes of it. One that is dropped says that no handler came to the event.
pub(in crate::event) trait Acknowledgement: Send + Sync {
    /// Whether the handler may be called: not if the store drops the event.
    fn take(&self) -> bool;
    /// It was handled.
    fn handled(self: Box<Self>);
    /// It is in the dead letters.
    fn dead(self: Box<Self>, letter: DeadLetter);
}

/// What a job has to do with the breaker of its handler.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(in crate::event) enum ProbeState {
    /// Nothing yet.
    #[default]
    Never,
    /// It waits.
    Shut,
    /// It shows whether the target is back.
    Probe,
    /// It has waited.
    Passed,
}
