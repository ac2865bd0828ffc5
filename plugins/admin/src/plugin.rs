//! The plugin: listens when it starts, and is gone from its folder before it stops.

use std::num::NonZeroU16;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::middleware::from_fn;
use plugin_contracts::LogTail;
use plugin_core::audit::SecurityLog;
use plugin_core::prelude::*;
use plugin_http::{
    Head, Limits, Room, Routers, Server, ServerLimits, Spawn, Timeouts, framed, traced,
};

use crate::config::AdminConfig;
use crate::live::Live;
use crate::peer::{Gate, Peer};
use crate::routes::{self, Backends};
use crate::socket::{Socket, Unix, listen};
use crate::stream::Feed;
use crate::tap::Taps;

/// Most bytes of a request's body.
const LARGEST_BODY: usize = 64 * 1024;

/// What an answer may take beside the operation that it tells of.
const MARGIN: Duration = Duration::from_secs(5);

/// Lets the owner operate the running service from its own binary.
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
    server: Mutex<Option<(Server<Unix>, Socket)>>,
}

/// Lets the owner operate the running service from its own binary.
#[plugin(
    name = "admin-plugin",
    kind = system,
    after("logger-plugin"),
    singleton = "the data folder has one socket and one lock"
)]
impl Admin {
    #[init]
    fn init(
        Config(config): Config<AdminConfig>,
        system: System,
        operator: Option<Operator>,
        log: SecurityLog,
        observer: Option<Observer>,
        logs: Option<Service<dyn LogTail>>,
        data: DataDir,
    ) -> Self {
        Self {
            live: Arc::new(Live::new(system.clone())),
            feed: Arc::new(Feed::new(config.max_streams.into())),
            taps: Taps::new(observer.clone()),
            observer,
            logs,
            config,
            system,
            operator,
            log,
            data,
            server: Mutex::new(None),
        }
    }

    #[start]
    fn start(&self, tasks: Tasks) -> Result<()> {
        let (socket, unix) = listen(self.data.path())?;
        let live = Arc::clone(&self.live);
        tasks.spawn("look", async move { live.run().await })?;
        let taps = self.taps.clone();
        tasks.spawn("tap", async move { taps.run().await })?;
        if let Some(observer) = &self.observer {
            self.feed.observe(observer)?;
        }
        let spawn: Spawn = Arc::new(move |name, future| tasks.spawn(name, future));
        let server = Server::serve(unix, self.routers(), self.limits(), &spawn)?;
        tracing::info!(socket = %socket.path().display(), "the owner can operate the service");
        *self.server.lock().unwrap_or_else(PoisonError::into_inner) = Some((server, socket));
        Ok(())
    }

    #[stop]
    async fn stop(&self) {
        let server = self
            .server
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some((server, socket)) = server {
            // Nobody comes in any more, and no stream holds the stop up.
            drop(socket);
            self.feed.end();
            server.drain(self.config.drain_timeout.get()).await;
        }
    }
}

impl Admin {
    fn routers(&self) -> Routers {
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
        let gate = Gate::new(Peer::own(), self.log.clone());
        let finish = |router: Router| {
            let router = limits.apply(router.layer(from_fn(framed)));
            gate.clone().before(router.layer(from_fn(traced)))
        };
        Routers {
            all: finish(routes::router(&backends)),
            spare: finish(routes::spare()),
        }
    }

    fn limits(&self) -> ServerLimits {
        let patience = self.config.client_timeout.get();
        ServerLimits {
            room: Room {
                total: self.config.max_connections,
                per_address: self.config.max_connections,
            },
            timeouts: Timeouts {
                header: patience,
                write: patience,
                idle: patience,
            },
            head: Head {
                bytes: 16 * 1024,
                fields: const { NonZeroU16::new(64).expect("it is not zero") },
            },
        }
    }
}
