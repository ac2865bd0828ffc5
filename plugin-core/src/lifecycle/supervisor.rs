//! The manager's one event loop: it alone changes what runs, after the start and until the stop.

mod health;
mod operations;

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::health::Health;
use super::kernel::{Kernel, News, Report};
use super::operation::{OperationError, Request};
use super::report::StopReport;
use super::state::State;
use super::{starting, stopping};
use crate::config::{Exhausted, RestartPolicy};
use crate::error::{Error, ErrorKind};

/// How long after the plugin that it needs one is restarted.
const AFTER_NEED: Duration = Duration::from_millis(1);

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
                    self.kernel.audit.tell_repeats();
                    None
                }
            };
            if escalation.is_some() {
                break escalation;
            }
        };
        requests.close();
        // Until also those who were just about to send have their answer.
        while let Some(request) = requests.recv().await {
            // Whoever asked may have gone.
            drop(request.answer.send(Err(OperationError::Stopping)));
        }
        stopping::stop_all(&self.kernel, escalated).await
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
            News::Silent => {
                self.hear_nothing(report.unit);
                None
            }
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
        let gone = self.gone_with(unit..unit + 1);
        self.cancel_restarts(&gone);
        let this = &self.kernel.units[unit];
        let dependents = self.kernel.running_dependents(&gone);
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
        let missing = self.missing_needs(unit).next();
        if let Some(need) = missing {
            self.postpone(unit, &need);
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

    /// The plugins that `unit` can't be without and of which no instance runs.
    fn missing_needs(&self, unit: usize) -> impl Iterator<Item = Range<usize>> {
        let kernel = &self.kernel;
        let runs = |need: usize| kernel.units[need].is_running();
        (kernel.units[unit].needs.iter())
            .filter(move |need| !(*need).clone().any(runs))
            .cloned()
    }

    /// Units that go, and the other instances of their plugin that do not run and will not.
    fn gone_with(&self, units: Range<usize>) -> Vec<usize> {
        let down = |&at: &usize| {
            units.contains(&at)
                || !self.kernel.units[at].is_running() && self.records[at].due.is_none()
        };
        let instances = self.kernel.units[units.start].replicas.clone();
        instances.filter(down).collect()
    }

    /// A restart waits for that of what it needs; without one it is off.
    fn postpone(&mut self, unit: usize, need: &Range<usize>) {
        let (this, needed) = (
            &self.kernel.units[unit],
            self.kernel.units[need.start].plugin(),
        );
        let due = need.clone().filter_map(|need| self.records[need].due).min();
        match due {
            Some(due) => self.records[unit].due = Some(due + AFTER_NEED),
            None => tracing::error!(
                plugin = this.name(),
                "not restarted: it needs `{needed}`, which does not run"
            ),
        }
    }

    /// No planned restart of those that can't be without what is gone comes true.
    fn cancel_restarts(&mut self, gone: &[usize]) {
        for dependent in self.kernel.dependents(gone) {
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
}

async fn sleep_until(due: Option<Instant>) {
    match due {
        Some(due) => tokio::time::sleep_until(due).await,
        None => std::future::pending().await,
    }
}
