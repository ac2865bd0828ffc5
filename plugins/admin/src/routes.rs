//! The routes in one table, which is the source of the router, of the list in `GET /v1`, and of the
//! description of the interface.

mod about;
mod audit;
mod config;
mod dead_letters;
mod events;
mod graph;
mod instances;
mod logs;
mod plugins;
mod schedules;
mod stream;

use std::sync::Arc;
use std::time::Duration;

use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::{Json, Router};
use plugin_contracts::LogTail;
use plugin_core::InstanceName;
use plugin_core::lifecycle::{Operated, Operation, OperationError, OperationOutcome};
use plugin_core::prelude::{JsonSchema, Operator, Service, System};
use plugin_http::Problem;
use serde::{Deserialize, Serialize};

use crate::access::Caller;
use crate::console;
use crate::live::Live;
use crate::route::Route;
use crate::stream::Feed;
use crate::tap::Taps;

/// The services behind the routes.
#[derive(Debug, Clone)]
pub(crate) struct Backends {
    pub(crate) system: System,
    /// `None` if the plugin may not operate the system.
    pub(crate) operator: Option<Operator>,
    /// The present activity of the instances.
    pub(crate) live: Arc<Live>,
    /// The feed of changes, for streams.
    pub(crate) feed: Arc<Feed>,
    /// The taps, which show events.
    pub(crate) taps: Taps,
    /// Whether the plugin may observe events.
    pub(crate) observes: bool,
    /// The last lines of the log; `None` if no plugin keeps them.
    pub(crate) logs: Option<Service<dyn LogTail>>,
    /// How long a caller waits for the end of an operation.
    pub(crate) patience: Duration,
}

/// All routes, in the order of the documentation.
pub(crate) fn table() -> Vec<Route> {
    let parts = [
        about::routes(),
        instances::routes(),
        logs::routes(),
        stream::routes(),
        plugins::routes(),
        graph::routes(),
        schedules::routes(),
        events::routes(),
        dead_letters::routes(),
        audit::routes(),
        config::routes(),
    ];
    parts.into_iter().flatten().collect()
}

/// The router of all routes, with the answer for unknown paths.
pub(crate) fn router(backends: &Backends) -> Router {
    let routes = table().into_iter();
    let router = Router::new().fallback(nothing);
    routes.fold(router, |router, route| route.mount(router, backends))
}

/// The router of routes that need no caller.
pub(crate) fn open() -> Router {
    console::router()
}

/// The router for connections for which there is no room.
pub(crate) fn spare() -> Router {
    Router::new().fallback(async || {
        Problem::unavailable(
            "there is no room for one more connection: `max_connections` have a request that is \
             being answered",
        )
    })
}

async fn nothing(uri: Uri) -> Problem {
    let detail = format!(
        "there is nothing at `{}`: `GET /v1` lists the routes",
        uri.path()
    );
    Problem::new(StatusCode::NOT_FOUND, detail)
}

/// Options of an operation.
#[derive(Debug, Clone, Copy, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct Options {
    /// Whether the plugins that need the plugin are stopped first.
    cascade: bool,
    /// Whether the changes are only listed and not made.
    dry_run: bool,
}

impl Options {
    fn of(self, operation: Operation) -> Operation {
        match self.dry_run {
            true => Operation::Plan(Box::new(operation)),
            false => operation,
        }
    }

    /// Refuses `cascade` for an operation without it.
    fn alone(self, action: &str) -> Result<Self, Problem> {
        if !self.cascade {
            return Ok(self);
        }
        let detail = format!(
            "`{action}` does not touch those that need the plugin: only `stop`, `unload` and \
             `disable` take `cascade`"
        );
        Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, detail).with("key", "cascade"))
    }
}

/// An operation that continues after the answer.
#[derive(Serialize, JsonSchema)]
pub(crate) struct AcceptedOperation {
    /// The requested operation.
    accepted: String,
    /// The reason why its end is not waited for.
    detail: String,
}

/// Options of an operation that does not name a plugin.
#[derive(Debug, Clone, Copy, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct PlanOptions {
    /// Whether the changes are only listed and not made.
    dry_run: bool,
}

impl PlanOptions {
    fn of(self, operation: Operation) -> Operation {
        Options {
            cascade: false,
            dry_run: self.dry_run,
        }
        .of(operation)
    }
}

/// Checks a limit of the caller: 1 to 1,000.
fn wanted(limit: Option<usize>, otherwise: usize) -> Result<usize, Problem> {
    match limit.unwrap_or(otherwise) {
        limit @ 1..=1000 => Ok(limit),
        _ => {
            let detail = "`limit` is a number from 1 to 1000";
            Err(Problem::new(StatusCode::BAD_REQUEST, detail).with("key", "limit"))
        }
    }
}

/// Options of an operation that has none yet.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct NoOptions {}

/// The state of an operation that was not refused.
enum Done {
    Wholly(OperationOutcome),
    /// It continues; contains the answer for the caller.
    Accepted(Response),
}

impl IntoResponse for Done {
    fn into_response(self) -> Response {
        match self {
            Self::Wholly(outcome) => Json(outcome).into_response(),
            Self::Accepted(answer) => answer,
        }
    }
}

impl Backends {
    /// Requests an operation on behalf of the caller.
    async fn operate(
        &self,
        caller: &Caller,
        action: &str,
        operation: Operation,
    ) -> Result<Done, Problem> {
        let operator = self.operator(caller)?;
        // The operation is carried out even if nobody waits for it any more.
        let operated = tokio::time::timeout(self.patience, operator.operate(operation)).await;
        match operated {
            Ok(operated) => match operated? {
                Operated::Done(outcome) => Ok(Done::Wholly(*outcome)),
                Operated::Accepted => {
                    Ok(Done::Accepted(goes_on(action, "it stops this interface")))
                }
            },
            Err(_) => Ok(Done::Accepted(self.accepted(action))),
        }
    }

    /// Why an instance is not there: it is not loaded, or there is none of that name.
    fn absent(&self, plugin: String) -> Problem {
        let known = self.system.configured(|_, settings| {
            let known = settings.plugins.keys().copied();
            known.collect::<Vec<_>>()
        });
        let known = known.unwrap_or_default();
        let section = InstanceName::of(&plugin).section;
        let Some(plugin) = known.iter().find(|name| **name == section) else {
            return OperationError::Unknown { plugin, known }.into();
        };
        let error = OperationError::NotLoaded { plugin };
        let problem = Problem::new(StatusCode::NOT_FOUND, error.to_string());
        match error.remedy() {
            Some(remedy) => problem.with("remedy", remedy),
            None => problem,
        }
    }

    /// The answer about an operation that has not ended in time.
    fn accepted(&self, action: &str) -> Response {
        goes_on(
            action,
            &format!("it has not ended within {:?}", self.patience),
        )
    }

    /// The operator for the system, on behalf of a caller.
    fn operator(&self, caller: &Caller) -> Result<Operator, Problem> {
        let operator = self.operator.as_ref().ok_or_else(no_right)?;
        let operator = operator.on_behalf_of(&caller.name);
        Ok(match &caller.address {
            Some(address) => operator.from_address(address),
            None => operator,
        })
    }
}

fn goes_on(action: &str, why: &str) -> Response {
    let body = Json(AcceptedOperation {
        accepted: action.to_owned(),
        detail: format!("{why}, and goes on: the audit log says how it ends"),
    });
    (StatusCode::ACCEPTED, body).into_response()
}

fn no_right() -> Problem {
    let detail = "`admin-plugin` may not operate the system: grant it `system` with action \
                  `operate` in its `permissions`";
    Problem::new(StatusCode::FORBIDDEN, detail)
}
