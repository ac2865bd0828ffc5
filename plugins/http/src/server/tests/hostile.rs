//! Clients that take what is not theirs: time, connections, memory.

use super::*;

/// Longer than any of these tests should take.
const DEADLINE: Duration = Duration::from_secs(20);

const SHORT: Duration = Duration::from_millis(50);

async fn in_time<T>(what: impl Future<Output = T>) -> T {
    tokio::time::timeout(DEADLINE, what)
        .await
        .expect("it is not over in time")
}

/// Sends a text and reads what comes until the server closes.
async fn exchange(fixture: &Fixture, text: &str) -> String {
    let mut stream = fixture.connect().await;
    stream.write_all(text.as_bytes()).await.unwrap();
    in_time(rest(stream)).await
}

#[tokio::test]
async fn report_a7_a_head_that_does_not_come_is_waited_for_no_longer() {
    let fixture = serve_within(4, SHORT).await;
    for head in ["", "G", "GET /peer HTTP/1.1\r\nX: ", "\r\n"] {
        assert_eq!(exchange(&fixture, head).await, "", "after {head:?}");
    }
    let answered = exchange(&fixture, "GET /peer HTTP/1.1\r\nhost: t\r\n\r\n").await;
    assert!(answered.starts_with("HTTP/1.1 200"), "then it was idle");
}

#[tokio::test]
async fn report_a7_an_answer_that_nobody_reads_is_sent_no_longer() {
    let fixture = serve_within(4, SHORT).await;
    let mut stream = fixture.connect().await;
    let requests = "GET /peer HTTP/1.1\r\nhost: test\r\n\r\n".repeat(100);
    let until_it_is_closed = async { while stream.write_all(requests.as_bytes()).await.is_ok() {} };
    in_time(until_it_is_closed).await;
}

#[tokio::test]
async fn report_13_clients_that_do_not_read_their_answers_keep_nobody_out() {
    let fixture = serve(4).await;
    let mut silent = Vec::new();
    for _ in 0..4 {
        let mut stream = fixture.connect().await;
        ask(&mut stream, "/large").await;
        in_time(read_until(&mut stream, "\r\n\r\n")).await;
        silent.push(stream);
    }
    let answered = async {
        loop {
            let answer =
                exchange(&fixture, "GET /peer HTTP/1.1\r\nconnection: close\r\n\r\n").await;
            if answer.starts_with("HTTP/1.1 200") {
                return;
            }
            assert!(answer.ends_with("no room"), "{answer}");
        }
    };
    in_time(answered).await;
    assert!(fixture.server.connections.open() <= 4 + admission::SPARE);
}

#[tokio::test]
async fn report_a7_connections_without_a_request_keep_nobody_out() {
    let fixture = serve(4).await;
    let mut idle = Vec::new();
    for number in 0..100 {
        let mut stream = fixture.connect().await;
        match number % 3 {
            0 => {}
            1 => stream
                .write_all(b"GET /peer HTTP/1.1\r\nX: ")
                .await
                .unwrap(),
            _ => {
                ask(&mut stream, "/peer").await;
                in_time(read_until(&mut stream, "127.0.0.1")).await;
            }
        }
        idle.push(stream);
    }
    assert!(fixture.server.connections.open() <= 4);
    let mut stream = fixture.connect().await;
    ask(&mut stream, "/peer").await;
    in_time(read_until(&mut stream, "127.0.0.1")).await;
}

#[tokio::test]
async fn report_a7_probes_are_answered_beside_a_full_house() {
    let fixture = serve(1).await;
    let mut busy = fixture.connect().await;
    ask(&mut busy, "/slow").await;
    fixture.signals.begun.notified().await;
    for (path, expected) in [("/probe", "alive"), ("/peer", "no room")] {
        let request = format!("GET {path} HTTP/1.1\r\nhost: test\r\n\r\n");
        let answer = exchange(&fixture, &request).await;
        assert!(answer.ends_with(expected), "{answer}");
        assert!(answer.contains("connection: close"), "{answer}");
    }
    fixture.signals.go_on.notify_one();
    in_time(read_until(&mut busy, "done")).await;
    let mut stream = fixture.connect().await;
    ask(&mut stream, "/peer").await;
    in_time(read_until(&mut stream, "127.0.0.1")).await;
}

#[tokio::test]
async fn report_a7_spare_connections_can_be_kept_by_nobody() {
    let fixture = serve(1).await;
    let mut busy = fixture.connect().await;
    ask(&mut busy, "/slow").await;
    fixture.signals.begun.notified().await;
    let mut silent = Vec::new();
    for _ in 0..200 {
        silent.push(fixture.connect().await);
    }
    let answer = exchange(&fixture, "GET /probe HTTP/1.1\r\nhost: test\r\n\r\n").await;
    assert!(answer.ends_with("alive"), "{answer}");
    assert!(fixture.server.connections.open() <= 1 + admission::SPARE);
}

#[tokio::test]
async fn report_a7_a_head_has_a_size() {
    let fixture = serve(4).await;
    let large = format!("GET /peer HTTP/1.1\r\nX: {}\r\n\r\n", "a".repeat(4096));
    let many = format!("GET /peer HTTP/1.1\r\n{}\r\n", "X: a\r\n".repeat(20));
    for head in [large, many] {
        let answer = exchange(&fixture, &head).await;
        assert!(answer.starts_with("HTTP/1.1 431"), "{answer}");
    }
}

#[tokio::test]
async fn report_a7_old_and_half_closed_clients_are_answered() {
    let fixture = serve(4).await;
    let answer = exchange(&fixture, "GET /peer HTTP/1.0\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.0 200"), "{answer}");
    let mut stream = fixture.connect().await;
    ask(&mut stream, "/slow").await;
    stream.shutdown().await.unwrap();
    fixture.signals.begun.notified().await;
    fixture.signals.go_on.notify_one();
    let answer = in_time(rest(stream)).await;
    assert!(answer.ends_with("done"), "{answer}");
}

#[tokio::test]
async fn report_a7_pipelined_requests_are_answered_in_order() {
    let fixture = serve(4).await;
    let mut stream = fixture.connect().await;
    let both = ["/peer", "/nothing"].map(|path| format!("GET {path} HTTP/1.1\r\nhost: t\r\n\r\n"));
    stream.write_all(both.concat().as_bytes()).await.unwrap();
    let first = in_time(read_until(&mut stream, "127.0.0.1")).await;
    let second = in_time(read_until(&mut stream, "\r\n\r\n")).await;
    assert!(first.starts_with("HTTP/1.1 200"), "{first}");
    assert!(second.starts_with("HTTP/1.1 404"), "{second}");
}
