//! Limits of one request: the size of its body and its time.

use std::any::Any;
use std::time::Duration;

use axum::extract::{DefaultBodyLimit, Request};
use axum::http::StatusCode;
use axum::middleware::{map_request, map_response};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Router};
use tokio::time::Instant;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::limit::RequestBodyLimitLayer;
use tower_http::timeout::TimeoutLayer;

use crate::body::BodyTime;
use crate::problem::{Problem, explained};

/// The limits of one request.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Most bytes in a body.
    pub body: usize,
    /// Longest time for receiving a body.
    pub body_time: Duration,
    /// Longest time from the last byte of the head to the answer.
    pub time: Duration,
}

/// The moment at which a request without an answer is ended; every request has it.
#[derive(Debug, Clone, Copy)]
pub struct Deadline(pub Instant);

impl Limits {
    /// Sets the limits for all routes. If a handler panics, the answer is 500.
    pub fn apply(self, router: Router) -> Router {
        router
            .layer(DefaultBodyLimit::disable())
            .layer(RequestBodyLimitLayer::new(self.body))
            .layer(Extension(BodyTime(self.body_time)))
            .layer(TimeoutLayer::with_status_code(
                StatusCode::SERVICE_UNAVAILABLE,
                self.time,
            ))
            .layer(map_request(move |mut request: Request| async move {
                let deadline = Deadline(Instant::now() + self.time);
                request.extensions_mut().insert(deadline);
                request
            }))
            .layer(CatchPanicLayer::custom(panicked))
            .layer(map_response(move |response: Response| async move {
                explained(response, |status| self.reason(status))
            }))
    }

    /// The reason why the limits, or the router, refuse with a status.
    fn reason(self, status: StatusCode) -> String {
        match status {
            StatusCode::NOT_FOUND => "there is nothing at this path".to_owned(),
            StatusCode::METHOD_NOT_ALLOWED => "use a method that `Allow` names".to_owned(),
            StatusCode::PAYLOAD_TOO_LARGE => format!("the body is larger than {} bytes", self.body),
            StatusCode::SERVICE_UNAVAILABLE => {
                format!("there was no answer within {:?}", self.time)
            }
            _ => "the request can't be read".to_owned(),
        }
    }
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "tower-http hands the payload over"
)]
fn panicked(payload: Box<dyn Any + Send>) -> Response {
    let text = (payload.downcast_ref::<&str>().copied())
        .or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    tracing::error!(panic = text, "a request panicked");
    Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "the request failed").into_response()
}

#[cfg(test)]
mod tests {
    use axum::body::{Body, to_bytes};
    use axum::http::Request;
    use axum::routing::{get, post};
    use serde_json::Value;
    use tower::ServiceExt;

    use super::*;

    async fn ask(method: &str, path: &str, body: Body) -> (StatusCode, Value) {
        let router = Router::new()
            .route("/never", get(std::future::pending::<()>))
            .route("/panic", get(async || -> () { panic!("boom") }))
            .route(
                "/length",
                post(async |body: axum::body::Bytes| body.len().to_string()),
            );
        let limits = Limits {
            body: 8,
            body_time: Duration::from_secs(5),
            time: Duration::from_secs(10),
        };
        let request = Request::builder()
            .method(method)
            .uri(path)
            .body(body)
            .unwrap();
        let response = limits.apply(router).oneshot(request).await.unwrap();
        let status = response.status();
        let body = to_bytes(response.into_body(), 4096).await.unwrap();
        (status, serde_json::from_slice(&body).unwrap())
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_that_takes_too_long_is_ended() {
        let (status, problem) = ask("GET", "/never", Body::empty()).await;
        assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(problem["detail"], "there was no answer within 10s");
    }

    #[tokio::test]
    async fn a_body_that_is_too_large_is_refused() {
        let (status, problem) = ask("POST", "/length", Body::from("123456789")).await;
        assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE);
        assert_eq!(problem["detail"], "the body is larger than 8 bytes");
        let (status, length) = ask("POST", "/length", Body::from("12345678")).await;
        assert_eq!((status, length), (StatusCode::OK, Value::from(8)));
    }

    #[tokio::test]
    async fn a_panic_is_that_request_s_alone() {
        let (status, problem) = ask("GET", "/panic", Body::empty()).await;
        assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!(problem["detail"], "the request failed");
    }

    #[tokio::test]
    async fn paths_and_methods_that_are_not_there_are_explained() {
        let (status, problem) = ask("GET", "/nothing", Body::empty()).await;
        assert_eq!(status, StatusCode::NOT_FOUND);
        assert_eq!(problem["detail"], "there is nothing at this path");
        let (status, problem) = ask("DELETE", "/never", Body::empty()).await;
        assert_eq!(status, StatusCode::METHOD_NOT_ALLOWED);
        assert_eq!(problem["title"], "Method Not Allowed");
    }
}
