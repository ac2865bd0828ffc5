//! The server: takes connections, and ends them when it is asked to.
//!
//! Invariants: there are never more connections than slots; a connection is a task of the plugin,
//! so that none outlives it; while the server drains, requests that run are answered and nothing
//! new is taken.

use std::io;
use std::net::SocketAddr;
use std::num::NonZeroU16;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use plugin_core::{BoxFuture, Error, Result, SpawnError};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

/// The other end of a connection; every request has it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Peer(pub(crate) SocketAddr);

/// Runs a future as a task of the plugin.
pub(crate) type Spawn =
    Arc<dyn Fn(&'static str, BoxFuture<'static, ()>) -> Result<(), SpawnError> + Send + Sync>;

/// How long a client may take to send the head of a request, or to begin with the next one.
const HEAD_TIMEOUT: Duration = Duration::from_secs(30);

/// A pause after the system could not give a connection, as when files have run out.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

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
    slots: Arc<Semaphore>,
    size: NonZeroU16,
}

/// Takes an address.
///
/// # Errors
///
/// When it is no address, or not a free one: the operator has to change it.
pub(crate) async fn bind(address: &str) -> Result<Bound> {
    let refused = |error: io::Error| {
        Error::config(format!("`address`: can't listen on `{address}`")).because(error)
    };
    let listener = TcpListener::bind(address).await.map_err(refused)?;
    let address = listener.local_addr().map_err(refused)?;
    Ok(Bound { listener, address })
}

impl Bound {
    /// Serves `router`, with at most `size` connections at once.
    ///
    /// # Errors
    ///
    /// When the plugin may not have a task for it.
    pub(crate) fn serve(
        self,
        router: Router,
        size: NonZeroU16,
        spawn: &Spawn,
    ) -> Result<Server, SpawnError> {
        let (phase, receiver) = watch::channel(Phase::Serving);
        let slots = Arc::new(Semaphore::new(size.get().into()));
        let acceptor = Acceptor {
            listener: self.listener,
            slots: Arc::clone(&slots),
            router,
            spawn: Arc::clone(spawn),
            phase: receiver,
        };
        spawn("accept", Box::pin(acceptor.run()))?;
        Ok(Server {
            address: self.address,
            phase,
            slots,
            size,
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
        let all = self.slots.acquire_many(self.size.get().into());
        let drained = tokio::time::timeout(limit, all).await.is_ok();
        self.phase.send_replace(Phase::Cut);
        if drained { 0 } else { self.connections() }
    }

    /// How many slots are taken: the connections, and while it serves one for the next.
    fn connections(&self) -> usize {
        usize::from(self.size.get()) - self.slots.available_permits()
    }
}

struct Acceptor {
    listener: TcpListener,
    slots: Arc<Semaphore>,
    router: Router,
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
            let Ok(slot) = Arc::clone(&self.slots).acquire_owned().await else {
                return;
            };
            match self.listener.accept().await {
                Ok((stream, peer)) => self.connect(stream, peer, slot),
                Err(error) => {
                    tracing::warn!(%error, "can't take a connection");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }

    fn connect(&self, stream: TcpStream, peer: SocketAddr, slot: OwnedSemaphorePermit) {
        let (router, phase) = (self.router.clone(), self.phase.clone());
        let connection = async move {
            converse(stream, peer, router, phase).await;
            drop(slot);
        };
        if let Err(error) = (self.spawn)("connection", Box::pin(connection)) {
            tracing::warn!(%error, %peer, "a connection is closed at once");
        }
    }
}

/// Answers the requests of one connection.
async fn converse(
    stream: TcpStream,
    peer: SocketAddr,
    router: Router,
    mut phase: watch::Receiver<Phase>,
) {
    let router = TowerToHyperService::new(router);
    let service = service_fn(move |mut request: hyper::Request<hyper::body::Incoming>| {
        request.extensions_mut().insert(Peer(peer));
        router.call(request)
    });
    let mut connection = pin!(
        http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD_TIMEOUT)
            .serve_connection(TokioIo::new(stream), service)
    );
    phase.mark_changed();
    loop {
        tokio::select! {
            ended = connection.as_mut() => {
                if let Err(error) = ended {
                    tracing::debug!(%error, %peer, "a connection broke");
                }
                return;
            }
            changed = phase.changed() => match (changed, *phase.borrow_and_update()) {
                (Ok(()), Phase::Serving) => {}
                (Ok(()), Phase::Draining) => connection.as_mut().graceful_shutdown(),
                _ => return,
            },
        }
    }
}

#[cfg(test)]
mod tests;
