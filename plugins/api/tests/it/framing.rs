//! Heads that two servers could read in two ways, and bodies that are not sent as they are.

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::site::{Site, TOKEN};

const JSON: &str = "Content-Type: application/json\r\n";

/// Sends a request as it is, and reads all that comes.
async fn answer(site: &Site, request: &str) -> (String, Value) {
    let mut stream = TcpStream::connect(site.address()).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    stream.shutdown().await.unwrap();
    let mut text = Vec::new();
    drop(stream.read_to_end(&mut text).await);
    let text = String::from_utf8_lossy(&text).into_owned();
    let (head, body) = text.split_once("\r\n\r\n").expect("a whole answer");
    let problem = serde_json::from_str(body).unwrap_or_default();
    (head.to_owned(), problem)
}

#[tokio::test]
async fn report_a8_what_could_be_read_in_two_ways_is_refused() {
    let site = Site::new().await;
    let token = format!("Authorization: Bearer {}\r\n", TOKEN.unwrap());
    let coded = |header: &str| format!("POST /login HTTP/1.1\r\nHost: a\r\n{JSON}{header}");
    let (host, twice) = ("a `Host` header", "more than once: send one");
    for (request, status, told) in [
        ("GET /healthz HTTP/1.1\r\n".to_owned(), "400", host),
        (
            "GET /healthz HTTP/1.1\r\nHost: a\r\nHost: b\r\n".to_owned(),
            "400",
            twice,
        ),
        (
            format!("GET /users/ada HTTP/1.1\r\nHost: a\r\n{token}{token}"),
            "400",
            twice,
        ),
        (coded(JSON), "400", twice),
        (
            coded("Transfer-Encoding: gzip, chunked\r\n"),
            "501",
            "`chunked`",
        ),
        (
            coded("Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n"),
            "501",
            "`chunked`",
        ),
        (
            coded("Content-Encoding: gzip\r\nContent-Length: 2\r\n"),
            "415",
            "compressed",
        ),
        (
            coded("Content-Encoding: identity, br\r\nContent-Length: 2\r\n"),
            "415",
            "compressed",
        ),
    ] {
        let body = match request.contains("chunked") {
            true => "2\r\n{}\r\n0\r\n\r\n",
            false if request.contains("Length") => "{}",
            false => "",
        };
        let (head, problem) = answer(&site, &format!("{request}\r\n{body}")).await;
        assert!(
            head.starts_with(&format!("HTTP/1.1 {status} ")),
            "{request}: {head}"
        );
        let detail = problem["detail"]
            .as_str()
            .unwrap_or_else(|| panic!("{request}: {head}"));
        assert!(detail.contains(told), "{request}: {detail}");
    }
    let body = json!({"user_id": "ada", "password": "secret"}).to_string();
    let length = body.len();
    for head in [
        format!("Host: a\r\nContent-Length: {length}\r\nContent-Encoding: identity\r\n\r\n{body}"),
        format!("Host: a\r\nTransfer-Encoding: Chunked\r\n\r\n{length:x}\r\n{body}\r\n0\r\n\r\n"),
    ] {
        let (head, _) = answer(&site, &format!("POST /login HTTP/1.1\r\n{JSON}{head}")).await;
        assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
    }
    let (head, _) = answer(&site, "GET /healthz HTTP/1.0\r\n\r\n").await;
    assert!(head.starts_with("HTTP/1.0 200 "), "{head}");
}

#[tokio::test]
async fn report_a8_a_list_in_place_of_an_object_is_refused() {
    let site = Site::new().await;
    let client = site.client();
    let login = client
        .json("POST /login", None, json!(["ada", "secret"]))
        .await;
    assert_eq!(login.status, 422);
    assert!(login.detail().contains("expected an object"), "{login:?}");
    for list in [json!(["A-1", "ada", 100]), json!(["A-1", "ada"]), json!([])] {
        let event = client.json("POST /events/order.created", TOKEN, list).await;
        assert_eq!(event.status, 422, "{event:?}");
        assert_eq!(event.body["key"], ".");
        assert!(event.detail().contains("expected an object"), "{event:?}");
    }
}
