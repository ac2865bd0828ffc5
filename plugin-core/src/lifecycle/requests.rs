//! Sends operations to the supervisor and records them in the audit log.

use tokio::sync::oneshot;

use super::kernel::Kernel;
use super::operation::{
    Actor, Answer, Operation, OperationError, OperationOutcome, OperationRequest,
};
use crate::audit::Outcome;
use crate::event::kernel::SystemOperated;

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
