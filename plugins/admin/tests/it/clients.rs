//! Clients that take what is not theirs: time and connections.

use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;

use crate::site::{Site, in_time};

async fn connect(site: &Site, text: &str) -> UnixStream {
    let mut stream = UnixStream::connect(site.socket()).await.unwrap();
    stream.write_all(text.as_bytes()).await.unwrap();
    stream
}

#[tokio::test]
async fn two_hundred_clients_that_say_nothing_keep_nobody_out_and_hold_up_no_stop() {
    let site = Site::with("", json!({"drain_timeout": "1h"})).await;
    let mut silent = Vec::new();
    for _ in 0..200 {
        silent.push(connect(&site, "").await);
        assert_eq!(site.get("/v1/status").await.status, 200);
    }
    assert!(in_time(site.running.stop()).await.is_clean());
}

#[tokio::test]
async fn a_head_that_does_not_come_is_waited_for_no_longer() {
    let site = Site::with("", json!({"client_timeout": "50ms"})).await;
    for head in ["", "GET /v1 HTTP/1.1\r\nx: "] {
        let mut stream = connect(&site, head).await;
        let mut answer = Vec::new();
        in_time(stream.read_to_end(&mut answer)).await.unwrap();
        assert_eq!(answer, b"", "after {head:?}");
    }
}

#[tokio::test]
async fn a_client_that_has_begun_to_ask_holds_up_a_stop_no_longer_than_the_drain() {
    let site = Site::with("", json!({"drain_timeout": "20ms"})).await;
    let begun = connect(&site, "GET /v1 HTTP/1.1\r\nx: ").await;
    let stopped = in_time(site.running.stop()).await;
    assert!(stopped.took < Duration::from_secs(5), "{stopped:?}");
    drop(begun);
}

#[tokio::test]
async fn the_socket_is_its_owner_s_and_gone_after_the_stop() {
    let site = Site::new().await;
    let mode = |path: &std::path::Path| {
        let rights = std::fs::metadata(path).unwrap().permissions();
        rights.mode() & 0o777
    };
    let socket = site.socket();
    assert_eq!(
        (mode(&socket), mode(socket.parent().unwrap())),
        (0o600, 0o700)
    );
    site.running.stop().await;
    assert!(!socket.exists());
}
