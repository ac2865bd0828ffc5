//! Records in the audit log what callers are refused: who, from where, what, and why.

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use axum::routing::MethodRouter;
use plugin_core::audit::{Outcome, SecurityLog};

use crate::client::address;
use plugin_http::Detail;

/// The user for whose request an answer is.
#[derive(Debug, Clone)]
pub(crate) struct User(pub(crate) String);

#[derive(Clone)]
struct Watch {
    log: SecurityLog,
    action: &'static str,
}

/// Records refusals of a route as actions that were denied. The audit log limits entries that
/// strangers can cause.
pub(crate) fn audited(
    route: MethodRouter,
    log: &SecurityLog,
    action: &'static str,
) -> MethodRouter {
    let log = log.clone();
    route.layer(from_fn_with_state(Watch { log, action }, watch))
}

async fn watch(State(watch): State<Watch>, request: Request, next: Next) -> Response {
    let asked = format!("{} {}", request.method(), request.uri().path());
    let address = address(request.extensions());
    let response = next.run(request).await;
    let status = response.status();
    if status != StatusCode::UNAUTHORIZED && status != StatusCode::FORBIDDEN {
        return response;
    }
    let why = response.extensions().get::<Detail>();
    let detail = why.map_or(asked.clone(), |Detail(why)| format!("{asked}: {why}"));
    let mut entry = watch
        .log
        .entry(watch.action, Outcome::Denied)
        .detail(detail);
    if let Some(User(user)) = response.extensions().get() {
        entry = entry.user(user);
    }
    if let Some(address) = address {
        entry = entry.address(address);
    }
    watch.log.record(entry);
    response
}
