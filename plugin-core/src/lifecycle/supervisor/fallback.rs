//! Decides what later starts read after a reload that failed: the files as they are, or the running
//! config (`on_failed_reload`).

use std::io;

use super::SupervisorState;
use crate::config::{self, ConfigFiles, FailedReload, Generations};
use crate::lifecycle::operation::OperationError;

impl SupervisorState {
    /// The config files as they are, if the running config should replace them after a failed
    /// reload. They are read before the reload: if an operator repairs a file meanwhile, that file
    /// has to count.
    pub(super) async fn files_to_replace(&self) -> Option<ConfigFiles> {
        let configured = self.kernel.configured();
        if configured.settings.manager.on_failed_reload == FailedReload::Keep {
            return None;
        }
        let read = tokio::task::spawn_blocking(move || {
            config::files(&configured.sources, &configured.composition)
        });
        // It fails if the runtime ends.
        read.await.ok()
    }

    /// Lets the running config replace the files that could not be applied.
    pub(super) async fn fall_back(&self, files: ConfigFiles, error: &OperationError) {
        let is_of_config = matches!(
            error,
            OperationError::Config(_)
                | OperationError::Needs { .. }
                | OperationError::RolledBack { .. }
        );
        if !is_of_config {
            return;
        }
        let configured = self.kernel.configured();
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
            // The runtime has ended.
            Err(_) => {}
        }
    }
}
