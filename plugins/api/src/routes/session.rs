//! Login and logout.

use std::sync::Arc;

use axum::extract::{RawQuery, State};
use axum::http::{Extensions, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Extension, Json};
use plugin_contracts::{Auth, LogOut};
use serde::Deserialize;
use serde_json::json;

use super::Route;
use crate::audited::User;
use crate::auth::{Caller, no_token, refused};
use crate::client::address;
use plugin_http::JsonBody;
use plugin_http::Problem;

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
    extensions: Extensions,
    body: JsonBody,
) -> Result<Response, Problem> {
    let Credentials { user_id, password } = body.read()?;
    let ip = address(&extensions);
    match auth.login(&user_id, &password, ip.as_deref()).await {
        Ok(token) => {
            let secret = [(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))];
            let token = Json(json!({"token": token, "token_type": "Bearer"}));
            Ok((secret, token).into_response())
        }
        // The refusal contains the user id of the attempt.
        Err(error) => Ok((Extension(User(user_id)), refused(error)).into_response()),
    }
}

async fn logout(
    State(auth): State<Arc<dyn Auth>>,
    RawQuery(query): RawQuery,
    extensions: Extensions,
) -> Result<StatusCode, Problem> {
    let caller = extensions.get::<Caller>().ok_or_else(no_token)?;
    let extent = match query.as_deref() {
        None | Some("" | "everywhere=false") => LogOut::Here,
        Some("everywhere=true") => LogOut::Everywhere,
        Some(_) => {
            let detail = "a log-out takes `?everywhere=true` and nothing else";
            return Err(Problem::new(StatusCode::BAD_REQUEST, detail));
        }
    };
    let ip = address(&extensions);
    let done = (auth.logout_from(&caller.token, extent, ip.as_deref())).await;
    done.map_err(refused)?;
    Ok(StatusCode::NO_CONTENT)
}
