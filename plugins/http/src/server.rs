//! The server: takes connections, and ends them when it is asked to.
//!
//! Invariants: every connection is taken at once, and has a place in [`admission`]; a connection
//! is a task of the plugin, so that none outlives it; while the server drains, requests that run
//! are answered and nothing new is taken.

mod admission;
mod connection;
mod progress;
mod socket;
mod succession;

use std::fmt::Debug;
use std::io;
use std::net::IpAddr;
use std::num::NonZeroU16;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::body::Bytes;
use plugin_core::{BoxFuture, SpawnError};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::{mpsc, watch};

use admission::{Class, Connections};
pub use admission::{Room, network_of};
pub use connection::Streamed;
use connection::{Connection, Moved};
pub use progress::Timeouts;
use succession::OnTheWay;
pub use succession::Succession;

/// Where connections come in.
pub trait Listener: Send + Sync + 'static {
    /// A connection.
    type Stream: AsyncRead + AsyncWrite + Unpin + Send + 'static;
    /// The other end of one; every request has it as an extension.
    type Peer: Clone + Debug + Send + Sync + 'static;

    /// Takes the next connection.
    fn accept(&self) -> impl Future<Output = io::Result<(Self::Stream, Self::Peer)>> + Send;

    /// The address whose connections count together; `None` if this one counts only in all.
    fn address(&self, peer: &Self::Peer) -> Option<IpAddr>;
}

/// Runs a future as a task of the plugin.
pub type Spawn =
    Arc<dyn Fn(&'static str, BoxFuture<'static, ()>) -> Result<(), SpawnError> + Send + Sync>;

/// A pause after the system could not give a connection, as when files have run out.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// What the head of a request may take.
#[derive(Debug, Clone, Copy)]
pub struct Head {
    /// Most bytes, the request line included.
    pub bytes: usize,
    /// Most fields.
    pub fields: NonZeroU16,
}

/// What all connections together, and each of them, may take.
#[derive(Debug, Clone, Copy)]
pub struct ServerLimits {
    /// How many connections there may be.
    pub room: Room,
    /// How long each may take.
    pub timeouts: Timeouts,
    /// What the head of a request may take.
    pub head: Head,
}

/// The most time for an answer to be sent to a client of operators.
const WRITE: Duration = Duration::from_secs(10);

impl ServerLimits {
    /// Of an interface for operators and their programs: so many connections, whoever they are of,
    /// and so much time for each request, between requests, and, up to ten seconds, for each answer
    /// to be read.
    #[must_use]
    pub fn for_operators(connections: NonZeroU16, patience: Duration) -> Self {
        Self {
            room: Room {
                total: connections,
                per_address: connections,
            },
            timeouts: Timeouts {
                header: patience,
                write: patience.min(WRITE),
                idle: patience,
            },
            head: Head {
                bytes: 16 * 1024,
                fields: const { NonZeroU16::new(64).expect("it is not zero") },
            },
        }
    }
}

/// What is answered.
#[derive(Debug, Clone)]
pub struct Routers {
    /// Everything.
    pub all: Router,
    /// For connections that there is no room for: probes, and a refusal of all else.
    pub spare: Router,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Serving,
    /// Connections go on at the next server, each when it has no request.
    Moving,
    Draining,
    Cut,
}

/// A server that runs. Dropping it cuts its connections off.
#[derive(Debug)]
pub struct Server<L: Listener> {
    phase: watch::Sender<Phase>,
    connections: Arc<Connections>,
    succession: Arc<Succession<L>>,
    /// Closed when no more connections are taken.
    accepts: watch::Receiver<()>,
}

impl<L: Listener> Server<L> {
    /// Serves what the routers answer to whoever comes in, within the limits.
    ///
    /// # Errors
    ///
    /// When the plugin may not have a task for it.
    pub fn serve(
        listener: L,
        routers: Routers,
        limits: ServerLimits,
        spawn: &Spawn,
    ) -> Result<Self, SpawnError> {
        Self::serve_after(None, (listener, routers), limits, spawn)
    }

    /// The same, and goes on with the connections of an earlier server when that is drained: the
    /// requests that come in then are answered by these routers, within these limits.
    ///
    /// # Errors
    ///
    /// As [`Server::serve`].
    pub fn serve_after(
        before: Option<&Succession<L>>,
        (listener, routers): (L, Routers),
        limits: ServerLimits,
        spawn: &Spawn,
    ) -> Result<Self, SpawnError> {
        let (phase, receiver) = watch::channel(Phase::Serving);
        let connections = Connections::new(limits.room, limits.timeouts);
        let succession = Arc::new(Succession::new());
        let (accepting, accepts) = watch::channel(());
        let acceptor = Acceptor {
            listener,
            moved: before.map(Succession::follow),
            succession: Arc::clone(&succession),
            connections: Arc::clone(&connections),
            routers,
            head: limits.head,
            spawn: Arc::clone(spawn),
            phase: receiver,
            _accepting: accepting,
        };
        spawn("accept", Box::pin(acceptor.run()))?;
        Ok(Self {
            phase,
            connections,
            succession,
            accepts,
        })
    }

    /// What a server needs that is to follow this one.
    #[must_use]
    pub fn succession(&self) -> &Arc<Succession<L>> {
        &self.succession
    }

    /// Whether another server follows this one and takes its connections.
    #[must_use]
    pub fn is_followed(&self) -> bool {
        self.succession.is_followed()
    }

    /// Takes nothing new, waits until what runs is answered, and after `limit` cuts off the rest;
    /// returns how many connections that were. Those that have no request go on at the server that
    /// follows this one; if none does, they are closed.
    ///
    /// # Cancel safety
    ///
    /// When it is dropped, the server goes on draining without a limit.
    pub async fn drain(&self, limit: Duration) -> usize {
        self.phase.send_replace(match self.is_followed() {
            true => Phase::Moving,
            false => Phase::Draining,
        });
        let emptied = async {
            // One that is just being taken is among those that are waited for.
            let mut accepts = self.accepts.clone();
            while accepts.changed().await.is_ok() {}
            self.connections.emptied().await;
        };
        let drained = tokio::time::timeout(limit, emptied).await;
        let left = self.connections.open();
        self.phase.send_replace(Phase::Cut);
        if drained.is_ok() { 0 } else { left }
    }
}

struct Acceptor<L: Listener> {
    listener: L,
    moved: Option<mpsc::UnboundedReceiver<OnTheWay<L>>>,
    succession: Arc<Succession<L>>,
    connections: Arc<Connections>,
    routers: Routers,
    head: Head,
    spawn: Spawn,
    phase: watch::Receiver<Phase>,
    /// Tells by its end that no more connections are taken.
    _accepting: watch::Sender<()>,
}

impl<L: Listener> Acceptor<L> {
    async fn run(mut self) {
        let mut phase = self.phase.clone();
        let moved = self.moved.take();
        tokio::select! {
            () = self.accept() => {}
            () = self.go_on(moved) => {}
            // An error says that the server is dropped.
            _ = phase.wait_for(|phase| *phase != Phase::Serving) => {}
        }
    }

    /// Takes the connections of an earlier server.
    async fn go_on(&self, moved: Option<mpsc::UnboundedReceiver<OnTheWay<L>>>) {
        if let Some(mut moved) = moved {
            while let Some((stream, peer)) = moved.recv().await {
                self.connect(stream, peer, true);
            }
        }
        std::future::pending().await
    }

    async fn accept(&self) {
        loop {
            match self.listener.accept().await {
                Ok((stream, peer)) => self.connect((stream, Bytes::new()), peer, false),
                Err(error) => {
                    tracing::warn!(%error, "can't take a connection");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }

    fn connect(&self, stream: Moved<L::Stream>, peer: L::Peer, goes_on: bool) {
        let seat = self.connections.admit(self.listener.address(&peer));
        if goes_on {
            seat.progress.resume();
        }
        let (succession, other_end) = (Arc::clone(&self.succession), peer.clone());
        let router = match seat.class {
            Class::Regular => &self.routers.all,
            Class::Spare => &self.routers.spare,
        };
        let connection = Connection {
            stream,
            peer,
            router: router.clone(),
            head: self.head,
            seat,
        };
        let conversation = connection.converse(self.phase.clone());
        let conversation = async move {
            if let Some(moved) = conversation.await {
                succession.send((moved, other_end));
            }
        };
        if let Err(error) = (self.spawn)("connection", Box::pin(conversation)) {
            tracing::warn!(%error, "a connection is closed at once");
        }
    }
}

#[cfg(test)]
mod tests;
