//! What a reload that failed means for later starts: they read the files as they are, or the config
//! that runs (`on_failed_reload`).

use std::io;
use std::sync::Arc;

use super::SupervisorState;
use crate::config::{ConfigFiles, FailedReload, Generations};
use crate::lifecycle::changes::Escalation;
use crate::lifecycle::operation::{Actor, Operation, OperationError, OperationOutcome};

impl SupervisorState {
    /// Reads config again, and takes it over. If that fails, the config that runs may be put in the
    /// place of the files as they were read: whoever mends a file meanwhile means that file.
    pub(super) async fn reload(
        &self,
        operation: &Operation,
        actor: &Actor,
        escalation: &mut Escalation,
    ) -> Result<OperationOutcome, OperationError> {
        let reading = self.read(self.wish(operation, actor)?).await?;
        let files = Arc::clone(&reading.files);
        let reloaded = match self.prepare(reading) {
            Ok(prepared) => self.apply(prepared, actor, escalation).await,
            Err(error) => Err(error),
        };
        if let Err(error) = &reloaded {
            self.fall_back(files, error).await;
        }
        reloaded
    }

    /// Puts the config that runs in the place of files that could not be taken over.
    async fn fall_back(&self, files: Arc<ConfigFiles>, error: &OperationError) {
        let is_of_config = matches!(
            error,
            OperationError::Config(_)
                | OperationError::Needs { .. }
                | OperationError::RolledBack { .. }
        );
        let configured = self.kernel.configured();
        let policy = configured.settings.manager.on_failed_reload;
        if !is_of_config || policy == FailedReload::Keep {
            return;
        }
        let number = self.kernel.reloads.generation();
        let chosen = tokio::task::spawn_blocking(move || {
            let number = number.ok_or_else(|| io::Error::other("it is not kept"))?;
            let generations = Generations::of(&configured.settings);
            generations.roll_back(number, &files).map(|_| number)
        });
        match chosen.await {
            Ok(Ok(generation)) => tracing::warn!(
                generation,
                "the config that runs is in the place of the files, also at the next start, until \
                 one of them changes (`on_failed_reload: rollback`)"
            ),
            Ok(Err(error)) => tracing::error!(
                "the next start reads the files as they are, for the config that runs can't be put \
                 in their place: {error}"
            ),
            // The runtime ends.
            Err(_) => {}
        }
    }
}
