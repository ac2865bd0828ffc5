//! The data that all parts of a running system share.

use std::collections::BTreeSet;
use std::io;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::announcer::Announcer;
use super::checked::Checked;
use super::config_status::RunningConfig;
use super::hook::Limits;
use super::instance::Instance;
use super::instances::Instances;
use super::metrics::Rates;
use super::operation::OperationRequest;
use super::reloads::ReloadLog;
use super::state::State;
use super::status::{ProcessStatus, SystemStatus};
use super::wiring::{TiedTo, Wiring};
use crate::accounting::Accounts;
use crate::audit::{Audit, Entry, Outcome};
use crate::config::Generations;
use crate::context::{Identity, InstanceId};
use crate::data_dirs::{self, Before};
use crate::descriptor::Descriptor;
use crate::error::Error;
use crate::event::Bus;
use crate::health::Health;
use crate::process::ProcessUsage;
use crate::service::Switchboard;
use crate::timestamp::Timestamp;

#[derive(Debug)]
pub(super) struct Kernel {
    pub(super) instances: Mutex<Arc<Instances>>,
    /// The applied config.
    pub(super) configured: watch::Sender<Arc<Checked>>,
    pub(super) wiring: Wiring,
    pub(super) bus: Bus,
    pub(super) switchboard: Switchboard,
    pub(super) announcer: Announcer,
    pub(super) audit: Audit,
    /// The resource usage of the instances.
    pub(super) accounts: Accounts,
    /// The identity that publishes and subscribes for the program outside of the plugins.
    pub(super) host: Arc<Identity>,
    pub(super) data_dir: PathBuf,
    /// What an earlier start has left behind.
    pub(super) before: Before,
    pub(super) max_concurrency: usize,
    /// Cancelled when the operator insists on the stop: hooks and drains then end at once.
    pub(super) insist: CancellationToken,
    /// Cancelled when the system has to stop.
    pub(super) stopping: CancellationToken,
    /// The state of the whole system.
    pub(super) life: Life,
    /// The time at which the supervisor last checked for work.
    pub(super) pulse: Pulse,
    /// The results of reloads.
    pub(super) reloads: ReloadLog,
    /// The rates of counters, for each second.
    pub(super) rates: Rates,
    /// Whether a stop has waited for accepted events.
    pub(super) has_drained: AtomicBool,
    pub(super) reports: mpsc::UnboundedSender<InstanceReport>,
    /// The channel to the supervisor, until it stops.
    pub(super) requests: mpsc::Sender<OperationRequest>,
}

/// The state of the whole system: starting, running, stopping or stopped.
#[derive(Debug)]
pub(super) struct Life(Mutex<State>);

impl Life {
    pub(super) fn begin() -> Self {
        Self(Mutex::new(State::Starting))
    }

    pub(super) fn set(&self, state: State) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = state;
    }

    fn get(&self) -> State {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The time at which the supervisor last checked for work.
#[derive(Debug)]
pub(super) struct Pulse(Mutex<Instant>);

/// How late a check of the supervisor may be.
const LATENESS: Duration = Duration::from_secs(10);

impl Pulse {
    pub(super) fn begin() -> Self {
        Self(Mutex::new(Instant::now()))
    }

    pub(super) fn beat(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }

    fn age(&self) -> Duration {
        let last = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        last.elapsed()
    }
}

/// A report about an instance, for the supervisor.
#[derive(Debug)]
pub(super) struct InstanceReport {
    pub(super) instance: InstanceId,
    /// The life of the instance that the report is about.
    pub(super) life: u64,
    pub(super) news: News,
}

#[derive(Debug)]
pub(super) enum News {
    TaskFailed {
        task: &'static str,
        error: Error,
    },
    Health(Health),
    /// It was asked for its health and has not answered.
    Silent,
}

impl Kernel {
    /// The instances that are under management now.
    pub(super) fn instances(&self) -> Arc<Instances> {
        let instances = self.instances.lock();
        Arc::clone(&instances.unwrap_or_else(PoisonError::into_inner))
    }

    /// Replaces the set of instances under management.
    pub(super) fn manage(&self, instances: Instances) {
        let now = self.instances.lock();
        *now.unwrap_or_else(PoisonError::into_inner) = Arc::new(instances);
    }

    /// The applied config.
    pub(super) fn configured(&self) -> Arc<Checked> {
        Arc::clone(&self.configured.borrow())
    }

    /// Records that another config is applied.
    pub(super) fn configure(&self, configured: Checked) {
        (self.accounts.whole()).limit_cpu(configured.settings.manager.max_cpu);
        self.configured.send_replace(Arc::new(configured));
    }

    /// Stores the applied config, for `config history` and for a rollback. A config without files
    /// can't be restored, so it is not stored. `by` is the actor that applied it; `None` stands for
    /// a start. Returns the reason if the config could not be stored.
    pub(super) async fn keep_config(&self, by: Option<String>) -> Option<String> {
        let configured = self.configured();
        self.reloads.runs(RunningConfig {
            generation: None,
            digest: configured.settings.digest(),
            by: by.clone().unwrap_or_else(|| "start".to_owned()),
            at: Timestamp::now(),
        });
        let rollback = configured.settings.rollback().cloned();
        self.reloads.rolled_back(rollback);
        if configured.settings.files().is_empty() {
            return None;
        }
        let kept = tokio::task::spawn_blocking(move || {
            if !configured.is_as_its_files_say() {
                let what = "its file holds other changes, which are not taken over yet";
                return Err(io::Error::other(what));
            }
            let generations = Generations::of(&configured.settings);
            let number =
                generations.record(&configured.settings, by.as_deref().unwrap_or("start"))?;
            if by.is_none() {
                generations.note_start(number)?;
            }
            Ok(number)
        });
        match kept.await {
            Ok(Ok(number)) => {
                self.reloads.kept(number);
                None
            }
            Ok(Err(error)) => {
                tracing::warn!("the config is applied, and not kept for a rollback: {error}");
                Some(error.to_string())
            }
            // The runtime has ended.
            Err(_) => None,
        }
    }

    pub(super) fn drain_timeout(&self) -> Duration {
        self.configured().settings.manager.drain_timeout.get()
    }

    pub(super) fn health_interval(&self) -> Duration {
        self.configured().settings.manager.health_interval.get()
    }

    /// Whether the manager works: while the system runs, it checks for work at least once in each
    /// `health_interval`.
    pub(super) fn is_alive(&self) -> bool {
        let is_late = || self.pulse.age() > self.health_interval() + LATENESS;
        self.life.get() != State::Running || !is_late()
    }

    pub(super) fn status(&self) -> SystemStatus {
        let unstored = |instance: &Instance| self.bus.durables().unstored(instance.name());
        let instances = self.instances();
        let plugins = instances.iter().map(|one| one.status(unstored(one)));
        let limits = self.configured().settings.manager.limits();
        let process = ProcessStatus::now(self.accounts.whole().cpu_share(), limits);
        let state = self.life.get();
        let whole = (self.bus.backlog(), process, self.reloads.status());
        let audit = self.audit.status();
        SystemStatus::of(state, plugins.collect(), whole, audit)
    }

    /// Ends the measuring periods of the processor shares, and returns what the process uses.
    pub(super) fn take_stock(&self) -> ProcessUsage {
        let process = ProcessUsage::now();
        (self.accounts.whole()).end_window(process.cpu.unwrap_or_default());
        for instance in &*self.instances() {
            let account = instance.setup().identity.account();
            account.end_window(account.cpu());
        }
        process
    }

    /// Writes an action of the manager on an instance to the audit log.
    pub(super) fn audit(
        &self,
        instance: &Instance,
        action: &'static str,
        outcome: Outcome,
        detail: Option<String>,
    ) {
        let entry = Entry::new("manager", action, outcome).plugin(instance.name());
        self.audit.record(match detail {
            Some(detail) => entry.detail(detail),
            None => entry,
        });
    }

    /// Checks that what an operator does now can be recorded in the audit log.
    ///
    /// # Errors
    ///
    /// Returns the reason why it can't be recorded.
    pub(super) async fn check_audit(&self) -> Result<(), String> {
        if self.audit.is_disabled() {
            return Ok(());
        }
        self.audit.check().await?;
        data_dirs::check_room(&self.data_dir).await
    }

    /// The plugins in start order.
    pub(super) fn plugins(&self) -> Vec<&'static Descriptor> {
        let instances = self.instances();
        let mut plugins: Vec<_> = instances.iter().map(|one| one.descriptor).collect();
        plugins.dedup_by_key(|plugin| plugin.name);
        plugins
    }

    /// The state of an instance. Of several replicas, it is the state that has progressed most.
    /// `None` if the instance is not under management.
    pub(super) fn state_of(&self, plugin: &str) -> Option<State> {
        let instances = self.instances();
        let states = instances.find(plugin).iter().map(|one| one.state());
        states.max()
    }

    pub(super) fn limits(&self, instance: &Instance) -> Limits {
        Limits {
            timeout: instance.setup().timeout,
            insist: self.insist.clone(),
            stopping: None,
        }
    }

    /// The time limits of `init` and `start`.
    pub(super) fn start_limits(&self, instance: &Instance) -> Limits {
        Limits {
            stopping: Some(self.stopping.clone()),
            ..self.limits(instance)
        }
    }

    /// The targets that an instance needs and for which no instance satisfies `serves`.
    pub(super) fn missing_needs(
        &self,
        instance: &Instance,
        serves: impl Fn(&Instance) -> bool,
    ) -> Vec<TiedTo> {
        let instances = self.instances();
        let is_missing = |need: &TiedTo| !instances.matching(*need).any(|one| serves(one));
        let mut missing: Vec<_> = self.wiring.needs(instance).filter(is_missing).collect();
        // A provider of several needed things is listed once.
        missing.dedup();
        missing
    }

    /// The instances that need one of the missing instances, directly or indirectly, in start
    /// order.
    pub(super) fn dependents(&self, gone: &[Arc<Instance>]) -> Vec<Arc<Instance>> {
        let instances = self.instances();
        let mut reached: BTreeSet<InstanceId> = gone.iter().map(|one| one.id).collect();
        let mut dependents = Vec::new();
        // Needed instances come earlier in the order, so one pass finds all.
        for instance in instances.iter() {
            let is_gone = |need: TiedTo| {
                let mut providers = instances.matching(need).peekable();
                providers.peek().is_some() && providers.all(|one| reached.contains(&one.id))
            };
            if self.wiring.needs(instance).any(is_gone) && reached.insert(instance.id) {
                dependents.push(Arc::clone(instance));
            }
        }
        dependents
    }

    /// All instances of the plugin of this instance.
    pub(super) fn siblings(&self, instance: &Instance) -> Vec<Arc<Instance>> {
        self.instances().of_plugin(instance.id.plugin).to_vec()
    }
}
