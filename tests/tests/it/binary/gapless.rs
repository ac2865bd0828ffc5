//! The config of the HTTP interface changes again and again while requests come in: none fails, and
//! no connection is closed.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::thread;

use super::serve::Serving;
use super::{App, PATIENCE};

const RELOADS: u64 = 100;
const FILE: &str = "config/plugins/api-plugin.yaml";

fn write(app: &App, idle: u64) {
    let text = format!("api-plugin:\n  config:\n    idle_timeout: {idle}s\n");
    std::fs::write(app.path(FILE), text).unwrap();
}

/// Reloads, and says what was done to the interface.
fn reload(app: &App) -> String {
    let outcome = app.run("reload --format json").json();
    outcome["changes"][0]["action"].as_str().unwrap().to_owned()
}

fn connect(address: &str) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream
}

/// One request on a connection, which stays open.
fn ask(stream: &mut TcpStream) {
    let request = "GET /healthz HTTP/1.1\r\nhost: test\r\n\r\n";
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = Vec::new();
    while !answer.ends_with(b"}") {
        let mut some = [0; 1024];
        let read = stream.read(&mut some).unwrap();
        let so_far = String::from_utf8_lossy(&answer);
        assert_ne!(read, 0, "closed after {so_far:?}");
        answer.extend_from_slice(&some[..read]);
    }
    let answer = String::from_utf8(answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    let head = answer.to_ascii_lowercase();
    assert!(!head.contains("connection: close"), "{answer}");
}

#[test]
fn no_request_fails_and_no_connection_is_closed_while_the_interface_is_reloaded() {
    let app = App::new().file(FILE, "");
    write(&app, 20);
    let mut serving = Serving::start_in(app, "", &[]);
    serving.until("running");
    let address = serving.address();
    let done = Arc::new(AtomicBool::new(false));
    let asked = Arc::new(AtomicU64::new(0));
    let clients: Vec<_> = [true, true, false]
        .into_iter()
        .map(|keeps| {
            let (address, done) = (address.clone(), Arc::clone(&done));
            let asked = Arc::clone(&asked);
            thread::spawn(move || {
                let mut stream = connect(&address);
                while !done.load(Relaxed) {
                    if !keeps {
                        stream = connect(&address);
                    }
                    ask(&mut stream);
                    asked.fetch_add(1, Relaxed);
                }
            })
        })
        .collect();
    // This one rests for most of the time.
    let mut resting = connect(&address);
    ask(&mut resting);
    for round in 1..=RELOADS {
        write(serving.app(), 20 + round);
        assert_eq!(reload(serving.app()), "replace");
        assert_eq!(serving.address(), address);
        if round % 25 == 0 {
            ask(&mut resting);
        }
    }
    done.store(true, Relaxed);
    for client in clients {
        client.join().unwrap();
    }
    assert!(asked.load(Relaxed) > RELOADS);
    ask(&mut resting);
}
