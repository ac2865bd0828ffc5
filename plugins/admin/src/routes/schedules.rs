//! The schedules of all plugins, and what is done with them.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use plugin_core::lifecycle::{Operation, ScheduleAction};
use plugin_core::schedule::ScheduleStatus;
use plugin_http::{JsonBody, Problem};
use serde::{Deserialize, Serialize};

use super::{Backends, Done};
use crate::peer::Actor;

#[derive(Serialize)]
pub(super) struct ScheduleList {
    schedules: Vec<ScheduleStatus>,
}

pub(super) async fn list(State(backends): State<Backends>) -> Json<ScheduleList> {
    let schedules = backends.system.schedules();
    Json(ScheduleList { schedules })
}

/// How an operation on a schedule is meant: there is nothing to say yet.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NoOptions {}

/// Answers with the schedule as it is then; one that was made at run time is gone with its end.
pub(super) async fn operate(
    State(backends): State<Backends>,
    Path((plugin, schedule, action)): Path<(String, String, String)>,
    Extension(actor): Extension<Actor>,
    body: JsonBody,
) -> Result<Response, Problem> {
    let NoOptions {} = body.read()?;
    let operation = Operation::Schedule {
        plugin: plugin.clone(),
        schedule: schedule.clone(),
        action: read(&action)?,
    };
    if let Done::Accepted(answer) = backends.operate(&actor, &action, operation).await? {
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
