//! The schedules of all plugins, and what operators do with them.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Extension, Json};
use plugin_core::lifecycle::{Operated, Operation, ScheduleAction};
use plugin_core::schedule::ScheduleStatus;
use serde::Serialize;
use serde_json::json;

use super::Route;
use crate::auth::Caller;
use crate::operators::Operators;
use plugin_http::Problem;

pub(super) const LIST: &str = "GET /schedules";
pub(super) const OPERATE: &str = "POST /schedules/{plugin}/{schedule}/{action}";

pub(super) fn routes(operators: &Operators) -> Vec<Route> {
    vec![
        Route::new(LIST, get(list).with_state(operators.clone())),
        Route::new(OPERATE, post(operate).with_state(operators.clone())),
    ]
}

#[derive(Serialize)]
struct Listed {
    schedules: Vec<ScheduleStatus>,
}

async fn list(
    State(operators): State<Operators>,
    caller: Option<Extension<Caller>>,
) -> Result<Json<Listed>, Problem> {
    let system = operators.view(caller.as_deref())?;
    let schedules = system.schedules();
    Ok(Json(Listed { schedules }))
}

/// Answers with the schedule as it is then; one that was made at run time is gone with its end.
async fn operate(
    State(operators): State<Operators>,
    Path((plugin, schedule, action)): Path<(String, String, String)>,
    caller: Option<Extension<Caller>>,
) -> Result<Response, Problem> {
    let operation = Operation::Schedule {
        plugin: plugin.clone(),
        schedule: schedule.clone(),
        action: read(&action)?,
    };
    let operated = operators.operate(caller.as_deref(), operation).await?;
    if operated == Operated::Accepted {
        return Ok((StatusCode::ACCEPTED, Json(json!({"accepted": action}))).into_response());
    }
    let mut schedules = operators.system().schedules().into_iter();
    let found = schedules.find(|it| it.plugin == plugin && it.schedule == schedule);
    Ok(found.map_or_else(
        || StatusCode::NO_CONTENT.into_response(),
        |status| Json(status).into_response(),
    ))
}

fn read(word: &str) -> Result<ScheduleAction, Problem> {
    let mut actions = ScheduleAction::ALL.into_iter();
    let words = ScheduleAction::ALL.map(ScheduleAction::as_str);
    (actions.find(|action| action.as_str() == word))
        .ok_or_else(|| Problem::unknown_action(word, &words))
}
