//! Checks the origin of requests from browsers. Any page can make a browser send requests to this
//! machine, but it can't choose the headers that show the origin.

use std::net::IpAddr;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::uri::{Authority, Scheme};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;

use crate::body::is_json;
use crate::problem::Problem;

/// Protects an interface from pages of other origins, by the names under which it may be reached.
#[derive(Debug, Clone)]
pub struct OwnOrigin {
    scheme: Scheme,
    hosts: Arc<[String]>,
}

impl OwnOrigin {
    /// For an interface with or without TLS that may be reached by these names, in addition to
    /// `localhost` and IP addresses.
    #[must_use]
    pub fn new(has_tls: bool, hosts: &[String]) -> Self {
        Self {
            scheme: if has_tls { Scheme::HTTPS } else { Scheme::HTTP },
            hosts: hosts.into(),
        }
    }

    /// Refuses requests that a foreign page may have caused: a request to a name that does not belong
    /// to this interface (a page's owner can let its own name point here), a request from another
    /// origin, or a request with a body that a form can send.
    pub fn guard(self, router: Router) -> Router {
        router.layer(from_fn_with_state(self, own))
    }

    fn check_host(&self, asked: &Authority) -> Result<(), Problem> {
        let host = asked.host();
        let bare = host.strip_prefix('[').and_then(|it| it.strip_suffix(']'));
        let is_address = bare.unwrap_or(host).parse::<IpAddr>().is_ok();
        let mut own = (self.hosts.iter().map(String::as_str)).chain(["localhost"]);
        if is_address || own.any(|own| own.eq_ignore_ascii_case(host)) {
            return Ok(());
        }
        let detail = format!(
            "`{host}` is no name of this interface: ask for an address, or name it in `hosts` in the \
             config of its plugin"
        );
        Err(Problem::new(StatusCode::MISDIRECTED_REQUEST, detail))
    }

    fn check_origin(&self, headers: &HeaderMap, asked: &Authority) -> Result<(), Problem> {
        let refused = |what: &str| {
            let detail = format!("{what}: a page of another origin may not ask here");
            Err(Problem::new(StatusCode::FORBIDDEN, detail))
        };
        if let Some(origin) = headers.get(header::ORIGIN) {
            let own = format!("{}://{asked}", self.scheme);
            if !origin.as_bytes().eq_ignore_ascii_case(own.as_bytes()) {
                return refused("`Origin` is not this interface");
            }
        }
        match headers.get("sec-fetch-site").map(|it| it.as_bytes()) {
            None | Some(b"same-origin" | b"none") => Ok(()),
            Some(_) => refused("`Sec-Fetch-Site` is not this interface"),
        }
    }
}

async fn own(
    State(origin): State<OwnOrigin>,
    request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let headers = request.headers();
    let asked = asked(&request)?;
    origin.check_host(&asked)?;
    if !is_visit(&request) {
        origin.check_origin(headers, &asked)?;
    }
    if has_body(headers) && !is_json(headers) {
        let detail = "send `Content-Type: application/json`: no other body is read here";
        return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, detail));
    }
    Ok(next.run(request).await)
}

/// The name for which the request is, according to its head.
fn asked(request: &Request) -> Result<Authority, Problem> {
    let of_uri = request.uri().authority().cloned();
    let of_header = || {
        let host = request.headers().get(header::HOST)?.to_str().ok()?;
        host.parse().ok()
    };
    let asked: Option<Authority> = of_uri.or_else(of_header);
    asked
        .filter(|it| !it.as_str().contains('@'))
        .ok_or_else(|| {
            let detail = "the header `Host` can't be read: send the name or address of this server";
            Problem::new(StatusCode::BAD_REQUEST, detail)
        })
}

/// Whether the request only follows a link to a page. It reads no data, and has no token.
fn is_visit(request: &Request) -> bool {
    let headers = request.headers();
    let says = |name: &str, value: &str| headers.get(name).is_some_and(|it| it == value);
    *request.method() == Method::GET
        && says("sec-fetch-mode", "navigate")
        && says("sec-fetch-dest", "document")
        && !headers.contains_key(header::AUTHORIZATION)
}

fn has_body(headers: &HeaderMap) -> bool {
    let length = headers.get(header::CONTENT_LENGTH);
    length.is_some_and(|it| it != "0") || headers.contains_key(header::TRANSFER_ENCODING)
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::routing::any;
    use tower::ServiceExt;

    use super::*;

    async fn status(headers: &[(&str, &str)]) -> u16 {
        status_of(false, headers).await
    }

    async fn status_of(has_tls: bool, headers: &[(&str, &str)]) -> u16 {
        let router = Router::new().route("/", any(async || "done"));
        let router = OwnOrigin::new(has_tls, &["admin.example".to_owned()]).guard(router);
        let mut request = Request::builder().uri("/");
        for (name, value) in headers {
            match *name {
                "method" => request = request.method(*value),
                _ => request = request.header(*name, *value),
            }
        }
        let request = request.body(Body::empty()).unwrap();
        router.oneshot(request).await.unwrap().status().as_u16()
    }

    #[tokio::test]
    async fn a_name_that_somebody_lets_point_here_is_refused() {
        for own in [
            "127.0.0.1:9091",
            "[::1]:9091",
            "localhost",
            "LocalHost:1",
            "admin.example",
        ] {
            assert_eq!(status(&[("host", own)]).await, 200, "{own}");
        }
        for foreign in [
            "evil.example:9091",
            "127.0.0.1.evil.example",
            "localhost.evil.example",
        ] {
            assert_eq!(status(&[("host", foreign)]).await, 421, "{foreign}");
        }
        for nothing in ["", "a b", "user@@x"] {
            assert_eq!(status(&[("host", nothing)]).await, 400, "{nothing}");
        }
        assert_eq!(status(&[]).await, 400);
    }

    #[tokio::test]
    async fn a_foreign_page_is_refused_and_a_link_to_here_is_not() {
        let host = ("host", "127.0.0.1:9091");
        for (origin, expected) in [
            ("http://127.0.0.1:9091", 200),
            ("HTTP://127.0.0.1:9091", 200),
            ("https://127.0.0.1:9091", 403),
            ("ftp://127.0.0.1:9091", 403),
            ("http://127.0.0.1:8080", 403),
            ("http://evil.example", 403),
            ("null", 403),
            ("", 403),
        ] {
            assert_eq!(
                status(&[host, ("origin", origin)]).await,
                expected,
                "{origin}"
            );
        }
        for (site, expected) in [
            ("same-origin", 200),
            ("none", 200),
            ("same-site", 403),
            ("cross-site", 403),
        ] {
            assert_eq!(
                status(&[host, ("sec-fetch-site", site)]).await,
                expected,
                "{site}"
            );
        }
        let link = [
            host,
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-mode", "navigate"),
            ("sec-fetch-dest", "document"),
        ];
        assert_eq!(status(&link).await, 200);
        for other in [("method", "POST"), ("authorization", "Bearer x")] {
            assert_eq!(
                status(&[&link[..], &[other]].concat()).await,
                403,
                "{other:?}"
            );
        }
    }

    #[tokio::test]
    async fn report_13_a_page_without_tls_is_another_origin_than_an_interface_with_it() {
        let host = ("host", "admin.example:9091");
        for (origin, expected) in [
            ("https://admin.example:9091", 200),
            ("http://admin.example:9091", 403),
        ] {
            let origin = ("origin", origin);
            let status = status_of(true, &[host, origin]).await;
            assert_eq!(status, expected, "{origin:?}");
        }
    }

    #[tokio::test]
    async fn a_body_that_a_form_can_send_is_refused() {
        let host = ("host", "127.0.0.1");
        let length = ("content-length", "2");
        for (kind, expected) in [("text/plain", 415), ("application/json", 200)] {
            let kind = ("content-type", kind);
            assert_eq!(status(&[host, length, kind]).await, expected, "{kind:?}");
        }
        assert_eq!(status(&[host, length]).await, 415);
        assert_eq!(status(&[host, ("transfer-encoding", "chunked")]).await, 415);
    }
}
