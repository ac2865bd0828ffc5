//! Checks that the head of a request is unambiguous: a request that two servers could interpret
//! differently is refused before anything acts on it.

use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Version, header};
use axum::middleware::Next;
use axum::response::Response;

use crate::problem::Problem;

/// Headers that a request may have only once.
const SINGLE: [HeaderName; 3] = [header::HOST, header::AUTHORIZATION, header::CONTENT_TYPE];

/// Answers a request whose head is unambiguous.
///
/// # Errors
///
/// Returns 400 for a header that occurs twice or is missing, 501 for a transfer coding, and 415 for
/// a content coding, which are not supported here.
pub async fn framed(request: Request, next: Next) -> Result<Response, Problem> {
    let headers = request.headers();
    check_single(headers)?;
    if request.version() == Version::HTTP_11 && !headers.contains_key(header::HOST) {
        let detail = "a request of HTTP/1.1 has a `Host` header: send one with the name or address \
             of this server";
        return Err(Problem::new(StatusCode::BAD_REQUEST, detail));
    }
    check_codings(headers)?;
    Ok(next.run(request).await)
}

fn check_single(headers: &HeaderMap) -> Result<(), Problem> {
    let is_twice = |name: &&HeaderName| headers.get_all(*name).iter().count() > 1;
    let Some(name) = SINGLE.iter().find(is_twice) else {
        return Ok(());
    };
    let name = match name {
        name if name == header::HOST => "Host",
        name if name == header::AUTHORIZATION => "Authorization",
        _ => "Content-Type",
    };
    let detail = format!("the header `{name}` is there more than once: send one");
    Err(Problem::new(StatusCode::BAD_REQUEST, detail))
}

fn check_codings(headers: &HeaderMap) -> Result<(), Problem> {
    if codings(headers, &header::TRANSFER_ENCODING).any(|coding| coding != "chunked") {
        let detail = "no transfer coding but `chunked` is read here: send the body as it is, with \
             `Content-Length` or `Transfer-Encoding: chunked`";
        return Err(Problem::new(StatusCode::NOT_IMPLEMENTED, detail));
    }
    if codings(headers, &header::CONTENT_ENCODING).any(|coding| coding != "identity") {
        let detail = "compressed bodies are not read here: send the body as it is, without \
             `Content-Encoding`";
        let plain = HeaderValue::from_static("identity");
        let problem = Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, detail);
        return Err(problem.header(header::ACCEPT_ENCODING, plain));
    }
    Ok(())
}

/// The codings in a header, in lower case. A value that is not text counts as an unknown coding.
fn codings(headers: &HeaderMap, name: &HeaderName) -> impl Iterator<Item = String> {
    let values = headers.get_all(name).iter();
    let texts = values.map(|value| value.to_str().unwrap_or("?"));
    let words = texts.flat_map(|text| text.split(','));
    words
        .map(|word| word.trim().to_ascii_lowercase())
        .filter(|word| !word.is_empty())
}
