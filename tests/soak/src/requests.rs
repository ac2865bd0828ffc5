//! Requests to `api-plugin`: over one connection that is kept all the time, and over a new one each.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;

use super::books::Load;
use super::say;

/// Between two requests.
const PAUSE: Duration = Duration::from_millis(2);

/// Over which connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// One for all.
    Kept,
    /// One for each.
    Fresh,
}

/// Asks until it is over; each request has to be answered.
pub(super) async fn ask(address: String, kind: Kind, (load, over): (Arc<Load>, CancellationToken)) {
    let mut answered = 0;
    let mut kept = None;
    while !over.is_cancelled() {
        let connection = match kept.take() {
            Some(connection) => Ok(connection),
            None => TcpStream::connect(&address).await.map(BufReader::new),
        };
        let asked = match connection {
            Ok(mut connection) => exchange(&mut connection).await.map(|()| connection),
            Err(error) => Err(error),
        };
        match asked {
            Ok(connection) => {
                answered += 1;
                kept = (kind == Kind::Kept).then_some(connection);
            }
            Err(error) => load.surprise(format!("{kind:?} request {answered}: {error}")),
        }
        tokio::time::sleep(PAUSE).await;
    }
    say(&format!("{kind:?}: {answered} requests answered"));
}

/// A request and its whole answer.
async fn exchange(connection: &mut BufReader<TcpStream>) -> io::Result<()> {
    let request = b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n";
    connection.write_all(request).await?;
    let mut length = 0;
    let mut line = String::new();
    for number in 0.. {
        line.clear();
        if connection.read_line(&mut line).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if number == 0 && !line.starts_with("HTTP/1.1 200 ") {
            return Err(io::Error::other(format!("refused: {line}")));
        }
        if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().map_err(io::Error::other)?;
        }
        if line == "\r\n" {
            break;
        }
    }
    connection.read_exact(&mut vec![0; length]).await?;
    Ok(())
}

/// Where it listens: it writes that down.
pub(super) fn address(data: &std::path::Path) -> String {
    let path = data.join("api-plugin/address");
    std::fs::read_to_string(path).expect("it has started")
}
