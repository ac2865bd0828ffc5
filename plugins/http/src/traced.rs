//! The place of a request in its trace: from the header `traceparent`, or in a new trace.

use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;
use plugin_core::trace::{self, TraceContext};

const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// Answers a request in a span, which the answer names.
pub async fn traced(request: Request, next: Next) -> Response {
    let span = incoming(request.headers()).map_or_else(TraceContext::root, TraceContext::child);
    let mut response = trace::scope(span, next.run(request)).await;
    // The text of a context is ASCII, so it is a valid header value.
    if let Ok(value) = HeaderValue::try_from(span.to_string()) {
        response.headers_mut().insert(TRACEPARENT, value);
    }
    response
}

/// The span of the caller. A header that occurs twice or is not a `traceparent` is ignored: the
/// specification lets such a request begin a trace.
fn incoming(headers: &HeaderMap) -> Option<TraceContext> {
    let mut values = headers.get_all(TRACEPARENT).iter();
    let (value, None) = (values.next()?, values.next()) else {
        return None;
    };
    value.to_str().ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::body::{Body, to_bytes};
    use axum::middleware::from_fn;
    use axum::routing::get;
    use tower::ServiceExt;

    use super::*;

    const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    /// The span that the answer names, which is the one of the handler.
    async fn span(parents: &[&str]) -> TraceContext {
        let handler = get(async || trace::current().unwrap().to_string());
        let router = Router::new().route("/", handler).layer(from_fn(traced));
        let mut request = Request::builder().uri("/");
        for parent in parents {
            request = request.header(TRACEPARENT, *parent);
        }
        let request = request.body(Body::empty()).unwrap();
        let response = router.oneshot(request).await.unwrap();
        let named = response.headers()[TRACEPARENT].to_str().unwrap().to_owned();
        let body = to_bytes(response.into_body(), 100).await.unwrap();
        assert_eq!(body, named);
        named.parse().unwrap()
    }

    #[tokio::test]
    async fn a_request_goes_on_with_its_trace() {
        let parent: TraceContext = PARENT.parse().unwrap();
        let span = span(&[PARENT]).await;
        assert_eq!(span.trace_id(), parent.trace_id());
        assert_ne!(span.span_id(), parent.span_id());
    }

    #[tokio::test]
    async fn a_request_without_one_begins_a_trace() {
        let parent: TraceContext = PARENT.parse().unwrap();
        for parents in [&[][..], &["nonsense"], &[PARENT, PARENT]] {
            assert_ne!(span(parents).await.trace_id(), parent.trace_id());
        }
    }
}
