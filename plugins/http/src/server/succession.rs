//! Moves connections from one server to the one that follows it, each between two requests.

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::mpsc;

use super::Listener;
use super::connection::Moved;

/// A connection that is being moved, and its other end.
pub(super) type OnTheWay<L> = (Moved<<L as Listener>::Stream>, <L as Listener>::Peer);

/// The channel for the connections of a server when another one follows it. The plugin's next life
/// needs it from this one, in addition to the listener.
pub struct Succession<L: Listener>(Mutex<Option<mpsc::UnboundedSender<OnTheWay<L>>>>);

impl<L: Listener> Succession<L> {
    pub(super) fn new() -> Self {
        Self(Mutex::new(None))
    }

    /// From now on, another server takes the connections.
    pub(super) fn follow(&self) -> mpsc::UnboundedReceiver<OnTheWay<L>> {
        let (sender, receiver) = mpsc::unbounded_channel();
        *self.next() = Some(sender);
        receiver
    }

    /// Whether there is a server that takes connections.
    pub(super) fn is_followed(&self) -> bool {
        let next = self.next();
        next.as_ref().is_some_and(|next| !next.is_closed())
    }

    /// Sends a connection to the next server. If there is none any more, the connection is closed.
    pub(super) fn send(&self, moved: OnTheWay<L>) {
        if let Some(next) = &*self.next() {
            drop(next.send(moved));
        }
    }

    fn next(&self) -> MutexGuard<'_, Option<mpsc::UnboundedSender<OnTheWay<L>>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<L: Listener> fmt::Debug for Succession<L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Succession")
            .field("is_followed", &self.is_followed())
            .finish()
    }
}
