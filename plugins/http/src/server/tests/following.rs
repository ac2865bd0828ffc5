//! A server that follows another one: it listens at the same address, and connections go on.

use super::*;

/// A server whose answers name it.
fn named(name: &'static str, tcp: Tcp, before: Option<&Server<Tcp>>, size: u16) -> Server<Tcp> {
    let router = Router::new().route("/", get(async move || name));
    let spawn: Spawn = Arc::new(|_, future| {
        #[expect(
            clippy::disallowed_methods,
            reason = "there is no plugin whose tasks it would be"
        )]
        tokio::spawn(future);
        Ok(())
    });
    let routers = Routers {
        all: router.clone(),
        spare: router,
    };
    let limits = limits(size, Duration::from_secs(600));
    let before = before.map(|before| &**before.succession());
    Server::serve_after(before, (tcp, routers), limits, &spawn).unwrap()
}

async fn answered(stream: &mut TcpStream, name: &str) {
    ask(stream, "/").await;
    let answer = read_until(stream, name).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(!answer.contains("connection: close"), "{answer}");
}

#[tokio::test]
async fn connections_go_on_at_the_next_server() {
    let tcp = Tcp::bind("127.0.0.1:0").await.unwrap();
    let address = tcp.local_address();
    let connect = async || TcpStream::connect(address).await.unwrap();
    let first = named("first", tcp.clone(), None, 8);
    let (mut used, mut fresh, mut begun) = (connect().await, connect().await, connect().await);
    answered(&mut used, "first").await;
    answered(&mut begun, "first").await;
    begun.write_all(b"GET / HTT").await.unwrap();
    fresh.write_all(b"GET / HTTP/1.1\r\nho").await.unwrap();
    while first.connections.open() < 3 {
        tokio::task::yield_now().await;
    }
    let again = Tcp::bind_after(Some(&tcp), "address", &address.to_string())
        .await
        .unwrap();
    let second = named("second", again, Some(&first), 8);
    assert!(first.is_followed() && !second.is_followed());
    assert_eq!(first.drain(Duration::from_secs(600)).await, 0);
    answered(&mut used, "second").await;
    begun
        .write_all(b"P/1.1\r\nhost: test\r\n\r\n")
        .await
        .unwrap();
    read_until(&mut begun, "second").await;
    fresh.write_all(b"st: test\r\n\r\n").await.unwrap();
    read_until(&mut fresh, "second").await;
    answered(&mut connect().await, "second").await;
    // And on to a third one, also what has been there from the first one on.
    let third = named("third", tcp, Some(&second), 8);
    assert_eq!(second.drain(Duration::from_secs(600)).await, 0);
    for stream in [&mut used, &mut begun, &mut fresh] {
        answered(stream, "third").await;
    }
    assert_eq!(third.drain(Duration::from_secs(600)).await, 0);
    assert_eq!(rest(used).await, "", "nobody follows");
}

#[tokio::test]
async fn what_is_being_answered_is_answered_and_then_goes_on() {
    let fixture = serve(4).await;
    let mut busy = fixture.connect().await;
    ask(&mut busy, "/slow").await;
    fixture.signals.begun.notified().await;
    let tcp = Tcp::bind_after(None, "address", "127.0.0.1:0")
        .await
        .unwrap();
    let second = named("second", tcp, Some(&fixture.server), 4);
    let drain = fixture.server.drain(Duration::from_secs(600));
    let client = async {
        fixture.signals.go_on.notify_one();
        let answer = read_until(&mut busy, "done").await;
        assert!(!answer.contains("connection: close"), "{answer}");
        answered(&mut busy, "second").await;
    };
    let (cut, ()) = tokio::join!(drain, client);
    assert_eq!(cut, 0);
    drop(second);
}

#[tokio::test]
async fn a_server_that_is_gone_before_it_took_over_follows_nobody() {
    let tcp = Tcp::bind("127.0.0.1:0").await.unwrap();
    let first = named("first", tcp.clone(), None, 4);
    let second = named("second", tcp.clone(), Some(&first), 4);
    assert!(first.is_followed());
    drop(second);
    while first.is_followed() {
        tokio::task::yield_now().await;
    }
    let mut stream = TcpStream::connect(tcp.local_address()).await.unwrap();
    answered(&mut stream, "first").await;
}
