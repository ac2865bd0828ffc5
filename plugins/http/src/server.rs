//! The server: it accepts connections, and ends them when it is asked to.
//!
//! Invariants: every connection is accepted at once, and gets a place in [`admission`]; a
//! connection is a task of the plugin, so it ends with the plugin at the latest; while the server
//! drains, requests in progress are answered and no new ones are accepted.

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

/// A source of connections.
pub trait Listener: Send + Sync + 'static {
    /// A connection.
    type Stream: AsyncRead + AsyncWrite + Unpin + Send + 'static;
    /// The other end of a connection; every request has it as an extension.
    type Peer: Clone + Debug + Send + Sync + 'static;

    /// Accepts the next connection.
    fn accept(&self) -> impl Future<Output = io::Result<(Self::Stream, Self::Peer)>> + Send;

    /// The address whose connections are counted together; `None` if this connection is counted
    /// only in total.
    fn address(&self, peer: &Self::Peer) -> Option<IpAddr>;
}

/// Runs a future as a task of the plugin.
pub type Spawn =
    Arc<dyn Fn(&'static str, BoxFuture<'static, ()>) -> Result<(), SpawnError> + Send + Sync>;

/// The pause after the system could not supply a connection, for example because there are too many
/// open files.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// The limits for the head of a request.
#[derive(Debug, Clone, Copy)]
pub struct Head {
    /// Most bytes, including the request line.
    pub bytes: usize,
    /// Most fields.
    pub fields: NonZeroU16,
}

/// The limits for all connections together, and for each of them.
#[derive(Debug, Clone, Copy)]
pub struct ServerLimits {
    /// How many connections there may be.
    pub room: Room,
    /// The time limits of each connection.
    pub timeouts: Timeouts,
    /// The limits for the head of a request.
    pub head: Head,
}

/// The longest time for sending an answer to a client of operators.
const WRITE: Duration = Duration::from_secs(10);

impl ServerLimits {
    /// The limits of an interface for operators and their programs. `connections` is the number of
    /// connections, from one address or from several. `patience` is the time for the head of a
    /// request, for the pause between requests, and, up to ten seconds, for sending an answer.
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

/// The routers that answer requests.
#[derive(Debug, Clone)]
pub struct Routers {
    /// The router for all routes.
    pub all: Router,
    /// The router for connections for which there is no room: it answers probes, and refuses
    /// everything else.
    pub spare: Router,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Serving,
    /// Connections continue at the next server, each when it has no request.
    Moving,
    Draining,
    Cut,
}

/// A running server. Dropping it closes its connections.
#[derive(Debug)]
pub struct Server<L: Listener> {
    phase: watch::Sender<Phase>,
    connections: Arc<Connections>,
    succession: Arc<Succession<L>>,
    /// Closed when no more connections are accepted.
    accepts: watch::Receiver<()>,
}

impl<L: Listener> Server<L> {
    /// Serves all connections with these routers, within the limits.
    ///
    /// # Errors
    ///
    /// Returns an error if the plugin can't spawn a task for it.
    pub fn serve(
        listener: L,
        routers: Routers,
        limits: ServerLimits,
        spawn: &Spawn,
    ) -> Result<Self, SpawnError> {
        Self::serve_after(None, (listener, routers), limits, spawn)
    }

    /// Like `serve`, and takes over the connections of an earlier server when that is drained:
    /// further requests on them are answered by these routers, within these limits.
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

    /// The data that the next server needs from this one.
    #[must_use]
    pub fn succession(&self) -> &Arc<Succession<L>> {
        &self.succession
    }

    /// Whether another server follows this one and takes its connections.
    #[must_use]
    pub fn is_followed(&self) -> bool {
        self.succession.is_followed()
    }

    /// Accepts no new connections, waits until the requests in progress are answered, and closes
    /// the remaining connections after `limit`; returns their number. Connections without a request
    /// continue at the server that follows this one; if there is none, they are closed.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, the server continues to drain without a limit.
    pub async fn drain(&self, limit: Duration) -> usize {
        self.phase.send_replace(match self.is_followed() {
            true => Phase::Moving,
            false => Phase::Draining,
        });
        let emptied = async {
            // A connection that is just being accepted is waited for as well.
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
    /// Its end shows that no more connections are accepted.
    _accepting: watch::Sender<()>,
}

impl<L: Listener> Acceptor<L> {
    async fn run(mut self) {
        let mut phase = self.phase.clone();
        let moved = self.moved.take();
        tokio::select! {
            () = self.accept() => {}
            () = self.go_on(moved) => {}
            // An error means that the server was dropped.
            _ = phase.wait_for(|phase| *phase != Phase::Serving) => {}
        }
    }

    /// Takes over the connections of an earlier server.
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
