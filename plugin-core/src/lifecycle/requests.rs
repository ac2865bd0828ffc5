//! Sends operations to the supervisor and records them in the audit log.

use tokio::sync::oneshot;

use super::config_status::ReloadOutcome;
use super::kernel::Kernel;
use super::operation::{
    Actor, Answer, Operation, OperationError, OperationOutcome, OperationRequest,
};
use crate::audit::Outcome;
use crate::event::kernel::{ConfigRejected, SystemOperated};

/// Logs why an operation did not apply config. A config that is undone is logged when that begins.
pub(super) fn log_refusal(operation: &Operation, by: &Actor, error: &OperationError) {
    if error.is_of_config() && !matches!(error, OperationError::RolledBack { .. }) {
        let (operation, reason) = (operation.target().0, error.reason());
        tracing::error!(
            operation,
            %by,
            "the config is not taken over, what held before goes on: {reason}"
        );
    }
}

impl Kernel {
    /// Sends an operation to the supervisor, which carries it out even if the caller does not wait.
    pub(super) async fn submit(
        &self,
        operation: Operation,
        actor: Actor,
    ) -> Result<Answer, OperationError> {
        let (answer, answered) = oneshot::channel();
        let request = OperationRequest {
            operation,
            actor,
            answer,
        };
        match self.requests.send(request).await {
            Ok(()) => Ok(answered),
            Err(_) => Err(OperationError::Stopping),
        }
    }

    /// Records the result of an operation that applies config, and announces a failure. `fallback` is
    /// the config that is in force in place of the files because of the failure.
    pub(super) fn attempted(
        &self,
        operation: &Operation,
        actor: &Actor,
        result: &Result<OperationOutcome, OperationError>,
        fallback: Option<u64>,
    ) {
        let error = result.as_ref().err();
        if error.is_some_and(|error| !error.is_of_config()) {
            return;
        }
        self.reloads.attempted(operation, actor, result);
        let Some(error) = error else { return };
        let (operation, plugin) = operation.target();
        self.announcer.announce(ConfigRejected {
            operation: operation.to_owned(),
            plugin: plugin.map(str::to_owned),
            by: actor.to_string(),
            outcome: ReloadOutcome::of(result).as_str().to_owned(),
            reason: error.reason(),
            fallback,
        });
    }

    /// Records a requested operation in the audit log, even if it was refused.
    pub(super) fn audit_operation(
        &self,
        operation: &Operation,
        actor: &Actor,
        outcome: Result<&OperationOutcome, &OperationError>,
    ) {
        let (action, plugin) = operation.target();
        let said = match outcome {
            Ok(_) => Outcome::Done,
            Err(OperationError::Failed { .. } | OperationError::RolledBack { .. }) => {
                Outcome::Failed
            }
            Err(_) => Outcome::Denied,
        };
        if !matches!(operation, Operation::Plan(_)) {
            self.announcer.announce(SystemOperated {
                operation: action.to_owned(),
                plugin: plugin.map(str::to_owned),
                by: actor.to_string(),
                outcome: said.as_str().to_owned(),
                error: outcome.err().map(ToString::to_string),
            });
        }
        let mut entry = actor.entry(action, said);
        if let Some(plugin) = plugin {
            entry = entry.plugin(plugin.to_owned());
        }
        self.audit.record(match (outcome, operation.detail()) {
            (Ok(_), None) => entry,
            (Ok(_), Some(detail)) => entry.detail(detail),
            (Err(error), _) => entry.detail(error.to_string()),
        });
    }
}
