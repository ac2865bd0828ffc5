//! The plugin: it listens when it starts, if metrics are served, and begins to send them, if there
//! is a collector.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::middleware::from_fn;
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
    config: MetricsConfig,
    system: System,
    exporter: Option<Exporter>,
    address: AddressFile,
    server: Mutex<Option<(Server<Tcp>, SocketAddr)>>,
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
            config,
            system,
            exporter: exporter.transpose()?,
            address: AddressFile::new(data.path()),
            server: Mutex::default(),
        })
    }

    #[start]
    async fn start(&self, tasks: Tasks) -> Result<()> {
        if let Some(exporter) = &self.exporter {
            exporter.start(&tasks)?;
        }
        let Some(port) = self.system.metrics_port() else {
            return Ok(());
        };
        let address = SocketAddr::new(self.config.host, port).to_string();
        let tcp = Tcp::bind_of("plugin_manager.metrics_port", &address).await?;
        let address = tcp.local_address();
        let spawn: Spawn = Arc::new(move |name, future| tasks.spawn(name, future));
        let server = Server::serve(tcp, self.routers(), self.limits(), &spawn)?;
        *self.server() = Some((server, address));
        tracing::info!(%address, "metrics are served");
        self.address.write(address)
    }

    #[health]
    fn health(&self) -> Health {
        let exporter = self.exporter.as_ref();
        exporter.map_or(Health::Healthy, Exporter::health)
    }

    #[stop]
    async fn stop(&self) {
        let server = self.server().take();
        if let Some((server, address)) = server {
            self.address.remove(address);
            server.drain(self.config.drain_timeout.get()).await;
        }
    }
}

impl Metrics {
    fn server(&self) -> MutexGuard<'_, Option<(Server<Tcp>, SocketAddr)>> {
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
