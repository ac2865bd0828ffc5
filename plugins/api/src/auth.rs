//! Authenticates callers: every route that is not open requires a token, `Authorization: Bearer …`.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use axum::routing::MethodRouter;
use plugin_contracts::{Auth, AuthError};

use crate::audited::User;
use crate::client::address;
use plugin_http::Problem;

/// The caller, with the token of the request.
#[derive(Clone)]
pub(crate) struct Caller {
    pub(crate) user_id: String,
    pub(crate) token: String,
}

/// Puts a route behind the check. Handlers behind it can extract the [`Caller`].
pub(crate) fn guarded(route: MethodRouter, auth: &Arc<dyn Auth>) -> MethodRouter {
    route.route_layer(from_fn_with_state(Arc::clone(auth), check))
}

async fn check(
    State(auth): State<Arc<dyn Auth>>,
    mut request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let token = bearer(request.headers()).ok_or_else(no_token)?.to_owned();
    let ip = address(request.extensions());
    let session = auth.verify_from(&token, ip.as_deref()).await;
    let session = session.map_err(refused)?;
    let user_id = session.user_id;
    let user = User(user_id.clone());
    request.extensions_mut().insert(Caller { user_id, token });
    let mut response = next.run(request).await;
    response.extensions_mut().insert(user);
    Ok(response)
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}

/// The refusal of a request without a token.
pub(crate) fn no_token() -> Problem {
    unauthorized(
        "send the token of `POST /login` as `Authorization: Bearer …`",
        "Bearer",
    )
}

fn unauthorized(detail: impl Into<String>, challenge: &'static str) -> Problem {
    Problem::new(StatusCode::UNAUTHORIZED, detail).header(
        header::WWW_AUTHENTICATE,
        HeaderValue::from_static(challenge),
    )
}

/// The answer to a failed authentication.
pub(crate) fn refused(error: AuthError) -> Problem {
    match error {
        AuthError::Credentials => unauthorized(error.to_string(), "Bearer"),
        AuthError::Token => unauthorized(error.to_string(), r#"Bearer error="invalid_token""#),
        AuthError::RateLimited { retry_after } => {
            Problem::new(StatusCode::TOO_MANY_REQUESTS, error.to_string()).retry_after(retry_after)
        }
        // This is not a fault, so it is not logged each time.
        AuthError::Failed(ref failed) if let Some(pause) = failed.retry_after() => {
            Problem::new(StatusCode::SERVICE_UNAVAILABLE, failed.to_string()).retry_after(pause)
        }
        error => {
            tracing::error!(%error, "the authentication service failed");
            Problem::unavailable("the authentication service failed")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(value: &str) -> Option<String> {
        let mut headers = HeaderMap::new();
        headers.insert(header::AUTHORIZATION, value.parse().unwrap());
        bearer(&headers).map(str::to_owned)
    }

    #[test]
    fn the_scheme_is_read_without_case_and_others_are_not_taken() {
        assert_eq!(token("Bearer abc").as_deref(), Some("abc"));
        assert_eq!(token("bearer abc").as_deref(), Some("abc"));
        for value in ["Bearer", "Bearer ", "Basic abc", "abc", ""] {
            assert_eq!(token(value), None, "{value}");
        }
        assert_eq!(bearer(&HeaderMap::new()), None);
    }
}
