//! The console: pages that are compiled into the binary and use this interface like any client.
//! They contain no data of the service, so everybody may load them; showing data requires a token.

use std::sync::LazyLock;

use axum::Router;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use plugin_core::config::Digest;

/// The pages may load only resources from this interface, and must not be embedded in frames.
const POLICY: &str =
    "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/// A file of the console.
#[derive(Debug, Clone, Copy)]
struct Asset {
    path: &'static str,
    media: &'static str,
    bytes: &'static [u8],
}

const HTML: &str = "text/html; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";

macro_rules! assets {
    ($($path:literal => $file:literal, $media:expr;)*) => {
        [$(Asset {
            path: $path,
            media: $media,
            bytes: include_bytes!(concat!("../console/", $file)),
        }),*]
    };
}

const ASSETS: [Asset; 17] = assets! {
    "/" => "index.html", HTML;
    "/console/icon.svg" => "icon.svg", "image/svg+xml";
    "/console/console.css" => "console.css", "text/css; charset=utf-8";
    "/console/main.js" => "main.js", SCRIPT;
    "/console/dom.js" => "dom.js", SCRIPT;
    "/console/state.js" => "state.js", SCRIPT;
    "/console/stream.js" => "stream.js", SCRIPT;
    "/console/parts.js" => "parts.js", SCRIPT;
    "/console/overview.js" => "overview.js", SCRIPT;
    "/console/instances.js" => "instances.js", SCRIPT;
    "/console/instance.js" => "instance.js", SCRIPT;
    "/console/config.js" => "config.js", SCRIPT;
    "/console/graph.js" => "graph.js", SCRIPT;
    "/console/timeline.js" => "timeline.js", SCRIPT;
    "/console/letters.js" => "letters.js", SCRIPT;
    "/console/tap.js" => "tap.js", SCRIPT;
    "/console/lists.js" => "lists.js", SCRIPT;
};

/// The hash of each file, as an entity tag.
static TAGS: LazyLock<Vec<String>> = LazyLock::new(|| ASSETS.iter().map(Asset::tag).collect());

/// The router for the paths of the console.
pub(crate) fn router() -> Router {
    ASSETS
        .iter()
        .enumerate()
        .fold(Router::new(), |router, (at, asset)| {
            let answer = move |headers: HeaderMap| async move { asset.answer(&TAGS[at], &headers) };
            router.route(asset.path, get(answer))
        })
}

impl Asset {
    fn tag(&self) -> String {
        format!("\"{}\"", Digest::of_bytes(self.bytes))
    }

    /// The file, or the answer that the browser's copy is still valid.
    fn answer(&self, tag: &str, asked: &HeaderMap) -> Response {
        let has = asked.get_all(header::IF_NONE_MATCH).iter();
        let mut has = has.filter_map(|tags| tags.to_str().ok());
        let is_known = has.any(|tags| tags.split(',').any(|one| one.trim() == tag));
        let mut response = match is_known {
            true => StatusCode::NOT_MODIFIED.into_response(),
            false => ([(header::CONTENT_TYPE, self.media)], self.bytes).into_response(),
        };
        let headers = response.headers_mut();
        for (name, value) in [
            (header::CONTENT_SECURITY_POLICY, POLICY),
            (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
            (header::REFERRER_POLICY, "no-referrer"),
            (header::CACHE_CONTROL, "no-cache"),
        ] {
            headers.insert(name, HeaderValue::from_static(value));
        }
        if let Ok(tag) = HeaderValue::from_str(tag) {
            headers.insert(header::ETAG, tag);
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use axum::body::{Body, to_bytes};
    use axum::http::Request;
    use tower::ServiceExt;

    use super::*;

    async fn ask(path: &str, tag: Option<&str>) -> (StatusCode, HeaderMap, Vec<u8>) {
        let mut request = Request::builder().uri(path);
        if let Some(tag) = tag {
            request = request.header(header::IF_NONE_MATCH, tag);
        }
        let request = request.body(Body::empty()).unwrap();
        let answer = router().oneshot(request).await.unwrap();
        let (status, headers) = (answer.status(), answer.headers().clone());
        let body = to_bytes(answer.into_body(), 1 << 20).await.unwrap();
        (status, headers, body.to_vec())
    }

    #[tokio::test]
    async fn every_file_is_served_with_a_policy_and_a_tag_that_saves_the_next_answer() {
        for asset in ASSETS {
            let (status, headers, body) = ask(asset.path, None).await;
            assert_eq!((status, body), (StatusCode::OK, asset.bytes.to_vec()));
            assert_eq!(headers[header::CONTENT_TYPE], asset.media);
            let policy = headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
            assert!(policy.starts_with("default-src 'self';"), "{policy}");
            assert!(policy.contains("frame-ancestors 'none'"), "{policy}");
            let tag = headers[header::ETAG].to_str().unwrap();
            let (status, _, body) = ask(asset.path, Some(&format!("\"x\", {tag}"))).await;
            assert_eq!((status, body.len()), (StatusCode::NOT_MODIFIED, 0));
            assert_eq!(ask(asset.path, Some("\"x\"")).await.0, StatusCode::OK);
        }
    }

    #[test]
    fn all_files_of_the_folder_are_served_and_they_are_small() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("console");
        let files = std::fs::read_dir(folder).unwrap().count();
        assert_eq!(files, ASSETS.len());
        let bytes: usize = ASSETS.iter().map(|asset| asset.bytes.len()).sum();
        assert!(bytes < 120_000, "{bytes} bytes");
    }

    #[test]
    fn nothing_stands_inline_that_the_policy_forbids() {
        let page = std::str::from_utf8(ASSETS[0].bytes).unwrap();
        for forbidden in [
            "<style",
            "style=",
            " onload",
            " onclick",
            "javascript:",
            "http",
        ] {
            assert!(!page.contains(forbidden), "{forbidden}");
        }
        assert_eq!(page.matches("<script").count(), 1);
        assert!(page.contains("<script type=\"module\" src=\"console/main.js\"></script>"));
    }
}
