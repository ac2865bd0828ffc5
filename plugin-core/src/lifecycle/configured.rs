//! A checked configuration: everything is known, nothing runs.

use std::future::Future;
use std::sync::Arc;

use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use super::assembly;
use super::boot;
use super::checked::Checked;
use super::kernel::{InstanceReport, Kernel};
use super::operation::OperationRequest;
use super::report::{StartError, StartReport, StopReport};
use super::running::Running;
use super::supervisor::Supervisor;
use crate::compose::{Composition, Note};
use crate::config::{Settings, Warning};
use crate::data_lock::DataLock;
use crate::descriptor::Descriptor;
use crate::permission::Grants;

/// Operations that wait for the supervisor.
const REQUESTS: usize = 64;

/// A checked configuration of a composed set.
#[derive(Debug)]
#[must_use = "nothing runs before `start`"]
pub struct Configured(pub(super) Checked);

impl Configured {
    /// The composed set.
    #[must_use]
    pub fn composition(&self) -> &Composition {
        &self.0.composition
    }

    /// The effective config.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.0.settings
    }

    /// What is configured and has no effect yet.
    #[must_use]
    pub fn warnings(&self) -> &[Warning] {
        &self.0.settings.warnings
    }

    /// What is worth knowing of the set, and is no mistake; a start logs it.
    #[must_use]
    pub fn notes(&self) -> Vec<Note> {
        self.0.composition.notes()
    }

    /// The plugins of which an instance will run, in start order.
    pub fn plugins(&self) -> impl Iterator<Item = &'static Descriptor> {
        self.0.settings.enabled()
    }

    /// What a plugin of the set may do.
    ///
    /// # Panics
    ///
    /// When the plugin is not of the set.
    #[must_use]
    pub fn grants(&self, plugin: &'static Descriptor) -> Grants {
        self.0.settings.grants(plugin)
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
        let notes = self.notes();
        // Before anything is written: a second service has no effect.
        let lock = DataLock::take(&self.0.settings.manager.data_dir);
        let lock = lock.await.map_err(refuse)?;
        let kernel = assembly::assemble(self.0, reports, requests).map_err(refuse)?;
        let stop = kernel.stopping.clone();
        let (started, outcome) = oneshot::channel();
        let supervised = supervise(
            Arc::clone(&kernel),
            (operations, heard),
            (stop.clone(), lock),
            (started, notes),
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
}

/// A start that failed before any plugin was touched.
fn refuse(error: crate::Error) -> StartError {
    StartError {
        failures: vec![super::report::StartFailure {
            plugin: super::report::MANAGER,
            stage: "start",
            error,
        }],
        rollback: StopReport::default(),
    }
}

type Inbox = (
    mpsc::Receiver<OperationRequest>,
    mpsc::UnboundedReceiver<InstanceReport>,
);

/// Logs what is worth knowing of the set.
fn tell(notes: &[Note]) {
    for note in notes {
        let plugin = note.plugin();
        match note {
            Note::LeftOut { .. } => tracing::info!(plugin, "{note}"),
            Note::Unmatched { .. } => tracing::warn!(plugin, "{note}"),
        }
    }
}

/// The life of the supervisor's task: the start, the event loop, the stop.
async fn supervise(
    kernel: Arc<Kernel>,
    (operations, reports): Inbox,
    (stop, lock): (CancellationToken, DataLock),
    (started, notes): (oneshot::Sender<Result<StartReport, StartError>>, Vec<Note>),
) -> StopReport {
    let outcome = boot::start_all(&kernel, &stop).await;
    // The logger is there from here on.
    kernel.before.tell();
    tell(&notes);
    let failed = outcome.is_err();
    if !failed {
        kernel.keep_config(None).await;
    }
    if failed {
        kernel.audit.close().await;
        crate::ending::ended();
        drop(lock);
        drop(started.send(outcome));
        return StopReport::default();
    }
    // When nobody waits any more, the stop token is cancelled, and the loop ends at once.
    drop(started.send(outcome));
    let report = Supervisor::new(Arc::clone(&kernel))
        .run(operations, reports, stop)
        .await;
    kernel.audit.close().await;
    drop(lock);
    report
}
