//! A checked configuration: everything is known, nothing runs.

use std::future::Future;
use std::sync::Arc;

use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use super::announcer::Announcer;
use super::kernel::{Kernel, Report};
use super::operation::Request;
use super::replica;
use super::report::{StartError, StartReport, StopReport};
use super::running::Running;
use super::schedules;
use super::starting;
use super::supervisor::Supervisor;
use super::system::System;
use super::unit::{Unit, UnitSettings};
use super::wiring::wire;
use crate::audit::Audit;
use crate::clock::Clock;
use crate::compose::Composition;
use crate::config::{PluginSettings, Settings, Warning};
use crate::descriptor::Descriptor;
use crate::event::{Bus, DeadLetters};
use crate::instance::Identity;
use crate::permission::{Grants, PermissionDenied};
use crate::schedule::Timetable;
use crate::service::Switchboard;

/// Operations that wait for the supervisor.
const REQUESTS: usize = 64;

/// A checked configuration of a composed set.
#[derive(Debug)]
#[must_use = "nothing runs before `start`"]
pub struct Configured {
    composition: Composition,
    settings: Settings,
    clock: Clock,
}

impl Configured {
    pub(super) fn new(composition: Composition, settings: Settings, clock: Clock) -> Self {
        Self {
            composition,
            settings,
            clock,
        }
    }

    /// The composed set.
    #[must_use]
    pub fn composition(&self) -> &Composition {
        &self.composition
    }

    /// The effective config.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// What is configured and has no effect yet.
    #[must_use]
    pub fn warnings(&self) -> &[Warning] {
        &self.settings.warnings
    }

    /// The plugins that will run, in start order.
    pub fn plugins(&self) -> impl Iterator<Item = &'static Descriptor> {
        (self.composition.plugins())
            .filter(|plugin| self.settings.plugins[plugin.name].config.enabled)
    }

    /// The instances that will run, with their names: those of a plugin side by side.
    fn instances(&self) -> impl Iterator<Item = (&'static Descriptor, &'static str)> {
        self.plugins().flat_map(|plugin| {
            let replicas = self.settings.plugins[plugin.name].config.replicas;
            replica::names(plugin.name, replicas).map(move |name| (plugin, name))
        })
    }

    /// What a plugin of the set may do.
    ///
    /// # Panics
    ///
    /// When the plugin is not of the set.
    #[must_use]
    pub fn grants(&self, plugin: &'static Descriptor) -> Grants {
        let config = &self.settings.plugins[plugin.name].config;
        if config.permissions.is_none() && config.roles.is_empty() {
            return Grants::all(plugin.name);
        }
        let roles = (config.roles.iter())
            .filter_map(|role| self.settings.manager.roles.get(role))
            .flat_map(|role| &role.permissions);
        Grants::only(
            plugin.name,
            config.permissions.iter().flatten().chain(roles),
        )
        .expect("config is loaded only with permissions that can be read")
    }

    /// The rights that plugins ask for and were not granted.
    pub(super) fn denied(&self) -> Vec<PermissionDenied> {
        self.plugins()
            .flat_map(|plugin| self.grants(plugin).check(plugin))
            .collect()
    }

    /// Starts all plugins: independent ones side by side, each after those that it needs. It
    /// succeeds as a whole, or what has started is stopped again.
    ///
    /// # Errors
    ///
    /// When a plugin fails and its start policy is not to ignore that.
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime.
    ///
    /// # Cancel safety
    ///
    /// When it is dropped, what has started is stopped again by a task in the background. To wait
    /// for that, use [`Configured::start_until`].
    pub async fn start(self) -> Result<Running, StartError> {
        self.start_until(std::future::pending::<()>()).await
    }

    /// Like [`Configured::start`], and gives up when `interrupt` completes: then what has started
    /// is stopped again before it returns.
    ///
    /// # Errors
    ///
    /// As [`Configured::start`]; [`StartError::failures`] is empty when it was interrupted.
    ///
    /// # Panics
    ///
    /// As [`Configured::start`].
    ///
    /// # Cancel safety
    ///
    /// As [`Configured::start`].
    pub async fn start_until(
        self,
        interrupt: impl Future<Output = ()>,
    ) -> Result<Running, StartError> {
        let (reports, heard) = mpsc::unbounded_channel();
        let (requests, operations) = mpsc::channel(REQUESTS);
        let kernel = self.kernel(reports, requests).await.map_err(refuse)?;
        let stop = kernel.stopping.clone();
        let (started, outcome) = oneshot::channel();
        let supervised = supervise(
            Arc::clone(&kernel),
            (operations, heard),
            stop.clone(),
            started,
        );
        let supervisor = crate::spawn::spawn(supervised);
        let stop_on_drop = stop.clone().drop_guard();
        let mut outcome = std::pin::pin!(outcome);
        let outcome = tokio::select! {
            biased;
            outcome = &mut outcome => outcome,
            () = interrupt => {
                stop.cancel();
                outcome.await
            }
        };
        let report =
            outcome.expect("the supervisor's task guards plugin code and always answers")?;
        Ok(Running::new(kernel, supervisor, (stop_on_drop, report)))
    }

    async fn kernel(
        &self,
        reports: mpsc::UnboundedSender<Report>,
        requests: mpsc::Sender<Request>,
    ) -> Result<Arc<Kernel>, crate::Error> {
        let manager = &self.settings.manager;
        let audit = Audit::open(&manager.data_dir)
            .map_err(|error| crate::Error::config("audit log").because(error))?;
        let switchboard = Switchboard::default();
        let (letters, clerk) = DeadLetters::new(manager.dead_letters.capacity, switchboard.all());
        let bus = Bus::new(letters);
        let last = self.instances().count();
        let host = Arc::new(Identity::new("host", last, Grants::all("host")));
        let speaker = Identity::new("manager", last, Grants::all("manager"));
        let speaker = Arc::new(speaker.of_manager());
        drop(crate::spawn::spawn(
            clerk.run(bus.downgrade(), Arc::clone(&speaker)),
        ));
        let (announcer, _) = Announcer::spawn(bus.clone(), speaker);
        let units = self.units(&audit, &announcer);
        declare_durables(&bus, &units)?;
        Ok(Arc::new_cyclic(|kernel| Kernel {
            units,
            bus,
            switchboard,
            announcer,
            audit,
            host,
            system: System::new(kernel),
            data_dir: manager.data_dir.clone(),
            max_concurrency: manager.max_concurrency,
            drain_timeout: manager.drain_timeout.get(),
            health_interval: manager.health_interval.get(),
            insist: CancellationToken::new(),
            stopping: CancellationToken::new(),
            reports,
            requests,
        }))
    }

    fn units(&self, audit: &Audit, announcer: &Announcer) -> Vec<Unit> {
        let unit = |(order, (plugin, name)): (usize, (&'static Descriptor, &'static str))| {
            let grants = (self.grants(plugin).with_audit(audit.clone())).of_instance(name);
            let identity = Arc::new(Identity::new(name, order, grants).replica_of(plugin.name));
            let settings = &self.settings.plugins[plugin.name];
            let announcer = announcer.clone();
            let timetable = Timetable::new(
                Arc::clone(&identity),
                (settings.config.timeout.get(), self.clock.clone()),
                schedules::declared(plugin, settings),
                Box::new(move |plugin, ended| schedules::announce(&announcer, plugin, ended)),
            );
            Unit::new(
                plugin,
                identity,
                unit_settings(settings),
                Arc::new(timetable),
            )
        };
        let mut units: Vec<Unit> = self.instances().enumerate().map(unit).collect();
        wire(&mut units, &self.composition.edges());
        units
    }
}

/// Gives durable subscriptions their place on the bus. The plan has proved that there is a store,
/// unless a descriptor made by hand does not ask for it.
fn declare_durables(bus: &Bus, units: &[Unit]) -> Result<(), crate::Error> {
    for unit in units {
        let durables = bus.durables();
        durables.declare(bus, &unit.identity, unit.descriptor.subscriptions);
        if !durables.is_empty() && !units.iter().any(Unit::is_event_store) {
            return Err(crate::Error::config(format!(
                "`{}` has a durable subscription, and no plugin that runs provides `EventStore`",
                unit.name()
            )));
        }
    }
    Ok(())
}

fn unit_settings(settings: &PluginSettings) -> UnitSettings {
    let config = &settings.config;
    UnitSettings {
        config: settings.values.clone(),
        timeout: config.timeout.get(),
        mailbox: config.mailbox,
        tasks: config.resources.tasks.unwrap_or(usize::MAX),
        start: config.start.clone(),
        restart: config.restart.clone(),
    }
}

/// A start that failed before any plugin was touched.
fn refuse(error: crate::Error) -> StartError {
    StartError {
        failures: vec![super::report::StartFailure {
            plugin: "manager",
            stage: "start",
            error,
        }],
        rollback: StopReport::default(),
    }
}

type Inbox = (mpsc::Receiver<Request>, mpsc::UnboundedReceiver<Report>);

/// The life of the supervisor's task: the start, the event loop, the stop.
async fn supervise(
    kernel: Arc<Kernel>,
    (operations, reports): Inbox,
    stop: CancellationToken,
    started: oneshot::Sender<Result<StartReport, StartError>>,
) -> StopReport {
    let outcome = starting::start_all(&kernel, &stop).await;
    let failed = outcome.is_err();
    if failed {
        kernel.audit.close().await;
    }
    // When nobody waits any more, the stop token is cancelled, and the loop ends at once.
    drop(started.send(outcome));
    if failed {
        return StopReport::default();
    }
    let report = Supervisor::new(Arc::clone(&kernel))
        .run(operations, reports, stop)
        .await;
    kernel.audit.close().await;
    report
}
