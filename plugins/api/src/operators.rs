//! Who may operate the system, and what becomes of what they ask for.

use std::sync::Arc;

use axum::http::StatusCode;
use plugin_core::lifecycle::{Operated, Operation};
use plugin_core::prelude::{Operator, System};

use crate::auth::{Caller, no_token};
use plugin_http::Problem;

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
