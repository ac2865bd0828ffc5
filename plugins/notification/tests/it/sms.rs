//! Text messages through a real HTTP endpoint.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread::{self, JoinHandle};

use plugin_core::ErrorKind;
use plugin_notification::{Outbox, SmsConfig, TextMessage, Texter};
use serde_json::{Value, json};

/// A gateway that takes one request and answers with a status.
struct Gateway {
    url: String,
    request: JoinHandle<String>,
}

impl Gateway {
    fn start(status: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        Self {
            url: format!("http://{}/sms", listener.local_addr().unwrap()),
            request: thread::spawn(move || answer(&listener.accept().unwrap().0, status)),
        }
    }
}

/// Reads a request, answers, and returns what it read.
pub(crate) fn answer(mut stream: &TcpStream, status: &str) -> String {
    let mut reader = BufReader::new(stream);
    let mut request = String::new();
    while !request.ends_with("\r\n\r\n") {
        reader.read_line(&mut request).unwrap();
    }
    let lower = request.to_lowercase();
    let length = lower
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "));
    let mut body = vec![0; length.unwrap().parse().unwrap()];
    reader.read_exact(&mut body).unwrap();
    write!(stream, "HTTP/1.1 {status}\r\ncontent-length: 0\r\n\r\n").unwrap();
    request + std::str::from_utf8(&body).unwrap()
}

fn texter(config: Value) -> Texter {
    let dir = tempfile::tempdir().unwrap();
    let outbox = Outbox::open(dir.path().to_owned()).unwrap();
    let config: SmsConfig = serde_json::from_value(config).unwrap();
    Texter::new(Some(&config), outbox).unwrap()
}

fn message() -> TextMessage {
    TextMessage {
        to: "+8613800000000".to_owned(),
        text: "您的订单 A-1 已确认".to_owned(),
    }
}

#[tokio::test]
async fn a_message_is_posted_with_the_token() {
    let gateway = Gateway::start("202 Accepted");
    let texter = texter(json!({"url": gateway.url, "token": "t0ken"}));
    texter.send(message()).await.unwrap();
    let request = gateway.request.join().unwrap();
    let (head, body) = request.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("POST /sms HTTP/1.1\r\n"), "{head}");
    assert!(
        head.to_lowercase().contains("authorization: bearer t0ken"),
        "{head}"
    );
    assert!(
        head.to_lowercase()
            .contains("content-type: application/json"),
        "{head}"
    );
    let body: Value = serde_json::from_str(body).unwrap();
    assert_eq!(
        body,
        json!({"to": "+8613800000000", "text": "您的订单 A-1 已确认"})
    );
    assert!(!format!("{texter:?}").contains("t0ken"));
}

#[tokio::test]
async fn answers_say_whether_to_try_again() {
    for (status, retriable) in [("503 Busy", true), ("400 Bad", false), ("302 Found", false)] {
        let gateway = Gateway::start(status);
        let error = texter(json!({"url": gateway.url}))
            .send(message())
            .await
            .unwrap_err();
        assert_eq!(
            error.kind(),
            ErrorKind::External { retriable },
            "{status}: {error}"
        );
    }
}

#[tokio::test]
async fn no_gateway_is_retriable() {
    let port = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let texter = texter(json!({"url": format!("http://127.0.0.1:{port}/")}));
    let error = texter.send(message()).await.unwrap_err();
    assert_eq!(
        error.kind(),
        ErrorKind::External { retriable: true },
        "{error}"
    );
}

#[tokio::test]
async fn a_gateway_that_says_nothing_is_given_up() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", silent.local_addr().unwrap());
    let texter = texter(json!({"url": url, "timeout": "50ms"}));
    let error = texter.send(message()).await.unwrap_err();
    assert_eq!(
        error.kind(),
        ErrorKind::External { retriable: true },
        "{error}"
    );
}
