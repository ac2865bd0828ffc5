//! The schedules of all plugins, and the operations on them.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Extension, Json};
use plugin_core::lifecycle::{Operation, ScheduleAction};
use plugin_core::prelude::JsonSchema;
use plugin_core::schedule::ScheduleStatus;
use plugin_http::{JsonBody, Problem};
use serde::Serialize;

use super::{AcceptedOperation, Backends, Done, NoOptions};
use crate::access::{Caller, Right};
use crate::route::{Content, Route};

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::new(
            "GET /v1/schedules",
            "Every schedule and how it does",
            get(list),
        )
        .needs(Right::StateRead)
        .answers::<ScheduleList>(),
        Route::new(
            "POST /v1/plugins/{plugin}/schedules/{schedule}/{action}",
            "Pause, resume, run or cancel a schedule",
            post(operate),
        )
        .needs(Right::Operate)
        .words("action", ScheduleAction::ALL.map(ScheduleAction::as_str))
        .takes::<NoOptions>()
        .answers::<ScheduleStatus>()
        .answers_with::<AcceptedOperation>(202)
        .answers_as(204, Content::Nothing),
    ]
}

/// The schedules, in start order of the plugins.
#[derive(Serialize, JsonSchema)]
struct ScheduleList {
    schedules: Vec<ScheduleStatus>,
}

async fn list(State(backends): State<Backends>) -> Json<ScheduleList> {
    let schedules = backends.system.schedules();
    Json(ScheduleList { schedules })
}

/// Performs an operation, and answers with the resulting schedule. A schedule that was created at
/// run time does not exist any more after it was cancelled.
async fn operate(
    State(backends): State<Backends>,
    Path((plugin, schedule, action)): Path<(String, String, String)>,
    Extension(caller): Extension<Caller>,
    body: JsonBody,
) -> Result<Response, Problem> {
    let NoOptions {} = body.read()?;
    let operation = Operation::Schedule {
        plugin: plugin.clone(),
        schedule: schedule.clone(),
        action: read(&action)?,
    };
    if let Done::Accepted(answer) = backends.operate(&caller, &action, operation).await? {
        return Ok(answer);
    }
    let mut schedules = backends.system.schedules().into_iter();
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
