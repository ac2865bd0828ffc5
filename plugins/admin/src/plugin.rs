//! The plugin: it listens when it starts, and removes its files before it stops. A new life takes
//! over the listeners of the previous one, and its connections.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::middleware::{from_fn, from_fn_with_state};
use plugin_contracts::LogTail;
use plugin_core::Error;
use plugin_core::audit::SecurityLog;
use plugin_core::prelude::*;
use plugin_http::{
    AddressFile, Limits, Listener, OwnOrigin, Routers, Server, ServerLimits, Spawn, Succession,
    Tcp, framed, traced,
};

use crate::bearer::{Bearers, identified};
use crate::config::AdminConfig;
use crate::live::Live;
use crate::peer::{Gate, Peer};
use crate::refusals::recorded;
use crate::remote::Remote;
use crate::routes::{self, Backends};
use crate::socket::{Unix, listen};
use crate::stream::Feed;
use crate::tap::Taps;

/// Largest body of a request in bytes.
const LARGEST_BODY: usize = 64 * 1024;

/// Additional time for the answer about an operation.
const MARGIN: Duration = Duration::from_secs(5);

/// The names under which one life of the plugin hands over its servers to the next one: the
/// listener and the connections of each.
const SOCKET: &str = "socket";
const SOCKET_CONNECTIONS: &str = "socket connections";
const TCP: &str = "tcp";
const TCP_CONNECTIONS: &str = "tcp connections";

/// The name of the handed-over samples.
const LIVE: &str = "live";

/// Lets the owner operate the running service from its own binary, and others over TCP.
#[derive(Debug)]
pub struct Admin {
    config: AdminConfig,
    system: System,
    operator: Option<Operator>,
    log: SecurityLog,
    data: DataDir,
    live: Arc<Live>,
    feed: Arc<Feed>,
    taps: Taps,
    observer: Option<Observer>,
    logs: Option<Service<dyn LogTail>>,
    handover: Handover,
    servers: Mutex<Option<Servers>>,
}

#[derive(Debug)]
struct Servers {
    socket: (Server<Unix>, Unix),
    tcp: Option<(Server<Remote>, SocketAddr)>,
}

/// Lets the owner operate the running service from its own binary, and others over TCP.
#[plugin(
    name = "admin-plugin",
    kind = system,
    after("logger-plugin"),
    overlap,
    singleton = "the data folder has one socket and one lock"
)]
impl Admin {
    #[init]
    #[expect(
        clippy::too_many_arguments,
        reason = "each is something that the plugin needs"
    )]
    fn init(
        Config(config): Config<AdminConfig>,
        system: System,
        operator: Option<Operator>,
        log: SecurityLog,
        observer: Option<Observer>,
        logs: Option<Service<dyn LogTail>>,
        data: DataDir,
        handover: Handover,
    ) -> Self {
        let live = handover.take::<Live>(LIVE);
        let live = live.unwrap_or_else(|| Arc::new(Live::new(system.clone())));
        handover.offer(LIVE, &live);
        Self {
            live,
            feed: Arc::new(Feed::new(config.max_streams.into())),
            taps: Taps::new(observer.clone()),
            observer,
            logs,
            config,
            system,
            operator,
            log,
            data,
            handover,
            servers: Mutex::new(None),
        }
    }

    #[start]
    async fn start(&self, tasks: Tasks) -> Result<()> {
        let live = Arc::clone(&self.live);
        tasks.spawn("look", async move { live.run().await })?;
        let taps = self.taps.clone();
        tasks.spawn("tap", async move { taps.run().await })?;
        if let Some(observer) = &self.observer {
            self.feed.observe(observer)?;
        }
        let spawn: Spawn = Arc::new(move |name, future| tasks.spawn(name, future));
        let socket = self.serve_socket(&spawn)?;
        let tcp = match &self.config.listen {
            Some(address) => Some(self.serve_tcp(address, &spawn).await?),
            None => None,
        };
        *self.servers() = Some(Servers { socket, tcp });
        Ok(())
    }

    #[stop]
    async fn stop(&self) {
        let Some(Servers { socket, tcp }) = self.servers().take() else {
            return;
        };
        // No stream delays the stop.
        self.feed.end();
        let (server, unix) = socket;
        if !server.is_followed() {
            // No further client can connect.
            unix.unlink();
        }
        drop(unix);
        let limit = self.config.drain_timeout.get();
        let remote = async {
            if let Some((server, address)) = tcp {
                if !server.is_followed() {
                    self.address().remove(address);
                }
                server.drain(limit).await;
            }
        };
        tokio::join!(server.drain(limit), remote);
    }
}

impl Admin {
    fn servers(&self) -> MutexGuard<'_, Option<Servers>> {
        self.servers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The file that contains the TCP address.
    fn address(&self) -> AddressFile {
        AddressFile::new(self.data.path())
    }

    fn serve_socket(&self, spawn: &Spawn) -> Result<(Server<Unix>, Unix)> {
        let before = self.handover.take::<Unix>(SOCKET);
        let unix = match before.filter(|before| before.is_there()) {
            Some(before) => Unix::clone(&before),
            // It is the first life, or the file was removed.
            None => listen(self.data.path())?,
        };
        self.handover.offer(SOCKET, &Arc::new(unix.clone()));
        let gate = Gate::new(Peer::own());
        let routers = self.routers(|router, _| gate.clone().before(router));
        let server = self.serve((unix.clone(), routers), SOCKET_CONNECTIONS, spawn)?;
        tracing::info!(socket = %unix.path().display(), "the owner can operate the service");
        Ok((server, unix))
    }

    async fn serve_tcp(
        &self,
        address: &str,
        spawn: &Spawn,
    ) -> Result<(Server<Remote>, SocketAddr)> {
        let before = self.handover.take::<Tcp>(TCP);
        let tcp = Tcp::bind_after(before.as_deref(), "listen", address).await?;
        let address = tcp.local_address();
        let tls = self.config.tls.as_ref();
        if tls.is_none() && !address.ip().to_canonical().is_loopback() {
            return Err(Error::config(format!(
                "`listen`: `{address}` is beyond the loopback: name a certificate in `tls`"
            )));
        }
        self.handover.offer(TCP, &Arc::new(tcp.clone()));
        let remote = Remote::new(tcp, tls)?;
        let bearers = Bearers::new(&self.config.tokens);
        let origin = OwnOrigin::new(tls.is_some(), &self.config.hosts);
        let routers = self.routers(|router, open| {
            let router = router.layer(from_fn_with_state(bearers.clone(), identified));
            let router = router.merge(open);
            origin.clone().guard(router)
        });
        let server = self.serve((remote, routers), TCP_CONNECTIONS, spawn)?;
        tracing::info!(%address, tls = tls.is_some(), "the service can be operated with a token");
        self.address().write(address)?;
        Ok((server, address))
    }

    /// Takes over the connections of the previous life, if there are any.
    fn serve<L: Listener>(
        &self,
        served: (L, Routers),
        connections: &'static str,
        spawn: &Spawn,
    ) -> Result<Server<L>> {
        let before = self.handover.take::<Succession<L>>(connections);
        let server = Server::serve_after(before.as_deref(), served, self.limits(), spawn)?;
        self.handover.offer(connections, server.succession());
        Ok(server)
    }

    /// The routers for admitted requests.
    fn routers(&self, gate: impl Fn(Router, Router) -> Router) -> Routers {
        let limits = Limits {
            body: LARGEST_BODY,
            body_time: self.config.client_timeout.get(),
            time: self.config.operation_timeout.get() + MARGIN,
        };
        let backends = Backends {
            system: self.system.clone(),
            operator: self.operator.clone(),
            live: Arc::clone(&self.live),
            feed: Arc::clone(&self.feed),
            taps: self.taps.clone(),
            observes: self.observer.is_some(),
            logs: self.logs.clone(),
            patience: self.config.operation_timeout.get(),
        };
        let finish = |router: Router, open: Router| {
            let router = gate(router, open).layer(from_fn(framed));
            let router = limits.apply(router).layer(from_fn(traced));
            router.layer(from_fn_with_state(self.log.clone(), recorded))
        };
        Routers {
            all: finish(routes::router(&backends), routes::open()),
            spare: finish(routes::spare(), Router::new()),
        }
    }

    fn limits(&self) -> ServerLimits {
        let patience = self.config.client_timeout.get();
        ServerLimits::for_operators(self.config.max_connections, patience)
    }
}
