//! Dead letters, and the operations on them.

use std::collections::VecDeque;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post};
use axum::{Extension, Json};
use plugin_core::event::{DeadLetter, DeadLetterId, DeadLetterQuery};
use plugin_core::lifecycle::{DeadLetterError, DeadLetterOperations};
use plugin_core::prelude::JsonSchema;
use plugin_http::{JsonBody, Params, Problem};
use serde::de::{Deserializer, Error as _};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use tokio::time::{Instant, timeout_at};

use super::{AcceptedOperation, Backends, NoOptions, wanted};
use crate::access::{Caller, Right};
use crate::route::{Content, Route};

/// Number of letters that are read at once.
const MOST: usize = 1000;

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::new(
            "GET /v1/dead-letters",
            "Events that handlers failed with for good, the oldest first, without their data",
            get(list),
        )
        .needs(Right::StateRead)
        .query::<LetterParams>()
        .answers::<LetterList>(),
        Route::new(
            "GET /v1/dead-letters/{id}",
            "One dead letter, with the data of the event for callers with `tap:read`",
            get(show),
        )
        .needs(Right::StateRead)
        .answers::<LetterView>(),
        Route::new(
            "DELETE /v1/dead-letters/{id}",
            "Forget a dead letter",
            delete(drop_one),
        )
        .needs(Right::Operate)
        .answers_as(204, Content::Nothing),
        Route::new(
            "POST /v1/dead-letters/{id}/replay",
            "Deliver the event of a dead letter again",
            post(replay_one),
        )
        .needs(Right::Operate)
        .takes::<NoOptions>()
        .answers_as(204, Content::Nothing)
        .answers_with::<AcceptedOperation>(202),
        Route::new(
            "POST /v1/dead-letters/replay",
            "Deliver the events of many dead letters again, one after the other",
            post(replay_many),
        )
        .needs(Right::Operate)
        .takes::<Choice>()
        .answers::<ManyOutcome>(),
        Route::new(
            "POST /v1/dead-letters/drop",
            "Forget many dead letters",
            post(drop_many),
        )
        .needs(Right::Operate)
        .takes::<Choice>()
        .answers::<ManyOutcome>(),
    ]
}

/// Selects letters.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct LetterParams {
    /// Only letters of this plugin's handlers.
    plugin: Option<String>,
    /// Only letters of this handler.
    handler: Option<String>,
    /// Only letters of this topic.
    topic: Option<String>,
    /// Most letters to check, up to 1,000. With `handler`, the answer may contain fewer.
    #[schemars(range(min = 1, max = 1000))]
    limit: Option<usize>,
    /// The `next` of the previous answer.
    cursor: Option<DeadLetterId>,
}

/// Some dead letters, oldest first.
#[derive(Debug, Serialize, JsonSchema)]
struct LetterList {
    letters: Vec<LetterView>,
    /// The `cursor` for the next page; `null` on the last one.
    next: Option<DeadLetterId>,
}

/// A dead letter. Its `data` is included only for a single letter, for callers with `tap:read`.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "DeadLetterView")]
struct LetterView {
    #[serde(flatten)]
    #[schemars(with = "DeadLetter")]
    letter: Value,
    /// The right that the caller lacks to see the data.
    #[serde(skip_serializing_if = "Option::is_none")]
    data_needs: Option<Right>,
}

impl LetterView {
    fn of(letter: &DeadLetter, data_needs: Option<Right>, has_data: bool) -> Self {
        let mut letter = json!(letter);
        if !has_data {
            letter["data"] = Value::Null;
        }
        Self { letter, data_needs }
    }
}

async fn list(
    State(backends): State<Backends>,
    Params(asked): Params<LetterParams>,
) -> Result<Json<LetterList>, Problem> {
    let filter = Filter {
        plugin: asked.plugin,
        handler: asked.handler,
        topic: asked.topic,
    };
    let mut query = filter.query().limit(wanted(asked.limit, 100)?);
    query.after = asked.cursor;
    let letters = backends.system.dead_letters().ok_or_else(gone)?;
    let page = letters.list(query).await;
    let page = page.map_err(|error| Problem::from(DeadLetterError::Store(error)))?;
    let wanted = page.letters.iter().filter(|letter| filter.wants(letter));
    Ok(Json(LetterList {
        letters: wanted.map(|it| LetterView::of(it, None, false)).collect(),
        next: page.next,
    }))
}

async fn show(
    State(backends): State<Backends>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<DeadLetterId>,
) -> Result<Json<LetterView>, Problem> {
    let letters = backends.system.dead_letters().ok_or_else(gone)?;
    let letter = letters.show(id).await.map_err(DeadLetterError::Store)?;
    let letter = letter.ok_or(DeadLetterError::Unknown(id))?;
    let has_data = caller.rights.has(Right::TapRead);
    let needs = (!has_data).then_some(Right::TapRead);
    Ok(Json(LetterView::of(&letter, needs, has_data)))
}

async fn drop_one(
    State(backends): State<Backends>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<DeadLetterId>,
) -> Result<StatusCode, Problem> {
    backends.letters(&caller)?.drop(id).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn replay_one(
    State(backends): State<Backends>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<DeadLetterId>,
    body: JsonBody,
) -> Result<Response, Problem> {
    let NoOptions {} = body.read()?;
    let letters = backends.letters(&caller)?;
    match tokio::time::timeout(backends.patience, letters.replay(id)).await {
        Ok(replayed) => {
            replayed?;
            Ok(StatusCode::NO_CONTENT.into_response())
        }
        Err(_) => Ok(backends.accepted("replay").into_response()),
    }
}

/// Selects the letters of an operation: by their ids, or by a filter.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Choice {
    /// Their ids.
    #[serde(default)]
    #[schemars(length(max = 1000))]
    ids: Option<Vec<DeadLetterId>>,
    /// The filter; `{}` selects all letters.
    #[serde(default, deserialize_with = "object")]
    filter: Option<Filter>,
    /// Whether only their number is returned.
    #[serde(default)]
    dry_run: bool,
}

/// Reads an object and refuses a list, which serde would read by the order of the keys.
fn object<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Filter>, D::Error> {
    let map = Option::<Map<String, Value>>::deserialize(deserializer)?;
    let read = map.map(|map| serde_json::from_value(Value::Object(map)));
    read.transpose().map_err(D::Error::custom)
}

/// A filter of letters.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(rename = "DeadLetterFilter")]
struct Filter {
    /// The plugin whose handler failed.
    plugin: Option<String>,
    /// The handler.
    handler: Option<String>,
    /// The topic of the event.
    topic: Option<String>,
}

impl Filter {
    fn query(&self) -> DeadLetterQuery {
        let mut query = DeadLetterQuery::new();
        query.plugin.clone_from(&self.plugin);
        query.topic.clone_from(&self.topic);
        query
    }

    fn wants(&self, letter: &DeadLetter) -> bool {
        let handler = self.handler.as_ref();
        handler.is_none_or(|handler| *handler == letter.handler)
    }
}

/// The result of an operation on many letters.
#[derive(Debug, Default, Serialize, JsonSchema)]
#[schemars(rename = "DeadLettersOutcome")]
struct ManyOutcome {
    /// Number of selected letters.
    matched: usize,
    /// Letters for which the operation succeeded.
    done: Vec<DeadLetterId>,
    /// Letters for which the operation failed, with the reasons.
    failed: Vec<LetterFailure>,
    /// Number of letters for which the time was too short: repeat the request for them.
    left: usize,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "DeadLetterFailure")]
struct LetterFailure {
    id: DeadLetterId,
    /// The status of the answer if the letter had been named alone.
    status: u16,
    detail: String,
}

async fn replay_many(
    State(backends): State<Backends>,
    Extension(caller): Extension<Caller>,
    body: JsonBody,
) -> Result<Json<ManyOutcome>, Problem> {
    backends.each(&caller, body.read()?, Act::Replay).await
}

async fn drop_many(
    State(backends): State<Backends>,
    Extension(caller): Extension<Caller>,
    body: JsonBody,
) -> Result<Json<ManyOutcome>, Problem> {
    backends.each(&caller, body.read()?, Act::Drop).await
}

/// An operation on many letters.
#[derive(Debug, Clone, Copy)]
enum Act {
    Replay,
    Drop,
}

impl Act {
    async fn done(
        self,
        letters: &DeadLetterOperations,
        id: DeadLetterId,
    ) -> Result<(), DeadLetterError> {
        match self {
            Self::Replay => letters.replay(id).await,
            Self::Drop => letters.drop(id).await,
        }
    }
}

impl Backends {
    /// The operations on letters, on behalf of a caller.
    fn letters(&self, caller: &Caller) -> Result<DeadLetterOperations, Problem> {
        let operator = self.operator(caller)?;
        operator.dead_letters().ok_or_else(gone)
    }

    /// Performs the operation on each selected letter, as long as there is time.
    async fn each(
        &self,
        caller: &Caller,
        choice: Choice,
        act: Act,
    ) -> Result<Json<ManyOutcome>, Problem> {
        let end = Instant::now() + self.patience;
        let letters = self.letters(caller)?;
        let mut ids = chosen(&letters, &choice).await?;
        let mut outcome = ManyOutcome {
            matched: ids.len(),
            ..ManyOutcome::default()
        };
        if choice.dry_run {
            return Ok(Json(outcome));
        }
        while let Some(id) = ids.front().copied() {
            let Ok(acted) = timeout_at(end, act.done(&letters, id)).await else {
                break;
            };
            ids.pop_front();
            match acted {
                Ok(()) => outcome.done.push(id),
                Err(error) => {
                    let detail = error.to_string();
                    let status = Problem::from(error).status().as_u16();
                    outcome.failed.push(LetterFailure { id, status, detail });
                }
            }
        }
        outcome.left = ids.len();
        Ok(Json(outcome))
    }
}

/// The selected letters, as they are now.
async fn chosen(
    letters: &DeadLetterOperations,
    choice: &Choice,
) -> Result<VecDeque<DeadLetterId>, Problem> {
    let filter = match (&choice.ids, &choice.filter) {
        (Some(ids), None) => return Ok(ids.iter().copied().collect()),
        (None, Some(filter)) => filter,
        _ => {
            let detail = "name letters in `ids`, or say in `filter` what they have in common: one \
                          of both";
            return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, detail).with("key", "ids"));
        }
    };
    let mut ids = VecDeque::new();
    let mut query = filter.query().limit(MOST);
    loop {
        let page = letters.list(query.clone()).await?;
        let wanted = page.letters.iter().filter(|letter| filter.wants(letter));
        ids.extend(wanted.map(|letter| letter.id));
        match page.next {
            Some(next) => query = query.after(next),
            None => return Ok(ids),
        }
    }
}

fn gone() -> Problem {
    Problem::unavailable("the system is stopping")
}
