//! The scope of a plugin's tasks. They are counted against the plugin's limit, and cancelled and
//! awaited when the plugin stops.

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use tokio::sync::Semaphore;
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};
use tokio_util::task::TaskTracker;

use crate::accounting::Throttled;
use crate::context::{self, Current};
use crate::counted::counted;
use crate::error::{Error, IntoOutcome};
use crate::guard;

/// Spawns tasks that end with the plugin at the latest. `#[start]` takes it as a parameter; a clone
/// may be kept.
///
/// # Example
///
/// ```ignore
/// #[start]
/// async fn start(&self, tasks: Tasks) -> Result<()> {
///     let cancelled = tasks.cancelled();
///     tasks.spawn("beat", async move { cancelled.await })?;
///     Ok(())
/// }
/// ```
#[derive(Clone)]
pub struct Tasks(Arc<TaskScope>);

struct TaskScope {
    current: Current,
    limit: usize,
    /// One permit for each task that may run.
    permits: Arc<Semaphore>,
    cancel: CancellationToken,
    tracker: TaskTracker,
    /// Cancelled when tasks do not end after they were asked to.
    kill: CancellationToken,
    /// Whether the plugin has asked for the cancellation, so that its tasks end by themselves.
    heard: AtomicBool,
    failed: OnFailure,
}

/// Is called with each task that failed: its name and the error.
pub(crate) type OnFailure = Box<dyn Fn(&'static str, Error) + Send + Sync>;

/// The reason why a task was not spawned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum SpawnError {
    /// The plugin is stopping.
    Stopping,
    /// The plugin runs as many tasks as it may have.
    Limit(usize),
}

impl fmt::Display for SpawnError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stopping => f.write_str("the plugin is stopping and takes no new tasks"),
            Self::Limit(limit) => write!(
                f,
                "the plugin runs {}, as many as `resources.tasks` allows",
                counted(*limit, "task")
            ),
        }
    }
}

impl std::error::Error for SpawnError {}

impl Tasks {
    pub(crate) fn new(current: Current, limit: usize, failed: OnFailure) -> Self {
        Self(Arc::new(TaskScope {
            current,
            limit,
            permits: Arc::new(Semaphore::new(limit.min(Semaphore::MAX_PERMITS))),
            cancel: CancellationToken::new(),
            tracker: TaskTracker::new(),
            kill: CancellationToken::new(),
            heard: AtomicBool::new(false),
            failed,
        }))
    }

    /// Runs a future as a task of the plugin. If the task returns an error or panics, that is a
    /// failure of the plugin, and the plugin's restart policy decides what follows.
    ///
    /// The task belongs to the trace of the code that spawns it.
    ///
    /// When the plugin stops, the task is dropped at its next await. If the plugin has called
    /// [`Tasks::cancelled`], its tasks are expected to end by themselves, within the plugin's
    /// `timeout`.
    ///
    /// # Errors
    ///
    /// Returns an error if the plugin is stopping, or if its limit of tasks is reached.
    pub fn spawn<F>(&self, name: &'static str, future: F) -> Result<(), SpawnError>
    where
        F: Future<Output: IntoOutcome> + Send + 'static,
    {
        let scope = &self.0;
        if scope.cancel.is_cancelled() || scope.tracker.is_closed() {
            return Err(SpawnError::Stopping);
        }
        let permit = Arc::clone(&scope.permits).try_acquire_owned();
        let permit = permit.map_err(|_| SpawnError::Limit(scope.limit))?;
        let outcome = Box::pin(async move { future.await.into_outcome() });
        let current = Current {
            lineage: context::lineage(),
            ..scope.current
        };
        let guarded = guard::unlimited(current, outcome);
        let throttled = Throttled::new(current.account, guarded);
        let (scope, kill) = (Arc::clone(scope), scope.kill.clone());
        self.0.tracker.spawn(async move {
            let _permit = permit;
            let outcome = tokio::select! {
                biased;
                outcome = throttled => outcome,
                () = kill.cancelled() => Ok(()),
            };
            match outcome {
                Err(error) if !scope.cancel.is_cancelled() => (scope.failed)(name, error),
                Err(error) => {
                    tracing::warn!(task = name, "ended with an error while stopping: {error}")
                }
                Ok(()) => {}
            }
        });
        Ok(())
    }

    /// Completes when the plugin is asked to stop.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: it can be dropped at any time.
    pub fn cancelled(&self) -> WaitForCancellationFutureOwned {
        self.0.heard.store(true, Relaxed);
        self.0.cancel.clone().cancelled_owned()
    }

    /// Whether the plugin is asked to stop.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.0.cancel.is_cancelled()
    }

    /// Number of running tasks.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.tracker.len()
    }

    /// Whether no task runs.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.tracker.is_empty()
    }

    /// Asks the tasks to end, and accepts no new ones. If the plugin has not asked for the
    /// cancellation, its tasks are dropped at their next await.
    pub(crate) fn cancel(&self) {
        self.0.cancel.cancel();
        self.0.tracker.close();
        if !self.0.heard.load(Relaxed) {
            self.kill();
        }
    }

    /// Drops the tasks at their next await.
    pub(crate) fn kill(&self) {
        self.0.kill.cancel();
    }

    /// Waits until every task has ended.
    pub(crate) async fn join(&self) {
        self.0.tracker.wait().await;
    }
}

impl fmt::Debug for Tasks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tasks")
            .field("plugin", &self.0.current.plugin)
            .field("running", &self.len())
            .field("limit", &self.0.limit)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;

    use super::*;
    use crate::context::Identity;
    use crate::permission::Grants;

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn threads_that_spawn_at_once_do_not_pass_the_limit() {
        const THREADS: usize = 8;
        let runtime = tokio::runtime::Handle::current();
        for _ in 0..200 {
            let current = Identity::new(
                "tasks-plugin",
                crate::context::InstanceId::default(),
                Grants::all("tasks-plugin"),
            )
            .current();
            let tasks = Tasks::new(current, 3, Box::new(|_, _| {}));
            let barrier = Barrier::new(THREADS);
            let spawn = || {
                let _entered = runtime.enter();
                barrier.wait();
                (0..2).for_each(|_| _ = tasks.spawn("waits", std::future::pending::<()>()));
            };
            std::thread::scope(|scope| {
                for _ in 0..THREADS {
                    scope.spawn(spawn);
                }
            });
            assert_eq!(tasks.len(), 3);
            tasks.cancel();
            tasks.join().await;
        }
    }
}
