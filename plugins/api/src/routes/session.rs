//! Logging in and out.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::post;
use axum::{Extension, Json};
use plugin_contracts::Auth;
use serde::Deserialize;
use serde_json::json;

use super::Route;
use crate::auth::{Caller, no_token};
use crate::body::JsonBody;
use crate::problem::Problem;
use crate::server::Peer;

pub(super) const LOGIN: &str = "POST /login";
pub(super) const LOGOUT: &str = "POST /logout";

pub(super) fn routes(auth: &Arc<dyn Auth>) -> Vec<Route> {
    vec![
        Route::new(LOGIN, post(login).with_state(Arc::clone(auth))),
        Route::new(LOGOUT, post(logout).with_state(Arc::clone(auth))),
    ]
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Credentials {
    user_id: String,
    password: String,
}

async fn login(
    State(auth): State<Arc<dyn Auth>>,
    peer: Option<Extension<Peer>>,
    body: JsonBody,
) -> Result<impl IntoResponse, Problem> {
    let Credentials { user_id, password } = body.read()?;
    let ip = peer.map(|Extension(Peer(address))| address.ip().to_string());
    let token = auth.login(&user_id, &password, ip.as_deref()).await?;
    let secret = [(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))];
    Ok((
        secret,
        Json(json!({"token": token, "token_type": "Bearer"})),
    ))
}

async fn logout(
    State(auth): State<Arc<dyn Auth>>,
    caller: Option<Extension<Caller>>,
) -> Result<StatusCode, Problem> {
    let Extension(caller) = caller.ok_or_else(no_token)?;
    auth.logout(&caller.token).await?;
    Ok(StatusCode::NO_CONTENT)
}
