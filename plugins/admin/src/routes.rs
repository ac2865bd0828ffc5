//! The routes, one table: it is the router, and what `GET /v1` lists.

mod plugins;
mod schedules;

use std::time::Duration;

use axum::extract::State;
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Extension, Json, Router};
use plugin_core::lifecycle::{Operated, Operation, OperationOutcome, SystemStatus};
use plugin_core::prelude::{Operator, System};
use plugin_http::{JsonBody, Problem, Route};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::peer::Actor;

/// The version of this interface: the `v1` of its paths.
const PROTOCOL: u32 = 1;

/// What the routes lead to.
#[derive(Debug, Clone)]
pub(crate) struct Backends {
    pub(crate) system: System,
    /// Nothing when the plugin may not operate the system.
    pub(crate) operator: Option<Operator>,
    /// How long a caller waits for the end of an operation.
    pub(crate) patience: Duration,
}

fn table(backends: &Backends) -> Vec<Route> {
    let with = || backends.clone();
    vec![
        Route::new("GET /v1", get(version).with_state(with())),
        Route::new("GET /v1/status", get(status).with_state(with())),
        Route::new("GET /v1/plugins", get(plugins::list).with_state(with())),
        Route::new(
            "GET /v1/plugins/{plugin}",
            get(plugins::show).with_state(with()),
        ),
        Route::new(
            "POST /v1/plugins/{plugin}/{action}",
            post(plugins::operate).with_state(with()),
        ),
        Route::new("POST /v1/reload", post(reload).with_state(with())),
        Route::new("POST /v1/reset", post(reset).with_state(with())),
        Route::new("GET /v1/schedules", get(schedules::list).with_state(with())),
        Route::new(
            "POST /v1/plugins/{plugin}/schedules/{schedule}/{action}",
            post(schedules::operate).with_state(with()),
        ),
    ]
}

/// All routes.
pub(crate) fn router(backends: &Backends) -> Router {
    let routes = table(backends).into_iter();
    let router = Router::new().fallback(nothing);
    routes.fold(router, |router, route| {
        router.route(route.path(), route.handler)
    })
}

/// For connections that there is no room for.
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

/// What answers here.
#[derive(Serialize)]
struct Version {
    version: &'static str,
    protocol: u32,
    pid: u32,
    routes: Vec<&'static str>,
}

async fn version(State(backends): State<Backends>) -> Json<Version> {
    Json(Version {
        version: env!("CARGO_PKG_VERSION"),
        protocol: PROTOCOL,
        pid: std::process::id(),
        routes: table(&backends).iter().map(|route| route.name).collect(),
    })
}

async fn status(State(backends): State<Backends>) -> Json<SystemStatus> {
    Json(backends.system.status())
}

/// How an operation is meant.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Options {
    /// Whether those that need the plugin are stopped first.
    cascade: bool,
    /// Whether it is only said what would be done.
    dry_run: bool,
}

impl Options {
    fn of(self, operation: Operation) -> Operation {
        match self.dry_run {
            true => Operation::Plan(Box::new(operation)),
            false => operation,
        }
    }

    /// Refuses `cascade` where it would mean nothing.
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

async fn reload(
    State(backends): State<Backends>,
    Extension(actor): Extension<Actor>,
    body: JsonBody,
) -> Result<Response, Problem> {
    let options = body.read::<Options>()?.alone("reload")?;
    let operation = options.of(Operation::Reload { plugin: None });
    Ok(backends
        .operate(&actor, "reload", operation)
        .await?
        .into_response())
}

async fn reset(
    State(backends): State<Backends>,
    Extension(actor): Extension<Actor>,
    body: JsonBody,
) -> Result<Response, Problem> {
    let options = body.read::<Options>()?.alone("reset")?;
    let operation = options.of(Operation::Reset { plugin: None });
    Ok(backends
        .operate(&actor, "reset", operation)
        .await?
        .into_response())
}

/// What has become of an operation that was not refused.
enum Done {
    Wholly(OperationOutcome),
    /// It goes on; what its caller is told.
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
    /// Has an operation carried out, in the name of who asks.
    async fn operate(
        &self,
        Actor(who): &Actor,
        action: &str,
        operation: Operation,
    ) -> Result<Done, Problem> {
        let operator = self.operator.as_ref().ok_or_else(no_right)?;
        let operator = operator.on_behalf_of(who);
        // An operation that is asked for is carried out, also when nobody waits for it any more.
        let operated = tokio::time::timeout(self.patience, operator.operate(operation)).await;
        let why = match operated {
            Ok(operated) => match operated? {
                Operated::Done(outcome) => return Ok(Done::Wholly(outcome)),
                Operated::Accepted => "it stops this interface".to_owned(),
            },
            Err(_) => format!("it has not ended within {:?}", self.patience),
        };
        let detail = format!("{why}, and goes on: the audit log says how it ends");
        let body = Json(json!({"accepted": action, "detail": detail}));
        Ok(Done::Accepted((StatusCode::ACCEPTED, body).into_response()))
    }
}

fn no_right() -> Problem {
    let detail = "`admin-plugin` may not operate the system: grant it `system` with action \
                  `operate` in its `permissions`";
    Problem::new(StatusCode::FORBIDDEN, detail)
}
