//! The plugin: it binds the address when it starts, and drains when it stops.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::middleware::{from_fn, from_fn_with_state};
use plugin_contracts::{Auth, UserService};
use plugin_core::audit::SecurityLog;
use plugin_core::prelude::*;
use plugin_http::{
    AddressFile, Head, Limits, Probes, Room, Routers, Server, ServerLimits, Spawn, Succession, Tcp,
    Timeouts, framed, traced,
};

use crate::client::{Proxies, located};
use crate::config::ApiConfig;
use crate::idempotency::Keys;
use crate::routes::{self, Backends};

/// The name under which one life of the plugin hands over the listener to the next one.
const LISTENER: &str = "listener";
const CONNECTIONS: &str = "connections";
const KEYS: &str = "keys";

/// Serves the HTTP interface.
#[derive(Debug)]
pub struct Api {
    config: ApiConfig,
    auth: Service<dyn Auth>,
    users: Service<dyn UserService>,
    publishers: Publishers,
    system: System,
    log: SecurityLog,
    address: AddressFile,
    handover: Handover,
    server: Mutex<Option<(Server<Tcp>, SocketAddr)>>,
}

/// Serves the HTTP interface.
#[plugin(name = "api-plugin", kind = middleware, overlap)]
impl Api {
    #[init]
    #[expect(
        clippy::too_many_arguments,
        reason = "each parameter is something that the plugin needs"
    )]
    fn init(
        Config(config): Config<ApiConfig>,
        auth: Service<dyn Auth>,
        users: Service<dyn UserService>,
        publishers: Publishers,
        system: System,
        log: SecurityLog,
        data: DataDir,
        handover: Handover,
    ) -> Result<Self> {
        Ok(Self {
            config,
            auth,
            users,
            publishers,
            system,
            log,
            address: AddressFile::new(data.path()),
            handover,
            server: Mutex::new(None),
        })
    }

    #[start]
    async fn start(&self, tasks: Tasks) -> Result<()> {
        self.tell_of_nobody().await;
        let proxies = self.proxies();
        let before = self.handover.take::<Tcp>(LISTENER);
        let tcp = Tcp::bind_after(before.as_deref(), "address", &self.config.address).await?;
        let tcp = tcp.shared_by(move |address| proxies.contains(address));
        let address = tcp.local_address();
        self.handover.offer(LISTENER, &Arc::new(tcp.clone()));
        let spawn: Spawn = Arc::new(move |name, future| tasks.spawn(name, future));
        let before = self.handover.take::<Succession<Tcp>>(CONNECTIONS);
        let served = (tcp, self.routers(&spawn));
        let server = Server::serve_after(before.as_deref(), served, self.limits(), &spawn)?;
        self.handover.offer(CONNECTIONS, server.succession());
        *self.server.lock().unwrap_or_else(PoisonError::into_inner) = Some((server, address));
        tracing::info!(%address, "the interface is open");
        self.address.write(address)
    }

    #[stop]
    async fn stop(&self) {
        let server = self
            .server
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some((server, address)) = server {
            if !server.is_followed() {
                self.address.remove(address);
            }
            let cut = server.drain(self.config.drain_timeout.get()).await;
            tracing::info!(cut, "the interface is closed");
        }
    }
}

impl Api {
    fn routers(&self, spawn: &Spawn) -> Routers {
        let limits = Limits {
            body: self.config.max_body_bytes.get(),
            body_time: self.config.body_timeout.get(),
            time: self.config.request_timeout.get(),
        };
        let backends = self.backends(spawn);
        let proxies = self.proxies();
        let finish = |router: Router| {
            let router = limits.apply(router.layer(from_fn(framed)));
            let router = router.layer(from_fn(traced));
            router.layer(from_fn_with_state(proxies.clone(), located))
        };
        Routers {
            all: finish(routes::router(&backends, &self.config)),
            spare: finish(routes::spare(&backends, &self.config)),
        }
    }

    /// The idempotency keys, which are known in all lives.
    fn keys(&self) -> Arc<Keys> {
        let before = self.handover.take::<Keys>(KEYS);
        let ttl = self.config.idempotency_ttl.get();
        let keys = Arc::new(Keys::after(before.as_deref(), ttl));
        self.handover.offer(KEYS, &keys);
        keys
    }

    fn proxies(&self) -> Proxies {
        Proxies::new(&self.config.trusted_proxies, self.config.proxy_header)
    }

    /// Logs users that have rights in the config but do not exist.
    async fn tell_of_nobody(&self) {
        for user in &self.config.may_publish_for {
            match self.users.find(user).await {
                Ok(Some(_)) => {}
                Ok(None) => tracing::warn!(
                    user,
                    "`may_publish_for` names a user who is not there, or is disabled: whoever is given that id gets the right"
                ),
                Err(error) => tracing::warn!(user, "`may_publish_for` is not checked: {error}"),
            }
        }
    }

    fn limits(&self) -> ServerLimits {
        let config = &self.config;
        ServerLimits {
            room: Room {
                total: config.max_connections,
                per_address: config.max_connections_per_address,
            },
            timeouts: Timeouts {
                header: config.header_timeout.get(),
                write: config.write_timeout.get(),
                idle: config.idle_timeout.get(),
            },
            head: Head {
                bytes: config.max_header_bytes,
                fields: config.max_headers,
            },
        }
    }

    fn backends(&self, spawn: &Spawn) -> Backends {
        Backends {
            auth: Arc::new(self.auth.clone()),
            users: Arc::new(self.users.clone()),
            publishers: self.publishers.clone(),
            log: self.log.clone(),
            probes: Probes::of(self.system.clone()),
            spawn: Arc::clone(spawn),
            keys: self.keys(),
        }
    }
}
