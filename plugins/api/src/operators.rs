//! Who may operate the system, and what becomes of what they ask for.

use std::sync::Arc;

use axum::http::StatusCode;
use plugin_core::lifecycle::{Operated, Operation, OperationError};
use plugin_core::prelude::{Operator, System};
use serde_json::json;

use crate::auth::{Caller, no_token};
use crate::problem::Problem;

/// The callers who may operate the system, and what they do it with.
#[derive(Debug, Clone)]
pub(crate) struct Operators {
    users: Arc<[String]>,
    system: System,
    /// Nothing when the plugin may not operate the system.
    operator: Option<Operator>,
}

impl Operators {
    pub(crate) fn new(users: &[String], system: System, operator: Option<Operator>) -> Self {
        Self {
            users: users.into(),
            system,
            operator,
        }
    }

    /// What there is to operate. Without a caller the route is open, and so is the view.
    pub(crate) fn view(&self, caller: Option<&Caller>) -> Result<&System, Problem> {
        caller.map_or(Ok(()), |caller| self.check(caller))?;
        Ok(&self.system)
    }

    /// Has an operation carried out, in the name of who calls.
    pub(crate) async fn operate(
        &self,
        caller: Option<&Caller>,
        operation: Operation,
    ) -> Result<Operated, Problem> {
        let caller = caller.ok_or_else(no_token)?;
        self.check(caller)?;
        let operator = self.operator.as_ref().ok_or_else(no_right)?;
        let operator = operator.on_behalf_of(&caller.user_id);
        Ok(operator.operate(operation).await?)
    }

    /// The view of the system, for those who have been let in.
    pub(crate) fn system(&self) -> &System {
        &self.system
    }

    fn check(&self, caller: &Caller) -> Result<(), Problem> {
        if self.users.contains(&caller.user_id) {
            return Ok(());
        }
        let detail = format!(
            "`{}` is no operator: `operators` in the config of `api-plugin` does not name them",
            caller.user_id
        );
        Err(Problem::new(StatusCode::FORBIDDEN, detail))
    }
}

fn no_right() -> Problem {
    let detail = "`api-plugin` may not operate the system: grant it `system` with action `operate` \
                  in its `permissions`";
    Problem::new(StatusCode::FORBIDDEN, detail)
}

impl From<OperationError> for Problem {
    fn from(error: OperationError) -> Self {
        let detail = error.to_string();
        let not_found = || Self::new(StatusCode::NOT_FOUND, detail.as_str());
        let conflict = || Self::new(StatusCode::CONFLICT, detail.as_str());
        match error {
            OperationError::Unknown { known, .. } => not_found().with("plugins", known),
            OperationError::UnknownSchedule { known, .. } => not_found().with("schedules", known),
            OperationError::State { state, .. } => conflict().with("state", json!(state)),
            OperationError::Needed { by, .. } => conflict().with("needed_by", by),
            OperationError::Needs { missing, .. } => conflict().with("needs", missing),
            OperationError::ScheduleState { state, .. } => conflict().with("state", json!(state)),
            OperationError::ScheduleRuns { .. } => conflict(),
            OperationError::Failed { .. } => Self::new(StatusCode::INTERNAL_SERVER_ERROR, detail),
            _ => Self::unavailable(detail),
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::response::IntoResponse;
    use plugin_core::Error;
    use plugin_core::lifecycle::State;

    use super::*;

    #[test]
    fn the_status_says_whose_turn_it_is() {
        let plugin = "cache-plugin";
        let cases = [
            (
                OperationError::Unknown {
                    plugin: "cash-plugin".to_owned(),
                    known: vec![plugin],
                },
                StatusCode::NOT_FOUND,
            ),
            (
                OperationError::State {
                    plugin,
                    state: State::Running,
                },
                StatusCode::CONFLICT,
            ),
            (
                OperationError::Failed {
                    plugin,
                    error: Error::external("no memory"),
                },
                StatusCode::INTERNAL_SERVER_ERROR,
            ),
            (
                OperationError::AskerState {
                    plugin,
                    state: State::Stopping,
                },
                StatusCode::SERVICE_UNAVAILABLE,
            ),
            (OperationError::Stopping, StatusCode::SERVICE_UNAVAILABLE),
        ];
        for (error, status) in cases {
            let text = error.to_string();
            let response = Problem::from(error).into_response();
            assert_eq!(response.status(), status, "{text}");
            let comes_again = response.headers().contains_key("retry-after");
            assert_eq!(
                comes_again,
                status == StatusCode::SERVICE_UNAVAILABLE,
                "{text}"
            );
        }
    }
}
