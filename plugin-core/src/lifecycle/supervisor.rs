//! The manager's one event loop: it alone changes what runs, after the start and until the stop.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::{Instant, Interval, MissedTickBehavior};
use tokio_util::sync::CancellationToken;

use super::health::Health;
use super::hook;
use super::kernel::{Kernel, News, Report};
use super::operation::{Operation, OperationError, OperationOutcome, Request};
use super::report::StopReport;
use super::state::State;
use super::{starting, stopping};
use crate::config::{Exhausted, RestartPolicy};
use crate::error::{Error, ErrorKind};

/// How long after the plugin that it needs one is restarted.
const AFTER_NEED: Duration = Duration::from_millis(1);

/// Answers of this kind in a row that make an unhealthy plugin a failed one.
const UNHEALTHY_IN_A_ROW: u32 = 3;

#[derive(Debug)]
pub(super) struct Supervisor {
    kernel: Arc<Kernel>,
    records: Vec<Record>,
}

/// What the supervisor remembers of a unit.
#[derive(Debug, Default)]
struct Record {
    /// When it was restarted, as far back as its budget looks.
    restarts: Vec<Instant>,
    /// When it is to be started again.
    due: Option<Instant>,
    /// Unhealthy answers in a row.
    unhealthy: u32,
    /// The life in which it was asked how it is and has not answered.
    asked: Option<u64>,
}

/// Why the loop ended.
type Escalation = Option<String>;

impl Supervisor {
    pub(super) fn new(kernel: Arc<Kernel>) -> Self {
        let records = kernel.units.iter().map(|_| Record::default()).collect();
        Self { kernel, records }
    }

    /// Runs until it is asked to stop or a failure escalates; then stops everything.
    pub(super) async fn run(
        mut self,
        mut requests: mpsc::Receiver<Request>,
        mut reports: mpsc::UnboundedReceiver<Report>,
        stop: CancellationToken,
    ) -> StopReport {
        let mut health = self.health_ticks();
        let escalated = loop {
            let due = self.next_due();
            let escalation = tokio::select! {
                biased;
                () = stop.cancelled() => break None,
                Some(report) = reports.recv() => self.hear(report).await,
                Some(request) = requests.recv() => self.operate(request).await,
                () = sleep_until(due) => self.restart_due().await,
                _ = health.tick() => {
                    self.ask_health();
                    None
                }
            };
            if escalation.is_some() {
                break escalation;
            }
        };
        requests.close();
        while let Ok(request) = requests.try_recv() {
            // Whoever asked may have gone.
            drop(request.answer.send(Err(OperationError::Stopping)));
        }
        stopping::stop_all(&self.kernel, escalated).await
    }

    fn health_ticks(&self) -> Interval {
        let every = self.kernel.health_interval;
        let mut ticks = tokio::time::interval_at(Instant::now() + every, every);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        ticks
    }

    async fn hear(&mut self, report: Report) -> Escalation {
        let this = &self.kernel.units[report.unit];
        if matches!(report.news, News::Health(_)) {
            self.records[report.unit].asked = None;
        }
        if this.generation() != report.generation || this.board.read().state != State::Running {
            return None;
        }
        match report.news {
            News::TaskFailed { task, error } => {
                let error = error.context(format_args!("task `{task}`"));
                self.fail(report.unit, error).await
            }
            News::Health(health) => self.hear_health(report.unit, health).await,
        }
    }

    async fn hear_health(&mut self, unit: usize, health: Health) -> Escalation {
        let record = &mut self.records[unit];
        record.unhealthy = if health.serves() {
            0
        } else {
            record.unhealthy + 1
        };
        let failed = record.unhealthy >= UNHEALTHY_IN_A_ROW;
        let before = self.kernel.units[unit].board.read().health;
        if before != health {
            tracing::warn!(
                plugin = self.kernel.units[unit].name(),
                ?health,
                "its health changed"
            );
        }
        let reason = match &health {
            Health::Unhealthy(reason) if failed => Some(reason.clone()),
            _ => None,
        };
        self.kernel.units[unit]
            .board
            .change(|entry| entry.health = health);
        match reason {
            Some(reason) => {
                let error = Error::retriable(format!(
                    "unhealthy {UNHEALTHY_IN_A_ROW} times in a row: {reason}"
                ));
                self.fail(unit, error).await
            }
            None => None,
        }
    }

    /// Asks every running plugin how it is, unless it still owes an answer; the answers come as
    /// reports.
    fn ask_health(&mut self) {
        for (unit, this) in self.kernel.units.iter().enumerate() {
            if self.records[unit].asked == Some(this.generation()) {
                continue;
            }
            let Some(hook) = this.descriptor.hooks.health else {
                continue;
            };
            let Some(plugin) = this.live().as_ref().map(|live| Arc::clone(&live.plugin)) else {
                continue;
            };
            let (kernel, generation) = (Arc::clone(&self.kernel), this.generation());
            self.records[unit].asked = Some(generation);
            crate::spawn::spawn(async move {
                let current = kernel.units[unit].identity.current();
                let limits = kernel.limits(unit);
                let call = move || {
                    let health = hook(plugin);
                    Ok(Box::pin(async move { Ok(health.await) }) as _)
                };
                let health = hook::run(current, "health", &limits, call)
                    .await
                    .unwrap_or_else(|error| Health::Unhealthy(error.to_string()));
                // Without a supervisor nobody asks.
                drop(kernel.reports.send(Report {
                    unit,
                    generation,
                    news: News::Health(health),
                }));
            });
        }
    }

    /// A plugin that ran has failed: end what is left of it, then go by its policy.
    async fn fail(&mut self, unit: usize, error: Error) -> Escalation {
        let this = &self.kernel.units[unit];
        tracing::error!(
            plugin = this.name(),
            kind = error.kind().as_str(),
            "plugin failed: {error}"
        );
        this.fail(&error);
        stopping::tear_down(&self.kernel, unit).await;
        self.follow_up(unit, &error).await
    }

    /// Restarts a failed plugin later, or gives it up.
    async fn follow_up(&mut self, unit: usize, error: &Error) -> Escalation {
        let this = &self.kernel.units[unit];
        let policy = &this.settings.restart;
        let now = Instant::now();
        let record = &mut self.records[unit];
        record.unhealthy = 0;
        record.restarts.retain(|&at| now - at < policy.within.get());
        let used = u32::try_from(record.restarts.len()).unwrap_or(u32::MAX);
        let again = policy.policy == RestartPolicy::OnFailure
            && used < policy.max_restarts
            && !matches!(error.kind(), ErrorKind::Config | ErrorKind::Denied);
        self.kernel.failed(unit, error, again);
        if again {
            let pause = policy.backoff.pause(used + 1);
            tracing::warn!(
                plugin = this.name(),
                ?pause,
                restart = used + 1,
                of = policy.max_restarts,
                "will be restarted"
            );
            record.due = Some(now + pause);
            return None;
        }
        self.give_up(unit, error).await
    }

    async fn give_up(&mut self, unit: usize, error: &Error) -> Escalation {
        let this = &self.kernel.units[unit];
        if this.settings.restart.then == Exhausted::Escalate {
            return Some(format!("`{}` failed: {error}", this.name()));
        }
        self.cancel_restarts(unit);
        let this = &self.kernel.units[unit];
        let dependents = self.kernel.running_dependents(unit);
        tracing::error!(
            plugin = this.name(),
            dependents = ?self.names(&dependents),
            "given up; the plugins that can't be without it stop"
        );
        stopping::stop_some(&self.kernel, dependents).await;
        None
    }

    fn next_due(&self) -> Option<Instant> {
        self.records.iter().filter_map(|record| record.due).min()
    }

    async fn restart_due(&mut self) -> Escalation {
        let now = Instant::now();
        let unit =
            (self.records.iter()).position(|record| record.due.is_some_and(|due| due <= now))?;
        self.records[unit].due = None;
        if let Some(need) = self.missing_need(unit) {
            self.postpone(unit, need);
            return None;
        }
        self.records[unit].restarts.push(now);
        match self.launch(unit).await {
            Ok(()) => {
                self.count_restart(unit);
                None
            }
            Err(error) => self.follow_up(unit, &error).await,
        }
    }

    /// A unit that `unit` can't be without and that does not run.
    fn missing_need(&self, unit: usize) -> Option<usize> {
        (self.kernel.units[unit].needs.iter().copied())
            .find(|&need| self.kernel.units[need].board.read().state != State::Running)
    }

    /// A restart waits for that of what it needs; without one it is off.
    fn postpone(&mut self, unit: usize, need: usize) {
        let (this, needed) = (&self.kernel.units[unit], self.kernel.units[need].name());
        match self.records[need].due {
            Some(due) => self.records[unit].due = Some(due + AFTER_NEED),
            None => tracing::error!(
                plugin = this.name(),
                "not restarted: it needs `{needed}`, which does not run"
            ),
        }
    }

    /// No planned restart of those that can't be without `unit` comes true.
    fn cancel_restarts(&mut self, unit: usize) {
        for dependent in self.kernel.dependents(unit) {
            self.records[dependent].due = None;
        }
    }

    /// Starts a plugin again, from the beginning.
    async fn launch(&self, unit: usize) -> Result<(), Error> {
        starting::launch(&self.kernel, unit).await?;
        self.kernel.units[unit]
            .board
            .change(|entry| entry.health = Health::Healthy);
        tracing::info!(plugin = self.kernel.units[unit].name(), "runs again");
        Ok(())
    }

    fn count_restart(&self, unit: usize) {
        self.kernel.units[unit]
            .board
            .change(|entry| entry.restarts += 1);
    }

    async fn operate(&mut self, request: Request) -> Escalation {
        let mut escalation = None;
        let outcome = match &request.operation {
            Operation::Start { plugin } => self.start(plugin, &mut escalation).await,
            Operation::Stop { plugin, cascade } => self.stop(plugin, *cascade).await,
            Operation::Restart { plugin } => self.restart(plugin, &mut escalation).await,
        };
        self.kernel.audit_operation(&request.operation, &outcome);
        // Whoever asked may have gone; the operation is done all the same.
        drop(request.answer.send(outcome));
        escalation
    }

    async fn start(
        &mut self,
        plugin: &str,
        escalation: &mut Escalation,
    ) -> Result<OperationOutcome, OperationError> {
        let unit = self.find(plugin)?;
        let this = &self.kernel.units[unit];
        let state = this.board.read().state;
        if state.is_active() {
            return Err(OperationError::State {
                plugin: this.name(),
                state,
            });
        }
        let missing: Vec<_> = (this.needs.iter().copied())
            .filter(|&need| self.kernel.units[need].board.read().state != State::Running)
            .collect();
        if !missing.is_empty() {
            return Err(OperationError::Needs {
                plugin: this.name(),
                missing: self.names(&missing),
            });
        }
        self.records[unit] = Record::default();
        self.launch_for_operator(unit, escalation).await
    }

    async fn stop(
        &mut self,
        plugin: &str,
        cascade: bool,
    ) -> Result<OperationOutcome, OperationError> {
        let unit = self.find(plugin)?;
        let this = &self.kernel.units[unit];
        let mut units = self.kernel.running_dependents(unit);
        if !units.is_empty() && !cascade {
            return Err(OperationError::Needed {
                plugin: this.name(),
                by: self.names(&units),
            });
        }
        // A restart that was planned is off: the operator wants it down.
        let planned = self.records[unit].due.take();
        self.cancel_restarts(unit);
        let this = &self.kernel.units[unit];
        let state = this.board.read().state;
        if state != State::Running {
            return match planned {
                Some(_) => Ok(OperationOutcome {
                    plugins: Vec::new(),
                }),
                None => Err(OperationError::State {
                    plugin: this.name(),
                    state,
                }),
            };
        }
        units.push(unit);
        let stops = stopping::stop_some(&self.kernel, units).await;
        Ok(OperationOutcome {
            plugins: stops.iter().map(|stop| stop.name).collect(),
        })
    }

    async fn restart(
        &mut self,
        plugin: &str,
        escalation: &mut Escalation,
    ) -> Result<OperationOutcome, OperationError> {
        let unit = self.find(plugin)?;
        if self.kernel.units[unit].board.read().state == State::Running {
            stopping::stop(&self.kernel, unit).await;
            self.records[unit] = Record::default();
            let outcome = self.launch_for_operator(unit, escalation).await;
            if outcome.is_ok() {
                self.count_restart(unit);
            }
            return outcome;
        }
        self.start(plugin, escalation).await
    }

    /// A failure is told to the operator, and followed up like any other.
    async fn launch_for_operator(
        &mut self,
        unit: usize,
        escalation: &mut Escalation,
    ) -> Result<OperationOutcome, OperationError> {
        let plugin = self.kernel.units[unit].name();
        match self.launch(unit).await {
            Ok(()) => Ok(OperationOutcome {
                plugins: vec![plugin],
            }),
            Err(error) => {
                *escalation = self.follow_up(unit, &error).await;
                Err(OperationError::Failed { plugin, error })
            }
        }
    }

    fn find(&self, plugin: &str) -> Result<usize, OperationError> {
        self.kernel
            .find(plugin)
            .ok_or_else(|| OperationError::Unknown(plugin.to_owned()))
    }

    fn names(&self, units: &[usize]) -> Vec<&'static str> {
        units
            .iter()
            .map(|&unit| self.kernel.units[unit].name())
            .collect()
    }
}

async fn sleep_until(due: Option<Instant>) {
    match due {
        Some(due) => tokio::time::sleep_until(due).await,
        None => std::future::pending().await,
    }
}
