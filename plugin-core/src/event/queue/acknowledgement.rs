//! Tells a store what happened to an event that it keeps until the event is handled.

use crate::event::outcome::dead_letters::DeadLetter;

/// The connection back to the store of an event: the code that put the event into the mailbox
/// learns what happens to it. If this is dropped, no handler has finished with the event.
pub(in crate::event) trait Acknowledgement: Send + Sync {
    /// Whether the handler may be called. It may not if the store drops the event.
    fn take(&self) -> bool;
    /// The event was handled.
    fn handled(self: Box<Self>);
    /// The event became a dead letter.
    fn dead(self: Box<Self>, letter: DeadLetter);
}
