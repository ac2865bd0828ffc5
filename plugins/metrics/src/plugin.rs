//! The plugin: listens while metrics are to be served, and sends them, if a collector gets them.

use std::net::SocketAddr;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::middleware::from_fn;
use plugin_core::lifecycle::Reloads;
use plugin_core::prelude::*;
use plugin_http::{
    AddressFile, Limits, OwnOrigin, Routers, Server, ServerLimits, Spawn, Tcp, framed, traced,
};

use crate::config::MetricsConfig;
use crate::export::Exporter;
use crate::routes;

/// Largest body of a request; no request needs one.
const LARGEST_BODY: usize = 1024;

/// Time limit of an answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// Serves the figures of the service.
#[derive(Debug)]
pub struct Metrics {
    exporter: Option<Exporter>,
    listener: Arc<Listener>,
}

/// Serves the figures of the service to Prometheus and others, if `metrics_port` says where, and
/// sends them to a collector, if `otlp` names one.
#[plugin(
    name = "metrics-plugin",
    kind = system,
    after("logger-plugin"),
    singleton = "`metrics_port` of the manager is one port"
)]
impl Metrics {
    #[init]
    fn init(
        Config(config): Config<MetricsConfig>,
        system: System,
        data: DataDir,
        meter: Meter,
    ) -> Result<Self> {
        let otlp = config.otlp.as_ref();
        let exporter = otlp.map(|otlp| Exporter::new(otlp, &system, &meter));
        Ok(Self {
            exporter: exporter.transpose()?,
            listener: Arc::new(Listener {
                config,
                system,
                address: AddressFile::new(data.path()),
                server: Mutex::default(),
            }),
        })
    }

    #[start]
    async fn start(&self, tasks: Tasks) -> Result<()> {
        if let Some(exporter) = &self.exporter {
            exporter.start(&tasks)?;
        }
        let reloads = self.listener.system.reloads();
        let mut port = None;
        self.listener.listen(&mut port, &tasks).await?;
        if let Some(reloads) = reloads {
            let follow = follow(Arc::clone(&self.listener), reloads, port, tasks.clone());
            tasks.spawn("port", follow)?;
        }
        Ok(())
    }

    #[health]
    fn health(&self) -> Health {
        let exporter = self.exporter.as_ref();
        exporter.map_or(Health::Healthy, Exporter::health)
    }

    #[stop]
    async fn stop(&self) {
        let server = self.listener.server().take();
        self.listener.end(server).await;
    }
}

/// Goes to another port when config names one, until the plugin stops.
async fn follow(
    listener: Arc<Listener>,
    mut reloads: Reloads,
    mut port: Option<u16>,
    tasks: Tasks,
) {
    // The exporter asks for the cancellation of the tasks, so that all of them end by themselves.
    let mut cancelled = pin!(tasks.cancelled());
    loop {
        tokio::select! {
            () = &mut cancelled => return,
            is_reloaded = reloads.next() => if !is_reloaded {
                return;
            },
        }
        if let Err(error) = listener.listen(&mut port, &tasks).await {
            tracing::error!("metrics are served as before: {error}");
        }
    }
}

/// A server, and where it is.
type Listening = (Server<Tcp>, SocketAddr);

/// Serves on the port that config names.
#[derive(Debug)]
struct Listener {
    config: MetricsConfig,
    system: System,
    address: AddressFile,
    server: Mutex<Option<Listening>>,
}

impl Listener {
    /// Serves on the port that config names now, and no more on the one before, which is `port`. If
    /// it can't be had, all stays as it is.
    async fn listen(&self, port: &mut Option<u16>, tasks: &Tasks) -> Result<()> {
        let wanted = self.system.metrics_port();
        if wanted == *port {
            return Ok(());
        }
        let new = match wanted {
            Some(port) => Some(self.serve(port, tasks.clone()).await?),
            None => None,
        };
        *port = wanted;
        let address = new.as_ref().map(|(_, address)| *address);
        let old = std::mem::replace(&mut *self.server(), new);
        self.end(old).await;
        match address {
            Some(address) => self.address.write(address),
            None => Ok(()),
        }
    }

    async fn serve(&self, port: u16, tasks: Tasks) -> Result<Listening> {
        let address = SocketAddr::new(self.config.host, port).to_string();
        let tcp = Tcp::bind_of("plugin_manager.metrics_port", &address).await?;
        let address = tcp.local_address();
        let spawn: Spawn = Arc::new(move |name, future| tasks.spawn(name, future));
        let server = Server::serve(tcp, self.routers(), self.limits(), &spawn)?;
        tracing::info!(%address, "metrics are served");
        Ok((server, address))
    }

    async fn end(&self, server: Option<Listening>) {
        if let Some((server, address)) = server {
            self.address.remove(address);
            server.drain(self.config.drain_timeout.get()).await;
        }
    }

    fn server(&self) -> MutexGuard<'_, Option<Listening>> {
        self.server.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn routers(&self) -> Routers {
        let limits = Limits {
            body: LARGEST_BODY,
            body_time: self.config.client_timeout.get(),
            time: PATIENCE,
        };
        let origin = OwnOrigin::new(false, &self.config.hosts);
        let finish = |router: Router| {
            let router = origin.clone().guard(router).layer(from_fn(framed));
            let router = limits.apply(router);
            router.layer(from_fn(traced))
        };
        Routers {
            all: finish(routes::router(&self.system)),
            spare: finish(routes::spare(&self.system)),
        }
    }

    fn limits(&self) -> ServerLimits {
        let patience = self.config.client_timeout.get();
        ServerLimits::for_operators(self.config.max_connections, patience)
    }
}
