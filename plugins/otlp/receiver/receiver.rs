//! A receiver of OTLP for tests, which decodes the protobuf. It listens on a free port, and gives
//! the answers that the test sets.

use std::collections::VecDeque;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{self, Receiver as Arrivals, Sender};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use plugin_otlp::Message;

/// The answer to a request.
#[derive(Debug, Clone)]
pub(crate) enum Answer {
    /// With a status, headers and a body.
    Status(u16, &'static str, Vec<u8>),
    /// No answer: the connection stays open.
    Never,
}

impl Answer {
    /// The receiver has accepted everything.
    pub(crate) fn ok() -> Self {
        Self::Status(200, "", Vec::new())
    }
}

/// A received request.
#[derive(Debug)]
pub(crate) struct Arrived {
    /// Method, path and headers, in lower case.
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Arrived {
    pub(crate) fn decode<M: Message + Default>(&self) -> M {
        M::decode(self.body.as_slice()).expect("it is protobuf of that type")
    }
}

/// A receiver.
pub(crate) struct Receiver {
    pub(crate) address: SocketAddr,
    arrivals: Arrivals<Arrived>,
}

impl Receiver {
    /// Gives these answers one after the other, and repeats the last one.
    pub(crate) fn begin<const N: usize>(answers: [Answer; N]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("the loopback has a port");
        let address = listener.local_addr().expect("it is bound");
        let answers = Arc::new(Mutex::new(VecDeque::from(answers)));
        let (sender, arrivals) = mpsc::channel();
        std::thread::spawn(move || {
            let mut open = Vec::new();
            for stream in listener.incoming().flatten() {
                let (sender, answers) = (sender.clone(), Arc::clone(&answers));
                open.push(std::thread::spawn(move || {
                    serve(&stream, &answers, &sender)
                }));
            }
        });
        Self { address, arrivals }
    }

    /// The next request.
    pub(crate) fn next(&self) -> Arrived {
        let arrived = self.arrivals.recv_timeout(Duration::from_secs(60));
        arrived.expect("a request comes")
    }

    /// Requests that have arrived and were not returned yet.
    pub(crate) fn rest(&self) -> Vec<Arrived> {
        self.arrivals.try_iter().collect()
    }
}

/// Serves a connection until its end.
fn serve(
    stream: &TcpStream,
    answers: &Mutex<VecDeque<Answer>>,
    arrivals: &Sender<Arrived>,
) -> Option<()> {
    let mut reader = BufReader::new(stream);
    loop {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if reader.read_line(&mut head).ok()? == 0 {
                return None;
            }
        }
        head.make_ascii_lowercase();
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "));
        let mut body = vec![0; length?.parse().ok()?];
        reader.read_exact(&mut body).ok()?;
        let mut answers = answers.lock().ok()?;
        let answer = answers.pop_front()?;
        if answers.is_empty() {
            answers.push_back(answer.clone());
        }
        drop(answers);
        // The test may be complete already.
        drop(arrivals.send(Arrived { head, body }));
        if let Answer::Status(status, headers, body) = answer {
            let length = body.len();
            let head =
                format!("HTTP/1.1 {status} Said\r\n{headers}content-length: {length}\r\n\r\n");
            let whole = [head.as_bytes(), &body].concat();
            (&mut &*stream).write_all(&whole).ok()?;
        }
    }
}
