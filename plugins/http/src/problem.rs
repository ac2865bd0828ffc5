//! Answers that describe a problem: RFC 9457, `application/problem+json`.
//!
//! Invariant: every answer of 4xx and 5xx has such a body. Handlers refuse with a [`Problem`];
//! refusals of libraries are converted into one before they are sent.

use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

/// Most characters in the text of a problem.
const LONGEST: usize = 1000;

const MEDIA_TYPE: HeaderValue = HeaderValue::from_static("application/problem+json");

/// The reason why a request was not fulfilled.
#[derive(Debug, Clone)]
pub struct Problem {
    status: StatusCode,
    detail: String,
    members: Map<String, Value>,
    headers: Vec<(HeaderName, HeaderValue)>,
}

impl Problem {
    /// A problem. `detail` tells the caller what to do.
    pub fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        Self {
            status,
            detail: shortened(detail.into()),
            members: Map::new(),
            headers: Vec::new(),
        }
    }

    /// The problem of a path that ends in an unknown action.
    pub fn unknown_action(word: &str, actions: &[&str]) -> Self {
        let detail = format!(
            "there is no action `{word}`: use `{}`",
            actions.join("`, `")
        );
        Self::new(StatusCode::NOT_FOUND, detail).with("actions", actions)
    }

    /// The problem that the request can't be fulfilled now.
    pub fn unavailable(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, detail).retry_after(Duration::from_secs(1))
    }

    /// The status of the answer.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The text for the caller.
    #[must_use]
    pub fn detail(&self) -> &str {
        &self.detail
    }

    /// Adds a member to the body.
    #[must_use]
    pub fn with(mut self, member: &'static str, value: impl Into<Value>) -> Self {
        let value = match value.into() {
            Value::String(text) => shortened(text).into(),
            value => value,
        };
        self.members.insert(member.to_owned(), value);
        self
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: impl Into<HeaderValue>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// Asks the caller to wait before the next attempt. The header has whole seconds, rounded up.
    #[must_use]
    pub fn retry_after(self, pause: Duration) -> Self {
        let seconds = pause.as_secs() + u64::from(pause.subsec_nanos() > 0);
        self.header(header::RETRY_AFTER, seconds)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut body = self.members;
        body.insert("type".to_owned(), json!("about:blank"));
        body.insert("title".to_owned(), json!(title(self.status)));
        body.insert("status".to_owned(), json!(self.status.as_u16()));
        body.insert("detail".to_owned(), json!(self.detail));
        let body = Body::from(Value::Object(body).to_string());
        let mut response =
            (self.status, [(header::CONTENT_TYPE, MEDIA_TYPE)], body).into_response();
        response.headers_mut().extend(self.headers);
        response.extensions_mut().insert(Detail(self.detail));
        response
    }
}

/// The text of a problem, as an extension of its answer.
#[derive(Debug, Clone)]
pub struct Detail(pub String);

/// Adds a problem's body to an answer that has no body; its headers, such as `Allow`, are kept.
pub(crate) fn explained(
    response: Response,
    explain: impl FnOnce(StatusCode) -> String,
) -> Response {
    let status = response.status();
    let failed = status.is_client_error() || status.is_server_error();
    if !failed || response.headers().get(header::CONTENT_TYPE) == Some(&MEDIA_TYPE) {
        return response;
    }
    let mut problem = Problem::new(status, explain(status)).into_response();
    for (name, value) in response.headers() {
        if *name != header::CONTENT_TYPE && *name != header::CONTENT_LENGTH {
            problem.headers_mut().insert(name, value.clone());
        }
    }
    problem
}

/// Shortens a text, because it may contain parts of the request, of any length.
fn shortened(mut text: String) -> String {
    if let Some((end, _)) = text.char_indices().nth(LONGEST) {
        text.truncate(end);
        text.push('…');
    }
    text
}

fn title(status: StatusCode) -> &'static str {
    status.canonical_reason().unwrap_or("Unknown")
}

#[cfg(test)]
mod tests {
    use axum::body::to_bytes;

    use super::*;

    async fn body(response: Response) -> Value {
        assert_eq!(
            response.headers()[header::CONTENT_TYPE],
            "application/problem+json"
        );
        serde_json::from_slice(&to_bytes(response.into_body(), 4096).await.unwrap()).unwrap()
    }

    #[tokio::test]
    async fn it_has_the_members_of_the_rfc_and_its_own() {
        let problem = Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "not a string")
            .with("key", "user_id")
            .retry_after(Duration::from_millis(2_001));
        let response = problem.into_response();
        assert_eq!(response.headers()[header::RETRY_AFTER], "3");
        assert_eq!(
            body(response).await,
            json!({
                "type": "about:blank",
                "title": "Unprocessable Entity",
                "status": 422,
                "detail": "not a string",
                "key": "user_id",
            })
        );
    }

    #[tokio::test]
    async fn a_library_s_refusal_is_explained_and_keeps_its_headers() {
        let refusal = (
            StatusCode::METHOD_NOT_ALLOWED,
            [(header::ALLOW, "GET")],
            "no",
        )
            .into_response();
        let response = explained(refusal, |_| "use another method".to_owned());
        assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED);
        assert_eq!(response.headers()[header::ALLOW], "GET");
        assert_eq!(body(response).await["detail"], "use another method");
    }

    #[tokio::test]
    async fn a_problem_and_a_success_stay_what_they_are() {
        let problem = Problem::new(StatusCode::NOT_FOUND, "mine").into_response();
        let problem = explained(problem, |_| unreachable!());
        assert_eq!(body(problem).await["detail"], "mine");
        let success = explained("fine".into_response(), |_| unreachable!());
        assert_eq!(success.status(), StatusCode::OK);
    }
}
