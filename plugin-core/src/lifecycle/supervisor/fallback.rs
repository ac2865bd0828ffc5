//! Decides what later starts read after a reload that failed: the files as they are, or the running
//! config (`on_failed_reload`).

use std::io;
use std::sync::Arc;

use super::SupervisorState;
use crate::audit::{Entry, Outcome};
use crate::config::{ConfigFiles, FailedReload, Generations};
use crate::lifecycle::changes::Escalation;
use crate::lifecycle::operation::{Actor, Operation, OperationError, OperationOutcome};
use crate::lifecycle::requests::log_refusal;

impl SupervisorState {
    /// Reads config again and applies it. If that fails, the running config may replace the files as
    /// they were read: if an operator repairs a file meanwhile, that file has to count. Also returns
    /// the number of the config that replaces the files.
    pub(super) async fn reload(
        &self,
        operation: &Operation,
        actor: &Actor,
        escalation: &mut Escalation,
    ) -> (Result<OperationOutcome, OperationError>, Option<u64>) {
        let reading = async { self.read(self.reload_request(operation, actor)?).await };
        let reading = match reading.await {
            Ok(reading) => reading,
            Err(error) => return (Err(error), None),
        };
        let files = Arc::clone(&reading.files);
        let reloaded = match self.prepare(reading) {
            Ok(prepared) => Box::pin(self.apply(prepared, actor, escalation)).await,
            Err(error) => Err(error),
        };
        let fallback = match &reloaded {
            Ok(outcome) => {
                tell(outcome);
                None
            }
            Err(error) => {
                log_refusal(operation, actor, error);
                self.fall_back(files, error).await
            }
        };
        (reloaded, fallback)
    }

    /// Lets the running config replace the files that could not be applied, if config asks for it, and
    /// returns its number.
    async fn fall_back(&self, files: Arc<ConfigFiles>, error: &OperationError) -> Option<u64> {
        if matches!(error, OperationError::Unreadable(_)) || !error.is_of_config() {
            return None;
        }
        let configured = self.kernel.configured();
        if configured.settings.manager.on_failed_reload == FailedReload::Keep {
            self.kernel.reloads.files_count(&files);
            return None;
        }
        let number = self.kernel.reloads.generation();
        let because = Some(error.reason());
        let chosen = tokio::task::spawn_blocking(move || {
            let number = number.ok_or_else(|| io::Error::other("it is not kept"))?;
            Generations::of(&configured.settings).choose(number, &files, because)
        });
        match chosen.await {
            Ok(Ok(rollback)) => {
                let generation = rollback.generation;
                tracing::warn!(
                    generation,
                    "the config that runs is in the place of the files, also at the next start, \
                     until one of them changes (`on_failed_reload: rollback`)"
                );
                let entry = Entry::new("manager", "config.fallback", Outcome::Done);
                (self.kernel.audit).record(entry.detail(format!("to {generation}")));
                self.kernel.reloads.rolled_back(Some(rollback));
                Some(generation)
            }
            Ok(Err(error)) => {
                tracing::error!(
                    "the next start reads the files as they are, for the config that runs can't be \
                     put in their place: {error}"
                );
                None
            }
            // The runtime has ended.
            Err(_) => None,
        }
    }
}

/// Logs the results of a reload other than the changes of plugins.
fn tell(outcome: &OperationOutcome) {
    if let Some(rollback) = &outcome.rollback {
        tracing::warn!("{rollback}");
    }
    if !outcome.overridden.is_empty() {
        let plugins = outcome.overridden.join(", ");
        tracing::warn!(
            plugins,
            "`enable` or `disable` goes before what the files say of these: `config reset` has \
             the files decide"
        );
    }
    if !outcome.later.is_empty() {
        let keys = outcome.later.join(", ");
        tracing::warn!(keys, "these keys hold with the next start of the process");
    } else if outcome.changes.is_empty() && outcome.manager.is_empty() {
        tracing::info!("config was read again, and nothing has changed for what runs");
    }
}
