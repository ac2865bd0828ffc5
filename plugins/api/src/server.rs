//! The server: takes connections, and ends them when it is asked to.
//!
//! Invariants: every connection is taken at once, and has a place in [`admission`]; a connection
//! is a task of the plugin, so that none outlives it; while the server drains, requests that run
//! are answered and nothing new is taken.

mod admission;
mod connection;
mod progress;
mod socket;

use std::net::SocketAddr;
use std::num::NonZeroU16;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use plugin_core::config::mask;
use plugin_core::{BoxFuture, Error, Result, SpawnError};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

pub(crate) use admission::Room;
use admission::{Class, Connections};
use connection::Connection;
pub(crate) use progress::Timeouts;

use crate::client::Proxies;

/// The other end of a connection; every request has it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Peer(pub(crate) SocketAddr);

/// Runs a future as a task of the plugin.
pub(crate) type Spawn =
    Arc<dyn Fn(&'static str, BoxFuture<'static, ()>) -> Result<(), SpawnError> + Send + Sync>;

/// A pause after the system could not give a connection, as when files have run out.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// What the head of a request may take.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Head {
    /// Most bytes, the request line included.
    pub(crate) bytes: usize,
    /// Most fields.
    pub(crate) fields: NonZeroU16,
}

/// What all connections together, and each of them, may take.
#[derive(Debug, Clone)]
pub(crate) struct ServerLimits {
    pub(crate) room: Room,
    /// Whose connections are many clients': they count only in all.
    pub(crate) proxies: Proxies,
    pub(crate) timeouts: Timeouts,
    pub(crate) head: Head,
}

/// What is answered.
#[derive(Debug, Clone)]
pub(crate) struct Routers {
    /// Everything.
    pub(crate) all: Router,
    /// Probes only; for connections that there is no room for.
    pub(crate) spare: Router,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Serving,
    Draining,
    Cut,
}

/// An address that is taken, with nobody serving yet.
#[derive(Debug)]
pub(crate) struct Bound {
    listener: TcpListener,
    address: SocketAddr,
}

/// A server that runs. Dropping it cuts its connections off.
#[derive(Debug)]
pub(crate) struct Server {
    address: SocketAddr,
    phase: watch::Sender<Phase>,
    connections: Arc<Connections>,
}

/// Takes an address.
///
/// # Errors
///
/// When it is no address, or not a free one: the operator has to change it.
pub(crate) async fn bind(address: &str) -> Result<Bound> {
    let refused = |error: std::io::Error| {
        let address = mask(address);
        Error::config(format!("`address`: can't listen on `{address}`")).because(error)
    };
    let listener = TcpListener::bind(address).await.map_err(refused)?;
    let address = listener.local_addr().map_err(refused)?;
    Ok(Bound { listener, address })
}

impl Bound {
    /// Serves what the routers answer, within the limits.
    ///
    /// # Errors
    ///
    /// When the plugin may not have a task for it.
    pub(crate) fn serve(
        self,
        routers: Routers,
        limits: ServerLimits,
        spawn: &Spawn,
    ) -> Result<Server, SpawnError> {
        let (phase, receiver) = watch::channel(Phase::Serving);
        let connections = Connections::new(limits.room, limits.timeouts);
        let acceptor = Acceptor {
            listener: self.listener,
            connections: Arc::clone(&connections),
            routers,
            proxies: limits.proxies,
            head: limits.head,
            spawn: Arc::clone(spawn),
            phase: receiver,
        };
        spawn("accept", Box::pin(acceptor.run()))?;
        Ok(Server {
            address: self.address,
            phase,
            connections,
        })
    }
}

impl Server {
    /// Where it listens, with the port that was taken.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Takes nothing new, waits until what runs is answered, and after `limit` cuts off the rest;
    /// returns how many connections that were.
    ///
    /// # Cancel safety
    ///
    /// When it is dropped, the server goes on draining without a limit.
    pub(crate) async fn drain(&self, limit: Duration) -> usize {
        self.phase.send_replace(Phase::Draining);
        let drained = tokio::time::timeout(limit, self.connections.emptied()).await;
        let left = self.connections.open();
        self.phase.send_replace(Phase::Cut);
        if drained.is_ok() { 0 } else { left }
    }
}

struct Acceptor {
    listener: TcpListener,
    connections: Arc<Connections>,
    proxies: Proxies,
    routers: Routers,
    head: Head,
    spawn: Spawn,
    phase: watch::Receiver<Phase>,
}

impl Acceptor {
    async fn run(self) {
        let mut phase = self.phase.clone();
        tokio::select! {
            () = self.accept() => {}
            // An error says that the server is dropped.
            _ = phase.wait_for(|phase| *phase != Phase::Serving) => {}
        }
    }

    async fn accept(&self) {
        loop {
            match self.listener.accept().await {
                Ok((stream, peer)) => self.connect(stream, peer),
                Err(error) => {
                    tracing::warn!(%error, "can't take a connection");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }

    fn connect(&self, stream: TcpStream, peer: SocketAddr) {
        let seat = if self.proxies.contains(peer.ip()) {
            self.connections.admit_proxy(peer.ip())
        } else {
            self.connections.admit(peer.ip())
        };
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
        if let Err(error) = (self.spawn)("connection", Box::pin(conversation)) {
            tracing::warn!(%error, %peer, "a connection is closed at once");
        }
    }
}

#[cfg(test)]
mod tests;
