//! The stream of changes.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Extension;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use plugin_contracts::LogTail as _;
use plugin_core::event::Pattern;
use plugin_core::prelude::JsonSchema;
use plugin_http::{Params, Problem, Streamed};
use serde::Serialize;
use tokio::sync::Notify;

use super::Backends;
use crate::access::Caller;
use crate::live::Rates;
use crate::route::Route;
use crate::stream::session::{Cursors, Hello, LeftOut, Session};
use crate::stream::topics::{Asked, StreamQuery, Topic};
use crate::stream::{OperationEnd, StateChange};
use crate::tap::Tapped;

const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::new(
            "GET /v1/stream",
            "What happens, as it happens: each topic takes its own right",
            get(stream),
        )
        .query::<StreamQuery>()
        .streams::<StreamData>(),
    ]
}

/// The data of a message, by its `event`.
#[derive(Serialize, JsonSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "it is a description")]
enum StreamData {
    /// `hello`, the first message.
    Hello(Hello),
    /// `state`.
    State(StateChange),
    /// `operation`.
    Operation(OperationEnd),
    /// `rates`.
    Rates(Rates),
    /// `log`.
    Log(plugin_contracts::LogLine),
    /// `tap`.
    Tap(Tapped<'static>),
    /// `dropped`.
    Dropped(LeftOut),
    /// `bye`, the last message: the plugin stops.
    Bye {},
}

async fn stream(
    State(backends): State<Backends>,
    Extension(caller): Extension<Caller>,
    Params(query): Params<StreamQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let (asked, wish) = (query.topics()?, query.wish()?);
    let Ok(seat) = Arc::clone(&backends.feed.seats).try_acquire_owned() else {
        return Err(Problem::unavailable(
            "as many streams as `max_streams` allows are open: close one of them",
        ));
    };
    let (mut topics, mut taps) = (Vec::new(), Vec::new());
    let mut hello = Hello {
        version: env!("CARGO_PKG_VERSION"),
        topics: Vec::new(),
        refused: BTreeMap::new(),
        unmatched: Vec::new(),
    };
    let mut refusal = None;
    let ready = Arc::new(Notify::new());
    for one in &asked {
        let granted = caller.require(one.right());
        let may = granted.and_then(|()| match one {
            Asked::Topic(Topic::Logs) if backends.logs.is_none() => Err(Problem::new(
                StatusCode::CONFLICT,
                "no plugin that runs keeps lines of the log: turn `logger-plugin` on",
            )),
            Asked::Topic(Topic::State | Topic::Operations) if !backends.observes => {
                Err(Problem::new(
                    StatusCode::FORBIDDEN,
                    "`admin-plugin` may not look on at events: grant it `event_bus` with action \
                     `subscribe` in its `permissions`",
                ))
            }
            Asked::Topic(topic) => {
                topics.push(*topic);
                Ok(())
            }
            Asked::Tap(pattern) => match backends.taps.open(pattern, &wish, &ready) {
                Ok(tap) => {
                    taps.push(tap);
                    Ok(())
                }
                Err(error) => Err(Problem::new(StatusCode::FORBIDDEN, error.to_string())),
            },
        });
        match may {
            Ok(()) => {
                hello.topics.push(one.name());
                if is_unmatched(&backends, one) {
                    hello.unmatched.push(one.name());
                }
            }
            Err(problem) => {
                hello
                    .refused
                    .insert(one.name(), problem.detail().to_owned());
                refusal.get_or_insert(problem);
            }
        }
    }
    if let (true, Some(refusal)) = (hello.topics.is_empty(), refusal) {
        return Err(refusal.with("refused", serde_json::json!(hello.refused)));
    }
    let logs = (topics.contains(&Topic::Logs)).then(|| backends.logs.clone());
    let logs = logs.flatten();
    let last = (headers.get(LAST_EVENT_ID)).and_then(|id| id.to_str().ok());
    let cursors = last.and_then(|id| Cursors::after(&backends.feed, id));
    let session = Session {
        cursors: cursors.unwrap_or_else(|| Cursors {
            message: backends.feed.next(),
            line: logs.as_ref().map_or(0, |logs| logs.last()),
        }),
        feed: Arc::clone(&backends.feed),
        live: Arc::clone(&backends.live),
        topics,
        taps,
        ready,
        logs,
        _seat: seat,
    };
    let body = Body::from_stream(session.chunks(hello));
    let headers = [
        (header::CONTENT_TYPE, "text/event-stream"),
        (header::CACHE_CONTROL, "no-store"),
        (header::CONNECTION, "close"),
    ];
    let headers = headers.map(|(name, value)| (name, HeaderValue::from_static(value)));
    Ok((Extension(Streamed), headers, body).into_response())
}

/// Whether no event of this build has a topic that a tap would show.
fn is_unmatched(backends: &Backends, asked: &Asked) -> bool {
    let Asked::Tap(pattern) = asked else {
        return false;
    };
    let events = backends.system.events();
    Pattern::parse(pattern)
        .is_ok_and(|pattern| !events.iter().any(|event| pattern.matches(event.topic)))
}
