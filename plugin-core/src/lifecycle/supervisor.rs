//! The manager's one event loop: it alone decides what is changed, after the start and until the
//! stop. What it decides runs as a change on a task of its own, so the loop itself waits for no
//! plugin.

mod configuring;
mod failure;
mod fallback;
mod health;
mod memory;
mod operations;
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
    /// How much of `max_memory` the process has taken.
    process_memory: MemoryLevel,
}

/// What the loop shares with the changes that it began.
#[derive(Debug)]
struct SupervisorState {
    kernel: Arc<Kernel>,
    records: Mutex<BTreeMap<InstanceId, InstanceRecord>>,
}

/// What the supervisor remembers of an instance.
#[derive(Debug, Default)]
struct InstanceRecord {
    /// When it was restarted, as far back as its budget looks.
    restarts: Vec<Instant>,
    /// When it is to be started again.
    due: Option<Instant>,
    /// Unhealthy answers in a row.
    unhealthy: u32,
    /// The life in which it was asked how it is and has not answered.
    asked: Option<u64>,
    /// How much of its memory it had taken, in which life.
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

    /// Runs until it is asked to stop or a failure escalates; then stops everything.
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
        // What a change starts is given up.
        stop.cancel();
        requests.close();
        // Until also those who were just about to send have their answer.
        while let Some(request) = requests.recv().await {
            // Whoever asked may have gone.
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

    /// When the next restart is due of those that no change touches: after a change all are looked
    /// at again.
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

    /// A plugin that ran has failed.
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

    /// Looks at or changes what is remembered of an instance.
    fn record<T>(&self, id: InstanceId, with: impl FnOnce(&mut InstanceRecord) -> T) -> T {
        with(self.records().entry(id).or_default())
    }

    /// An instance that still lives the life that something was decided for.
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
