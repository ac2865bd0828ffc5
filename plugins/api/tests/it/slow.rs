//! Clients that take their time, against the whole interface.

use std::time::Duration;

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::site::Site;

const DEADLINE: Duration = Duration::from_secs(20);

const LOGIN: &str = "POST /login HTTP/1.1\r\nhost: test\r\ncontent-type: application/json\r\n";

/// Reads what comes until the server closes.
async fn rest(stream: &mut TcpStream) -> String {
    let mut text = Vec::new();
    let all = stream.read_to_end(&mut text);
    let read = tokio::time::timeout(DEADLINE, all).await;
    // What the server closes with something unread ends with an error.
    drop(read.expect("it is not closed in time"));
    String::from_utf8(text).unwrap()
}

#[tokio::test]
async fn report_a7_a_body_that_does_not_come_is_waited_for_no_longer() {
    let config = json!({"body_timeout": "100ms"});
    let site = Site::start("", config).await.unwrap();
    for body in [
        "content-length: 1000\r\n\r\n{",
        "transfer-encoding: chunked\r\n\r\n1\r\n{\r\n1\r\n \r\n",
    ] {
        let mut stream = TcpStream::connect(site.address()).await.unwrap();
        let request = format!("{LOGIN}{body}");
        stream.write_all(request.as_bytes()).await.unwrap();
        let answer = rest(&mut stream).await;
        assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
        assert!(answer.contains("did not come within 100ms"), "{answer}");
    }
}

#[tokio::test]
async fn report_a7_endless_tiny_chunks_come_to_an_end() {
    let config = json!({"max_body_bytes": 1000});
    let site = Site::start("", config).await.unwrap();
    let mut stream = TcpStream::connect(site.address()).await.unwrap();
    let head = format!("{LOGIN}transfer-encoding: chunked\r\n\r\n");
    stream.write_all(head.as_bytes()).await.unwrap();
    let (mut reader, mut writer) = stream.split();
    let write = async { while writer.write_all(b"1;x=y\r\n \r\n").await.is_ok() {} };
    let read = async {
        let mut text = Vec::new();
        drop(reader.read_to_end(&mut text).await);
        String::from_utf8(text).unwrap()
    };
    let both = async { tokio::join!(write, read).1 };
    let answer = tokio::time::timeout(DEADLINE, both).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
}

#[tokio::test]
async fn report_a7_the_probes_answer_while_every_connection_is_taken() {
    let config = json!({"max_connections": 4, "max_connections_per_address": 4});
    let site = Site::start("", config).await.unwrap();
    let mut held = Vec::new();
    for _ in 0..8 {
        let mut stream = TcpStream::connect(site.address()).await.unwrap();
        let request = format!("{LOGIN}expect: 100-continue\r\ncontent-length: 1000\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        // Either the body is asked for, or there was no room.
        let mut byte = [0; 12];
        stream.read_exact(&mut byte).await.unwrap();
        held.push((stream, byte));
    }
    let refused = held.iter().filter(|(_, text)| text == b"HTTP/1.1 503");
    assert_eq!(refused.count(), 4);
    for path in ["/healthz", "/readyz"] {
        let answer = site.client().ask(&format!("GET {path}"), None).await;
        assert_eq!(answer.status, 200, "{path}: {answer:?}");
    }
    let login = json!({"user_id": "ada", "password": "secret"});
    let answer = site.client().json("POST /login", None, login).await;
    assert_eq!(answer.status, 503);
    assert!(answer.detail().contains("`max_connections`"), "{answer:?}");
}
