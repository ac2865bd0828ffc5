//! A checked configuration: everything is known, but nothing runs yet.

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

/// Number of operations that can wait for the supervisor.
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

    /// Settings that have no effect yet.
    #[must_use]
    pub fn warnings(&self) -> &[Warning] {
        &self.0.settings.warnings
    }

    /// Remarks about the set that are not mistakes; a start logs them.
    #[must_use]
    pub fn notes(&self) -> Vec<Note> {
        self.0.composition.notes()
    }

    /// The plugins with at least one instance that will run, in start order.
    pub fn plugins(&self) -> impl Iterator<Item = &'static Descriptor> {
        self.0.settings.enabled()
    }

    /// What a plugin of the set may do.
    ///
    /// # Panics
    ///
    /// Panics if the plugin is not part of the set.
    #[must_use]
    pub fn grants(&self, plugin: &'static Descriptor) -> Grants {
        self.0.settings.grants(plugin)
    }

    /// Starts all plugins, each after those that it needs, and independent ones at the same time.
    /// If the start fails, everything that was started is stopped again.
    ///
    /// # Errors
    ///
    /// Returns an error if a plugin fails and its start policy is not `ignore`.
    ///
    /// # Panics
    ///
    /// Panics if it is called outside of a tokio runtime.
    ///
    /// # Cancel safety
    ///
    /// If this future is dropped, a background task stops everything that was started. To wait for
    /// that, use [`Configured::start_until`].
    pub async fn start(self) -> Result<Running, StartError> {
        self.start_until(std::future::pending::<()>()).await
    }

    /// Like [`Configured::start`], but ends the start early when `interrupt` completes. Everything
    /// that was started is stopped before this method returns.
    ///
    /// # Errors
    ///
    /// As [`Configured::start`]. [`StartError::failures`] is empty if the start was interrupted.
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
        // The lock is taken before anything is written, so a second service has no effect.
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

/// The error of a start that failed before any plugin was touched.
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

/// Logs the remarks about the set.
fn tell(notes: &[Note]) {
    for note in notes {
        let plugin = note.plugin();
        match note {
            Note::LeftOut { .. } => tracing::info!(plugin, "{note}"),
            Note::Unmatched { .. } => tracing::warn!(plugin, "{note}"),
        }
    }
}

/// The supervisor's task: the start, the event loop, the stop.
async fn supervise(
    kernel: Arc<Kernel>,
    (operations, reports): Inbox,
    (stop, lock): (CancellationToken, DataLock),
    (started, notes): (oneshot::Sender<Result<StartReport, StartError>>, Vec<Note>),
) -> StopReport {
    let outcome = boot::start_all(&kernel, &stop).await;
    // The logger runs from here on.
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
    // If the caller does not wait any more, the stop token is cancelled, and the loop ends at once.
    drop(started.send(outcome));
    let report = Supervisor::new(Arc::clone(&kernel))
        .run(operations, reports, stop)
        .await;
    kernel.audit.close().await;
    drop(lock);
    report
}
