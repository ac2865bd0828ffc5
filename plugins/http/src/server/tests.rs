//! The server over real connections.

mod following;
mod hostile;

use std::net::SocketAddr;

use axum::Extension;
use axum::http::StatusCode;
use axum::routing::get;
use plugin_core::ErrorKind;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Notify;

use super::*;
use crate::tcp::{Peer, Tcp};

/// What a test and the handler `/slow` tell each other.
#[derive(Default)]
struct Signals {
    begun: Notify,
    go_on: Notify,
}

/// An answer that no socket holds.
const LARGE: usize = 32 << 20;

struct Fixture {
    server: Server<Tcp>,
    address: SocketAddr,
    signals: Arc<Signals>,
}

async fn serve(size: u16) -> Fixture {
    serve_within(size, Duration::from_secs(600)).await
}

/// `patience` is each of the time limits.
async fn serve_within(size: u16, patience: Duration) -> Fixture {
    let signals = Arc::new(Signals::default());
    let slow = Arc::clone(&signals);
    let router = Router::new()
        .route(
            "/peer",
            get(async |Extension(Peer(peer)): Extension<Peer>| peer.ip().to_string()),
        )
        .route("/large", get(async || vec![b'x'; LARGE]))
        .route(
            "/slow",
            get(async move || {
                slow.begun.notify_one();
                slow.go_on.notified().await;
                "done"
            }),
        );
    let spawn: Spawn = Arc::new(|_, future| {
        #[expect(
            clippy::disallowed_methods,
            reason = "there is no plugin whose tasks it would be"
        )]
        tokio::spawn(future);
        Ok(())
    });
    let tcp = Tcp::bind("127.0.0.1:0").await.unwrap();
    let address = tcp.local_address();
    let spare = Router::new()
        .route("/probe", get(async || "alive"))
        .fallback(async || (StatusCode::SERVICE_UNAVAILABLE, "no room"));
    let routers = Routers { all: router, spare };
    let server = Server::serve(tcp, routers, limits(size, patience), &spawn).unwrap();
    Fixture {
        server,
        address,
        signals,
    }
}

fn limits(size: u16, patience: Duration) -> ServerLimits {
    let size = NonZeroU16::new(size).unwrap();
    ServerLimits {
        room: Room {
            total: size,
            per_address: size,
        },
        timeouts: Timeouts {
            header: patience,
            write: patience,
            idle: patience,
        },
        head: Head {
            bytes: 2048,
            fields: NonZeroU16::new(8).unwrap(),
        },
    }
}

impl Fixture {
    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }
}

async fn ask(stream: &mut TcpStream, path: &str) {
    let request = format!("GET {path} HTTP/1.1\r\nhost: test\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
}

/// Reads until the text has come.
async fn read_until(stream: &mut TcpStream, end: &str) -> String {
    let mut text = String::new();
    while !text.ends_with(end) {
        let mut byte = [0];
        assert_ne!(
            stream.read(&mut byte).await.unwrap(),
            0,
            "closed after {text:?}"
        );
        text.push(byte[0].into());
    }
    text
}

/// Reads what comes until the server closes.
async fn rest(mut stream: TcpStream) -> String {
    let mut text = Vec::new();
    // A connection that is cut off may end with an error.
    drop(stream.read_to_end(&mut text).await);
    String::from_utf8(text).unwrap()
}

#[tokio::test]
async fn requests_are_answered_and_know_their_peer() {
    let fixture = serve(4).await;
    let mut stream = fixture.connect().await;
    for _ in 0..2 {
        ask(&mut stream, "/peer").await;
        assert!(
            read_until(&mut stream, "127.0.0.1")
                .await
                .starts_with("HTTP/1.1 200")
        );
    }
}

#[tokio::test]
async fn draining_answers_what_runs_and_takes_nothing_new() {
    let fixture = serve(4).await;
    let (mut busy, mut idle) = (fixture.connect().await, fixture.connect().await);
    ask(&mut idle, "/peer").await;
    read_until(&mut idle, "127.0.0.1").await;
    ask(&mut busy, "/slow").await;
    fixture.signals.begun.notified().await;
    let drain = fixture.server.drain(Duration::from_secs(600));
    let client = async {
        assert_eq!(rest(idle).await, "");
        while TcpStream::connect(fixture.address).await.is_ok() {
            tokio::task::yield_now().await;
        }
        fixture.signals.go_on.notify_one();
        rest(busy).await
    };
    let (cut, answer) = tokio::join!(drain, client);
    assert!(answer.ends_with("done"), "{answer}");
    assert_eq!(cut, 0);
}

/// Nobody waits for an answer there.
#[tokio::test]
async fn draining_waits_for_no_connection_that_has_sent_nothing() {
    let fixture = serve(4).await;
    let silent = fixture.connect().await;
    let mut other = fixture.connect().await;
    ask(&mut other, "/peer").await;
    read_until(&mut other, "127.0.0.1").await;
    assert_eq!(fixture.server.drain(Duration::from_secs(600)).await, 0);
    assert_eq!(rest(silent).await, "");
}

#[tokio::test(start_paused = true)]
async fn what_is_still_running_at_the_limit_is_cut_off() {
    let fixture = serve(4).await;
    let mut busy = fixture.connect().await;
    ask(&mut busy, "/slow").await;
    fixture.signals.begun.notified().await;
    assert_eq!(fixture.server.drain(Duration::from_secs(5)).await, 1);
    assert_eq!(rest(busy).await, "");
}

#[tokio::test]
async fn a_dropped_server_ends_its_connections() {
    let fixture = serve(4).await;
    let mut busy = fixture.connect().await;
    ask(&mut busy, "/slow").await;
    fixture.signals.begun.notified().await;
    drop(fixture.server);
    assert_eq!(rest(busy).await, "");
}

#[tokio::test]
async fn an_address_in_use_and_one_that_is_none_are_the_operators() {
    let taken = Tcp::bind("127.0.0.1:0").await.unwrap();
    for address in [
        taken.local_address().to_string(),
        "nowhere".to_owned(),
        "127.0.0.1:99999".to_owned(),
    ] {
        let error = Tcp::bind(&address).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(error.to_string().contains(&address), "{error}");
    }
}
