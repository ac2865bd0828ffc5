//! Publishing events.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::routing::post;
use axum::{Extension, Json};
use plugin_core::Error;
use plugin_core::event::{PublishError, Publishers, Received, Subject};
use serde_json::json;
use tokio::sync::oneshot;

use super::Route;
use crate::auth::{Caller, no_token};
use crate::body::JsonBody;
use crate::problem::Problem;
use crate::server::Spawn;

pub(super) const PUBLISH: &str = "POST /events/{topic}";

#[derive(Clone)]
struct Events {
    publishers: Publishers,
    spawn: Spawn,
    /// Who may publish for others.
    speakers: Arc<[String]>,
}

pub(super) fn routes(publishers: &Publishers, spawn: &Spawn, speakers: &[String]) -> Vec<Route> {
    let events = Events {
        speakers: speakers.into(),
        publishers: publishers.clone(),
        spawn: Arc::clone(spawn),
    };
    vec![Route::new(PUBLISH, post(publish).with_state(events))]
}

async fn publish(
    State(events): State<Events>,
    Path(topic): Path<String>,
    caller: Option<Extension<Caller>>,
    body: JsonBody,
) -> Result<impl IntoResponse, Problem> {
    if events.publishers.event(&topic).is_none() {
        let detail = format!("no type of event has the topic `{topic}`");
        return Err(Problem::new(StatusCode::NOT_FOUND, detail));
    }
    let event = events.publishers.receive(&topic, body.text())?;
    events.check_subject(&topic, &event, caller.as_deref())?;
    let accepted = json!({"accepted": topic});
    events.whole(event).await?;
    Ok((StatusCode::ACCEPTED, Json(accepted)))
}

impl Events {
    /// Whether a caller may publish an event: one that speaks for himself or for nobody. Who calls
    /// is known unless the route is open.
    fn check_subject(
        &self,
        topic: &str,
        event: &Received,
        caller: Option<&Caller>,
    ) -> Result<(), Problem> {
        let subject = event.subject();
        if subject == Subject::Nobody {
            return Ok(());
        }
        let caller = &caller.ok_or_else(no_token)?.user_id;
        match subject {
            _ if self.speakers.contains(caller) => Ok(()),
            Subject::User { id, .. } if id == caller => Ok(()),
            Subject::User { field, .. } => {
                let detail = format!(
                    "`{caller}` may publish `{topic}` only with `{caller}` as its `{field}`: \
                     `may_publish_for` in the config of `api-plugin` does not name them"
                );
                Err(Problem::new(StatusCode::FORBIDDEN, detail).with("key", field))
            }
            _ => {
                let detail = format!(
                    "callers can't publish `{topic}`: its type does not say whom it speaks for \
                     (`subject` of `#[event]`), and `may_publish_for` in the config of \
                     `api-plugin` does not name `{caller}`"
                );
                Err(Problem::new(StatusCode::FORBIDDEN, detail))
            }
        }
    }

    /// Publishes in a task of its own: a request that is given up must not leave an event with
    /// some of its subscribers only. Who is answered may forget the event: it is stored for those
    /// whose subscription is durable.
    async fn whole(self, event: Received) -> Result<(), Problem> {
        let (done, outcome) = oneshot::channel();
        let publish = async move {
            let published = event.publish_durable().await;
            // Nobody waits for the outcome of a request that was given up.
            drop(done.send(published));
        };
        (self.spawn)("publish", Box::pin(publish))
            .map_err(|error| Problem::unavailable(error.to_string()))?;
        match outcome.await {
            Ok(published) => published.map_err(Problem::from),
            Err(_) => Err(Problem::unavailable(
                "the event may not have been published",
            )),
        }
    }
}

/// What a middleware refused: for now, or for good.
fn refused(error: &Error, detail: String) -> Problem {
    if !error.kind().is_retriable() {
        return Problem::new(StatusCode::FORBIDDEN, detail);
    }
    let problem = Problem::new(StatusCode::TOO_MANY_REQUESTS, detail);
    match error.retry_after() {
        // The header has whole seconds: never too early.
        Some(pause) => problem.retry_after(pause.as_secs() + u64::from(pause.subsec_nanos() > 0)),
        None => problem,
    }
}

impl From<PublishError> for Problem {
    fn from(error: PublishError) -> Self {
        let detail = error.to_string();
        match error {
            PublishError::Decode(wrong) => {
                Self::new(StatusCode::UNPROCESSABLE_ENTITY, detail).with("key", wrong.key())
            }
            PublishError::Denied(_) => Self::new(StatusCode::FORBIDDEN, detail),
            PublishError::Topic(_) => Self::new(StatusCode::NOT_FOUND, detail),
            PublishError::Refused { error, .. } => refused(&error, detail),
            _ => Self::unavailable(detail),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use axum::response::IntoResponse;

    use super::*;

    #[test]
    fn a_refusal_says_when_to_come_again() {
        let refused = |error| {
            let error = PublishError::Refused {
                plugin: "rate-limit-plugin",
                middleware: "check",
                error,
            };
            Problem::from(error).into_response()
        };
        let later = refused(Error::retriable("too many").after(Duration::from_millis(1_200)));
        assert_eq!(later.status(), StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(later.headers()["retry-after"], "2");
        let never = refused(Error::external("not you"));
        assert_eq!(never.status(), StatusCode::FORBIDDEN);
    }

    #[test]
    fn a_system_that_stops_asks_to_come_back() {
        let response = Problem::from(PublishError::Stopping).into_response();
        assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert!(response.headers().contains_key("retry-after"));
    }
}
