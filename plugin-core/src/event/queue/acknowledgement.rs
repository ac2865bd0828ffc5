//! What a store is told of an event that it keeps until the event is handled.

use crate::event::outcome::dead_letters::DeadLetter;

/// The way back to the store of an event: whoever gave the event to the mailbox is told what
/// becomes of it. One that is dropped says that no handler came to the event.
pub(in crate::event) trait Acknowledgement: Send + Sync {
    /// Whether the handler may be called: not if the store drops the event.
    fn take(&self) -> bool;
    /// It was handled.
    fn handled(self: Box<Self>);
    /// It is in the dead letters.
    fn dead(self: Box<Self>, letter: DeadLetter);
}
