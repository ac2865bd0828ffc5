//! Requests that make no sense, and bodies that are too large.

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;

use crate::site::{Site, in_time};

/// What is answered to a text, until the service closes the connection.
async fn exchange(site: &Site, text: &str) -> String {
    let mut stream = UnixStream::connect(site.socket()).await.unwrap();
    // A service that has answered may close before it has read all.
    drop(stream.write_all(text.as_bytes()).await);
    drop(stream.shutdown().await);
    let mut answer = Vec::new();
    drop(in_time(stream.read_to_end(&mut answer)).await);
    String::from_utf8(answer).unwrap()
}

fn post(kind: &str, body: &str) -> String {
    format!(
        "POST /v1/plugins/base/stop HTTP/1.1\r\nhost: t\r\ncontent-type: {kind}\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    )
}

#[tokio::test]
async fn what_is_not_there_says_what_is() {
    let site = Site::new().await;
    for path in ["/v1/", "/v2", "/v1/plugins/base/more/of/it", "/v1/nothing"] {
        let answer = site.get(path).await;
        assert_eq!(
            (answer.status, &answer.body["title"]),
            (404, &json!("Not Found"))
        );
        let detail = answer.body["detail"].as_str().unwrap();
        assert!(detail.contains("`GET /v1` lists the routes"), "{detail}");
    }
    let answer = site.get("/v1/plugins/nobody").await;
    assert_eq!(answer.status, 404);
    assert_eq!(
        answer.body["plugins"],
        json!(["admin-plugin", "base", "leaf"])
    );
    let answer = site.get("/v1/plugins/base/stop").await;
    assert_eq!(answer.status, 405);
    assert_eq!(answer.body["detail"], "use a method that `Allow` names");
    for path in [
        "/v1/plugins/base/pause",
        "/v1/plugins/base/schedules/count/stop",
    ] {
        let answer = site.post(path, json!({})).await;
        assert_eq!(answer.status, 404);
        assert!(answer.body["actions"].is_array(), "{answer:?}");
    }
}

#[tokio::test]
async fn a_body_is_json_and_holds_what_is_known() {
    let site = Site::new().await;
    let json = "application/json";
    for (kind, body, status, word) in [
        ("text/plain", "{}", 415, "Content-Type"),
        (json, "", 400, "no JSON"),
        (json, "{\"cascade\":", 400, "no JSON"),
        (json, "[]", 422, "found a list"),
        (json, "{\"cascade\": 1}", 422, "\"key\":\"cascade\""),
        (json, "{\"fast\": true}", 422, "unknown field `fast`"),
        (json, &"x".repeat(100_000), 413, "larger than 65536 bytes"),
    ] {
        let answer = exchange(&site, &post(kind, body)).await;
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status} ")),
            "{answer}"
        );
        assert!(answer.contains("application/problem+json"), "{answer}");
        assert!(answer.contains(word), "{answer}");
    }
    for action in ["start", "restart", "reload", "load", "enable"] {
        let path = format!("/v1/plugins/base/{action}");
        let answer = site.post(&path, json!({"cascade": true})).await;
        assert_eq!(
            (answer.status, &answer.body["key"]),
            (422, &json!("cascade"))
        );
    }
    let path = "/v1/plugins/base/schedules/count/pause";
    assert_eq!(site.post(path, json!({"cascade": true})).await.status, 422);
    assert_eq!(
        site.get("/v1/status").await.body["ready"],
        true,
        "nothing was done"
    );
}

/// As the HTTP interface refuses it.
#[tokio::test]
async fn what_could_be_read_in_two_ways_is_refused() {
    let site = Site::new().await;
    let json = "application/json";
    let twice = format!("{json}\r\ncontent-type: text/plain");
    let coded = format!("{json}\r\ncontent-encoding: gzip");
    for (kind, status, told) in [
        (
            twice,
            400,
            "the header `Content-Type` is there more than once: send one",
        ),
        (
            coded,
            415,
            "send the body as it is, without `Content-Encoding`",
        ),
    ] {
        let answer = exchange(&site, &post(&kind, "{}")).await;
        let begin = format!("HTTP/1.1 {status} ");
        assert!(
            answer.starts_with(&begin) && answer.contains(told),
            "{answer}"
        );
    }
    let answer = exchange(&site, "GET /v1 HTTP/1.1\r\n\r\n").await;
    assert!(
        answer.contains("a request of HTTP/1.1 has a `Host` header"),
        "{answer}"
    );
    let audited = site.audited().await;
    let is_refusal = |line: &serde_json::Value| line["outcome"] == "denied";
    assert!(
        audited.iter().all(is_refusal),
        "nothing was done: {audited:?}"
    );
}

#[tokio::test]
async fn what_is_no_request_is_refused() {
    let site = Site::new().await;
    let long = format!("GET /v1 HTTP/1.1\r\nx: {}\r\n\r\n", "a".repeat(20_000));
    for (text, status) in [(long.as_str(), "431"), ("\0\0\0\0\r\n\r\n", "400")] {
        let answer = exchange(&site, text).await;
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status} ")),
            "{answer}"
        );
    }
}
