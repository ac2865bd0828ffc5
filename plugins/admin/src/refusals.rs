//! Records refusals in the audit log: of whom, from where, and why.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::Response;
use plugin_core::audit::{Outcome, SecurityLog};
use plugin_http::{Detail, Peer};

/// The caller, as an extension of the answer.
#[derive(Debug, Clone)]
pub(crate) struct Who(pub(crate) Arc<str>);

/// Records requests that are refused because of their sender or their form. The audit log limits
/// entries that strangers can cause.
pub(crate) async fn recorded(
    State(log): State<SecurityLog>,
    request: Request,
    next: Next,
) -> Response {
    let asked = format!("{} {}", request.method(), request.uri().path());
    let peer = request.extensions().get::<Peer>();
    let address = peer.map(|Peer(peer)| peer.ip().to_canonical().to_string());
    let answer = next.run(request).await;
    if !is_refusal(answer.status()) {
        return answer;
    }
    let why = answer.extensions().get::<Detail>();
    let why = why.map_or("refused", |Detail(why)| why);
    let who = answer.extensions().get::<Who>();
    let mut entry = log.entry("admin", Outcome::Denied);
    entry = entry.detail(format!("{asked}: {why}"));
    if let Some(Who(who)) = who {
        entry = entry.user(&**who);
    }
    match address {
        Some(address) => entry = entry.address(address),
        // Only users of this machine can reach the socket.
        None => {
            let user = who.map(|Who(who)| &**who);
            tracing::warn!(user, "refused `{asked}`: {why}");
        }
    }
    log.record(entry);
    answer
}

fn is_refusal(status: StatusCode) -> bool {
    matches!(
        status,
        StatusCode::UNAUTHORIZED
            | StatusCode::FORBIDDEN
            | StatusCode::UNSUPPORTED_MEDIA_TYPE
            | StatusCode::MISDIRECTED_REQUEST
            | StatusCode::TOO_MANY_REQUESTS
    )
}
