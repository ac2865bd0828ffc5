//! The manager's event loop. After the start and until the stop, only this loop decides what
//! changes. Each decision is carried out as a change on a task of its own, so the loop itself never
//! waits for a plugin.

mod configuring;
mod failure;
mod fallback;
mod health;
mod memory;
mod operations;
mod reload_request;
mod reloading;
mod undo;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::changes::{Changes, Footprint};
use super::instance::Instance;
use super::kernel::{InstanceReport, Kernel, News};
use super::operation::{OperationError, OperationRequest};
use super::report::StopReport;
use super::stopping;
use crate::context::InstanceId;
use memory::MemoryLevel;

pub(super) struct Supervisor {
    shared: Arc<SupervisorState>,
    changes: Changes,
    /// The level of the process's memory in relation to `max_memory`.
    process_memory: MemoryLevel,
}

/// The data that the loop shares with the changes that it has begun.
#[derive(Debug)]
struct SupervisorState {
    kernel: Arc<Kernel>,
    records: Mutex<BTreeMap<InstanceId, InstanceRecord>>,
}

/// The data that the supervisor keeps for an instance.
#[derive(Debug, Default)]
struct InstanceRecord {
    /// The times of its restarts, as far back as its policy counts them.
    restarts: Vec<Instant>,
    /// The time of the planned restart.
    due: Option<Instant>,
    /// Number of unhealthy answers in a row.
    unhealthy: u32,
    /// The life that was asked for its health and has not answered.
    asked: Option<u64>,
    /// The last life whose memory was checked, and the level of its memory.
    memory: (u64, MemoryLevel),
}

impl Supervisor {
    pub(super) fn new(kernel: Arc<Kernel>) -> Self {
        let shared = SupervisorState {
            kernel,
            records: Mutex::default(),
        };
        Self {
            shared: Arc::new(shared),
            changes: Changes::default(),
            process_memory: MemoryLevel::default(),
        }
    }

    /// Runs until a stop is requested or a failure stops the system; then stops everything.
    pub(super) async fn run(
        mut self,
        mut requests: mpsc::Receiver<OperationRequest>,
        mut reports: mpsc::UnboundedReceiver<InstanceReport>,
        stop: CancellationToken,
    ) -> StopReport {
        let mut health = self.health_ticks();
        let escalated = loop {
            self.shared.kernel.pulse.beat();
            if health.period() != self.shared.kernel.health_interval() {
                health = self.health_ticks();
            }
            let due = self.next_due();
            tokio::select! {
                biased;
                () = stop.cancelled() => break None,
                escalation = self.changes.ended() => if escalation.is_some() {
                    break escalation;
                },
                Some(report) = reports.recv() => self.hear(report),
                Some(request) = requests.recv() => self.operate(request),
                () = sleep_until(due) => self.restart_due(),
                _ = health.tick() => {
                    self.ask_health();
                    self.shared.kernel.audit.tell_repeats();
                    let process = self.shared.kernel.take_stock();
                    if let Some(breach) = self.watch_memory(process.memory) {
                        break Some(breach);
                    }
                }
            }
        };
        // A start that a change has begun is given up.
        stop.cancel();
        requests.close();
        // Also answers senders that were just about to send.
        while let Some(request) = requests.recv().await {
            // The requester may not wait any more.
            drop(request.answer.send(Err(OperationError::Stopping)));
        }
        stopping::stop_all(&self.shared.kernel, escalated, self.changes).await
    }

    fn hear(&mut self, report: InstanceReport) {
        let InstanceReport {
            instance: id,
            life,
            news,
        } = report;
        if matches!(news, News::Health(_)) {
            self.shared.record(id, |record| record.asked = None);
        }
        let Some(instance) = self.shared.running(id, life) else {
            return;
        };
        match news {
            News::TaskFailed { task, error } => {
                let error = error.context(format_args!("task `{task}`"));
                self.fail(id, life, error);
            }
            News::Health(health) => self.hear_health(&instance, health),
            News::Silent => instance.hear_nothing(),
        }
    }

    /// The time of the next planned restart of an instance that no change touches. After a change,
    /// all instances are checked again.
    fn next_due(&self) -> Option<Instant> {
        let records = self.shared.records();
        let untouched = records.iter().filter(|(id, _)| !self.changes.touch(**id));
        untouched.filter_map(|(_, record)| record.due).min()
    }

    fn restart_due(&mut self) {
        let now = Instant::now();
        let is_due = |record: &InstanceRecord| record.due.is_some_and(|due| due <= now);
        let due: Vec<_> = (self.shared.records().iter())
            .filter_map(|(id, record)| is_due(record).then_some(*id))
            .collect();
        for id in due {
            if !self.changes.touch(id) {
                let shared = Arc::clone(&self.shared);
                let claim = Footprint::of(&shared.kernel, [id]);
                self.changes
                    .begin(claim, async move { shared.restart_due(id).await });
            }
        }
    }

    /// Handles the failure of a plugin that ran.
    fn fail(&mut self, id: InstanceId, life: u64, error: crate::Error) {
        let shared = Arc::clone(&self.shared);
        let claim = Footprint::of(&shared.kernel, [id]);
        self.changes
            .begin(claim, async move { shared.fail(id, life, error).await });
    }
}

impl SupervisorState {
    fn records(&self) -> std::sync::MutexGuard<'_, BTreeMap<InstanceId, InstanceRecord>> {
        self.records.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads or changes the data that is kept for an instance.
    fn record<T>(&self, id: InstanceId, with: impl FnOnce(&mut InstanceRecord) -> T) -> T {
        with(self.records().entry(id).or_default())
    }

    /// The instance, if it still has the life for which something was decided.
    fn running(&self, id: InstanceId, life: u64) -> Option<Arc<Instance>> {
        let instances = self.kernel.instances();
        let instance = instances.get(id)?;
        (instance.life() == life && instance.is_running()).then(|| Arc::clone(instance))
    }
}

async fn sleep_until(due: Option<Instant>) {
    match due {
        Some(due) => tokio::time::sleep_until(due).await,
        None => std::future::pending().await,
    }
}
