//! The states of all plugins, and what operators do with them.

use axum::extract::{Path, RawQuery, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Extension, Json};
use plugin_core::lifecycle::{Operated, Operation, SystemStatus};
use serde_json::json;

use super::Route;
use crate::auth::Caller;
use crate::operators::Operators;
use plugin_http::Problem;

pub(super) const LIST: &str = "GET /plugins";
pub(super) const OPERATE: &str = "POST /plugins/{plugin}/{action}";

pub(super) fn routes(operators: &Operators) -> Vec<Route> {
    vec![
        Route::new(LIST, get(list).with_state(operators.clone())),
        Route::new(OPERATE, post(operate).with_state(operators.clone())),
    ]
}

async fn list(
    State(operators): State<Operators>,
    caller: Option<Extension<Caller>>,
) -> Result<Json<SystemStatus>, Problem> {
    let system = operators.view(caller.as_deref())?;
    Ok(Json(system.status()))
}

async fn operate(
    State(operators): State<Operators>,
    Path((plugin, action)): Path<(String, String)>,
    RawQuery(query): RawQuery,
    caller: Option<Extension<Caller>>,
) -> Result<Response, Problem> {
    let operation = read(plugin, &action, query.as_deref())?;
    let operated = operators.operate(caller.as_deref(), operation).await?;
    Ok(match operated {
        Operated::Done(outcome) => Json(outcome).into_response(),
        Operated::Accepted => {
            (StatusCode::ACCEPTED, Json(json!({"accepted": action}))).into_response()
        }
    })
}

fn read(plugin: String, action: &str, query: Option<&str>) -> Result<Operation, Problem> {
    match (action, query.filter(|query| !query.is_empty())) {
        ("start", None) => Ok(Operation::Start { plugin }),
        ("restart", None) => Ok(Operation::Restart { plugin }),
        ("stop", None | Some("cascade=false")) => Ok(Operation::Stop {
            plugin,
            cascade: false,
        }),
        ("stop", Some("cascade=true")) => Ok(Operation::Stop {
            plugin,
            cascade: true,
        }),
        ("stop", Some(_)) => Err(wrong_query("`stop` takes `?cascade=true` and nothing else")),
        ("start" | "restart", Some(_)) => {
            Err(wrong_query("only `stop` takes a query, `?cascade=true`"))
        }
        (other, _) => Err(Problem::unknown_action(
            other,
            &["start", "stop", "restart"],
        )),
    }
}

fn wrong_query(detail: &str) -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, detail)
}
