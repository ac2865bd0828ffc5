//! Publishing events.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Extension, Json};
use plugin_core::event::{Publishers, Received, Subject};
use plugin_core::trace::TraceContext;
use serde_json::json;
use tokio::sync::{Semaphore, watch};
use tokio::time::Instant;

use super::{Backends, Route};
use crate::auth::{Caller, no_token};
use crate::config::ApiConfig;
use crate::idempotency::{self, Fingerprint, Keys, Known, Outcome};
use plugin_http::Deadline;
use plugin_http::JsonBody;
use plugin_http::Problem;
use plugin_http::Spawn;

pub(super) const PUBLISH: &str = "POST /events/{topic}";

#[derive(Clone)]
struct Events {
    publishers: Publishers,
    spawn: Spawn,
    /// The users who may publish for others.
    speakers: Arc<[String]>,
    /// Room for the events that are being published, including those whose request has ended.
    room: Arc<Semaphore>,
    keys: Arc<Keys>,
}

/// The parts of a request beside the event.
struct Order {
    user: String,
    /// The caller's key, or one that was made here.
    key: String,
    is_given: bool,
    event: Fingerprint,
    deadline: Instant,
}

pub(super) fn routes(backends: &Backends, config: &ApiConfig) -> Vec<Route> {
    let events = Events {
        speakers: config.may_publish_for.as_slice().into(),
        publishers: backends.publishers.clone(),
        spawn: Arc::clone(&backends.spawn),
        room: Arc::new(Semaphore::new(config.max_pending_events.get().into())),
        keys: Arc::clone(&backends.keys),
    };
    vec![Route::new(PUBLISH, post(publish).with_state(events))]
}

async fn publish(
    State(events): State<Events>,
    Path(topic): Path<String>,
    caller: Option<Extension<Caller>>,
    Extension(Deadline(deadline)): Extension<Deadline>,
    headers: HeaderMap,
    body: JsonBody,
) -> Result<Response, Problem> {
    let given = idempotency::key(&headers)?;
    if events.publishers.event(&topic).is_none() {
        let detail = format!("no type of event has the topic `{topic}`");
        return Err(Problem::new(StatusCode::NOT_FOUND, detail));
    }
    let event = events.publishers.receive(&topic, body.text())?;
    events.check_subject(&topic, &event, caller.as_deref())?;
    let order = Order {
        user: caller.map_or(String::new(), |Extension(caller)| caller.user_id),
        is_given: given.is_some(),
        key: given.unwrap_or_else(|| TraceContext::root().trace_id().to_string()),
        event: Fingerprint::of(&topic, body.text()),
        deadline,
    };
    let is_heard = event.is_heard();
    let outcome = events.begin(&order, event)?;
    events.answer((&topic, is_heard), &order, outcome).await
}

impl Events {
    /// Checks that a caller may publish an event: one that acts for himself or for no user. The
    /// caller is known unless the route is open.
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

    /// Begins to publish, unless that has begun with the same key already.
    fn begin(&self, order: &Order, event: Received) -> Result<watch::Receiver<Outcome>, Problem> {
        if !order.is_given {
            return self.publish(order, event, watch::Sender::new(Outcome::Pending));
        }
        match self.keys.begin(&order.user, &order.key, order.event) {
            Known::No(outcome) => self.publish(order, event, outcome),
            Known::Same(outcome) => Ok(outcome),
            Known::Other => Err(Problem::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "this `Idempotency-Key` came with another event before: one key is for one event",
            )
            .with("key", "Idempotency-Key")),
        }
    }

    /// Publishes in a task of its own, so that it continues if the request is aborted.
    fn publish(
        &self,
        order: &Order,
        event: Received,
        sender: watch::Sender<Outcome>,
    ) -> Result<watch::Receiver<Outcome>, Problem> {
        let room = Arc::clone(&self.room).try_acquire_owned().map_err(|_| {
            Problem::unavailable(
                "the event was not published: as many as `max_pending_events` wait to be stored",
            )
        })?;
        let outcome = sender.subscribe();
        let key = idempotency::event_key(&order.user, &order.key);
        // If there is no room by then, it is not published, and there is time left to say so.
        let left = order.deadline.saturating_duration_since(Instant::now());
        let publish = async move {
            let published = event.publish_stored(Some(key), left.mul_f64(0.7)).await;
            sender.send_replace(match published {
                Ok(()) => Outcome::Stored,
                Err(error) => Outcome::Failed(Problem::from(error)),
            });
            drop(room);
        };
        (self.spawn)("publish", Box::pin(publish))
            .map_err(|error| Problem::unavailable(error.to_string()))?;
        Ok(outcome)
    }

    /// Waits for the result of an event, at most as long as a request may last.
    async fn answer(
        &self,
        (topic, is_heard): (&str, bool),
        order: &Order,
        mut outcome: watch::Receiver<Outcome>,
    ) -> Result<Response, Problem> {
        let left = order.deadline.saturating_duration_since(Instant::now());
        let decided = outcome.wait_for(|outcome| !matches!(outcome, Outcome::Pending));
        // An error means that the time is over, or that publishing was aborted and the result is
        // unknown.
        let decided = match tokio::time::timeout(left.mul_f64(0.9), decided).await {
            Ok(Ok(decided)) => decided.clone(),
            _ => Outcome::Pending,
        };
        match decided {
            Outcome::Failed(problem) => Err(problem),
            Outcome::Stored => {
                let mut accepted = json!({"accepted": topic});
                if order.is_given {
                    accepted["idempotency_key"] = order.key.as_str().into();
                }
                if !is_heard {
                    accepted["detail"] = "nobody subscribes to this event now".into();
                }
                Ok((StatusCode::ACCEPTED, Json(accepted)).into_response())
            }
            Outcome::Pending => {
                if !order.is_given {
                    self.keys
                        .adopt((&order.user, &order.key), order.event, outcome);
                }
                Ok(pending(topic, &order.key))
            }
        }
    }
}

/// The event may or may not be stored. The same request with the same key will show it.
fn pending(topic: &str, key: &str) -> Response {
    let detail = "the event is not stored yet, and may be: send the same again with \
                  `idempotency_key` as `Idempotency-Key` to learn what became of it";
    let body = json!({"pending": topic, "idempotency_key": key, "detail": detail});
    let soon = [(header::RETRY_AFTER, "1")];
    (StatusCode::ACCEPTED, soon, Json(body)).into_response()
}
