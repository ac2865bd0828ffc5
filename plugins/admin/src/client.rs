//! The client for the socket, or for a TCP connection with a token, which the commands of the
//! service's own binary use.

mod events;

use std::error::Error as _;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use axum::body::Bytes;
use axum::http::{Method, Request, header};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;
use tokio::net::UnixStream;

use crate::elsewhere::{Connection, Elsewhere};
use crate::path::{PLUGIN, SOCKET, with};

pub use events::{EventStream, Listened, StreamMessage};

/// Characters that are escaped in a segment of a path: all except letters, digits and the
/// characters of names.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_');

/// How long a running service may take to answer a simple request.
const PATIENCE: Duration = Duration::from_secs(10);

/// A client for the service that runs with a data folder, or for a remote one.
#[derive(Debug)]
pub struct Client {
    /// The socket or the URL, as messages name it.
    socket: PathBuf,
    elsewhere: Option<Elsewhere>,
}

/// A connection, encrypted or not.
type Connected = Box<dyn Connection>;

/// An answer of the service.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The body; `null` if there is none.
    pub body: Value,
    /// The `ETag`, which identifies the state of what was requested.
    pub tag: Option<String>,
}

/// The reason why there is no answer.
#[derive(Debug)]
#[non_exhaustive]
pub enum ClientError {
    /// No service that can be operated runs with the data folder.
    NotRunning {
        /// The path that its socket would have.
        socket: PathBuf,
    },
    /// The service did not answer in time.
    Silent {
        /// Its process.
        pid: Option<i32>,
        /// How long the client waited.
        waited: Duration,
    },
    /// The service closed the connection before it answered.
    Gone,
    /// The service belongs to another user.
    Denied {
        /// Its socket.
        socket: PathBuf,
    },
    /// The socket can't be used, or the answer can't be read.
    Failed {
        /// The socket.
        socket: PathBuf,
        /// The error.
        error: io::Error,
    },
}

impl Client {
    /// A client of the service that runs with a data folder of a manager.
    #[must_use]
    pub fn of(data_dir: &Path) -> Self {
        Self {
            socket: data_dir.join(PLUGIN).join(SOCKET),
            elsewhere: None,
        }
    }

    /// A client for a service that listens over TCP, by its URL, `https://HOST:PORT`, and a token.
    /// Its certificate has to be trusted by the system, or by the certificates in `roots`.
    ///
    /// # Errors
    ///
    /// Returns an error if the URL is invalid, if it would send the token unencrypted over a
    /// network, or if there are no trusted certificates.
    pub fn elsewhere(url: &str, token: &str, roots: Option<&Path>) -> io::Result<Self> {
        Ok(Self {
            socket: url.into(),
            elsewhere: Some(Elsewhere::new(url, token, roots)?),
        })
    }

    /// A path with these segments, which may contain any characters.
    #[must_use]
    pub fn path(segments: &[&str]) -> String {
        let mut path = "/v1".to_owned();
        for segment in segments {
            path.push('/');
            path.extend(utf8_percent_encode(segment, ESCAPED));
        }
        path
    }

    /// A path with a query, whose values may contain any characters.
    #[must_use]
    pub fn query(path: &str, pairs: &[(&str, &str)]) -> String {
        let mut path = path.to_owned();
        for (at, (key, value)) in pairs.iter().enumerate() {
            path.push(if at == 0 { '?' } else { '&' });
            path.push_str(key);
            path.push('=');
            path.extend(utf8_percent_encode(value, ESCAPED));
        }
        path
    }

    /// Sends a `GET` request.
    ///
    /// # Errors
    ///
    /// Returns an error if there is no answer. A refusal is an answer.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, the service may or may not have received the request.
    pub async fn get(&self, path: &str) -> Result<Answer, ClientError> {
        self.ask((Method::GET, path), None, None, Some(PATIENCE))
            .await
    }

    /// Sends a `POST` request, and waits as long as the service takes to answer.
    ///
    /// # Errors
    ///
    /// As [`Client::get`].
    ///
    /// # Cancel safety
    ///
    /// As [`Client::get`].
    pub async fn post(&self, path: &str, body: &Value) -> Result<Answer, ClientError> {
        self.ask((Method::POST, path), None, Some(body), None).await
    }

    /// Sends a `PATCH` request, and waits like [`Client::post`]. `seen` is the `tag` of the state
    /// that the caller has seen.
    ///
    /// # Errors
    ///
    /// As [`Client::get`].
    ///
    /// # Cancel safety
    ///
    /// As [`Client::get`].
    pub async fn patch(
        &self,
        path: &str,
        seen: Option<&str>,
        body: &Value,
    ) -> Result<Answer, ClientError> {
        self.ask((Method::PATCH, path), seen, Some(body), None)
            .await
    }

    async fn ask(
        &self,
        (method, path): (Method, &str),
        tag: Option<&str>,
        body: Option<&Value>,
        patience: Option<Duration>,
    ) -> Result<Answer, ClientError> {
        let (stream, pid) = self.connect().await?;
        let request = self.request((method, path), tag, body)?;
        let exchange = exchange(stream, request);
        let answered = match patience {
            Some(waited) => (tokio::time::timeout(waited, exchange).await)
                .map_err(|_| ClientError::Silent { pid, waited })?,
            None => exchange.await,
        };
        answered.map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof => ClientError::Gone,
            _ => self.failed(error),
        })
    }

    /// A connection, and the process at the other end if it is known.
    async fn connect(&self) -> Result<(Connected, Option<i32>), ClientError> {
        if let Some(elsewhere) = &self.elsewhere {
            let connected = tokio::time::timeout(PATIENCE, elsewhere.connect()).await;
            let connected = connected.map_err(|_| ClientError::Silent {
                pid: None,
                waited: PATIENCE,
            })?;
            return Ok((connected.map_err(|error| self.failed(error))?, None));
        }
        let stream = self.open()?;
        let pid = stream.peer_cred().ok().and_then(|peer| peer.pid());
        Ok((Box::new(stream), pid))
    }

    fn open(&self) -> Result<UnixStream, ClientError> {
        let connected = with(&self.socket, |path| {
            std::os::unix::net::UnixStream::connect(path)
        });
        let stream = connected.map_err(|error| match error.kind() {
            // There is no socket, or only the socket of a killed process.
            io::ErrorKind::NotFound
            | io::ErrorKind::NotADirectory
            | io::ErrorKind::ConnectionRefused => ClientError::NotRunning {
                socket: self.socket.clone(),
            },
            io::ErrorKind::PermissionDenied => ClientError::Denied {
                socket: self.socket.clone(),
            },
            _ => self.failed(error),
        })?;
        let stream = stream.set_nonblocking(true).map(|()| stream);
        (stream.and_then(UnixStream::from_std)).map_err(|error| self.failed(error))
    }

    fn failed(&self, error: io::Error) -> ClientError {
        ClientError::Failed {
            socket: self.socket.clone(),
            error,
        }
    }

    fn request(
        &self,
        (method, path): (Method, &str),
        tag: Option<&str>,
        body: Option<&Value>,
    ) -> Result<Request<Full<Bytes>>, ClientError> {
        let request = Request::builder().method(method).uri(path);
        let mut request = match &self.elsewhere {
            Some(elsewhere) => elsewhere.head(request),
            // A service on a socket has no host name.
            None => request.header(header::HOST, "localhost"),
        };
        if let Some(tag) = tag {
            request = request.header(header::IF_MATCH, tag);
        }
        if body.is_some() {
            request = request.header(header::CONTENT_TYPE, "application/json");
        }
        let body = body.map_or_else(Bytes::new, |body| body.to_string().into());
        let request = request.body(Full::new(body)).map_err(io::Error::other);
        request.map_err(|error| self.failed(error))
    }
}

/// Sends a request and reads its whole answer.
async fn exchange(stream: Connected, request: Request<Full<Bytes>>) -> io::Result<Answer> {
    let connected = http1::handshake(TokioIo::new(stream)).await;
    let (mut sender, connection) = connected.map_err(broken)?;
    let answer = async {
        let response = sender.send_request(request).await.map_err(broken)?;
        let status = response.status().as_u16();
        let tag = response.headers().get(header::ETAG);
        let tag = tag.and_then(|tag| tag.to_str().ok()).map(str::to_owned);
        let body = response.into_body().collect().await;
        let body = body.map_err(broken)?.to_bytes();
        let body = if body.is_empty() {
            Value::Null
        } else {
            serde_json::from_slice(&body).map_err(io::Error::other)?
        };
        Ok(Answer { status, body, tag })
    };
    // The connection has to be polled as long as the answer is received, and may end before the
    // answer is read.
    let driven = async {
        drop(connection.await);
        std::future::pending().await
    };
    tokio::select! {
        biased;
        answer = answer => answer,
        never = driven => never,
    }
}

fn broken(error: hyper::Error) -> io::Error {
    let is_cut = error.is_incomplete_message() || error.is_canceled() || error.is_closed();
    let cause = error
        .source()
        .and_then(|cause| cause.downcast_ref::<io::Error>());
    let is_gone = cause.is_some_and(|cause| {
        let kind = cause.kind();
        kind == io::ErrorKind::ConnectionReset || kind == io::ErrorKind::BrokenPipe
    });
    let kind = match is_cut || is_gone {
        true => io::ErrorKind::UnexpectedEof,
        false => io::ErrorKind::Other,
    };
    io::Error::new(kind, error)
}

impl ClientError {
    /// How to solve the problem, if that is known.
    #[must_use]
    pub fn remedy(&self) -> Option<&'static str> {
        match self {
            Self::NotRunning { .. } => Some(
                "start one with `run`, or name the folder of the one that runs with `--data-dir`",
            ),
            Self::Denied { .. } => Some("ask as the user of the service, or as root"),
            _ => None,
        }
    }

    /// Writes what is wrong.
    fn what(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotRunning { socket } => {
                let folder = socket.parent().and_then(Path::parent).unwrap_or(socket);
                write!(
                    f,
                    "no service runs with the data folder `{}`",
                    folder.display()
                )
            }
            Self::Silent { pid, waited } => {
                f.write_str("the service ")?;
                if let Some(pid) = pid {
                    write!(f, "(process {pid}) ")?;
                }
                write!(f, "does not answer within {waited:?}")
            }
            Self::Denied { socket } => write!(f, "`{}` is another user's", socket.display()),
            Self::Gone => {
                f.write_str("the service closed the connection: it stops, or has stopped")
            }
            Self::Failed { socket, error } => write!(f, "`{}`: {error}", socket.display()),
        }
    }
}

impl fmt::Display for ClientError {
    /// Writes what is wrong and how to solve it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.what(f)?;
        match self.remedy() {
            Some(remedy) => write!(f, ": {remedy}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for ClientError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Failed { error, .. } => Some(error),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_segment_whatever_it_holds() {
        let path = Client::path(&["plugins", "hello-plugin#2", "../x y"]);
        assert_eq!(path, "/v1/plugins/hello-plugin%232/%2E%2E%2Fx%20y");
    }

    #[tokio::test]
    async fn nobody_there_and_nobody_left_are_told_alike() {
        let data = tempfile::tempdir().unwrap();
        let client = Client::of(data.path());
        let told = async || client.get("/v1").await.unwrap_err().to_string();
        let absent = told().await;
        assert!(
            absent.starts_with("no service runs with the data folder `"),
            "{absent}"
        );
        let dir = data.path().join(PLUGIN);
        std::fs::create_dir(&dir).unwrap();
        drop(std::os::unix::net::UnixListener::bind(dir.join(SOCKET)).unwrap());
        assert_eq!(told().await, absent);
    }

    #[tokio::test]
    async fn a_service_that_goes_before_it_answers_is_told() {
        let data = tempfile::tempdir().unwrap();
        let dir = data.path().join(PLUGIN);
        std::fs::create_dir(&dir).unwrap();
        let listener = tokio::net::UnixListener::bind(dir.join(SOCKET)).unwrap();
        let client = Client::of(data.path());
        let goes = async {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut byte = [0];
            tokio::io::AsyncReadExt::read(&mut stream, &mut byte)
                .await
                .unwrap();
        };
        let (answer, ()) = tokio::join!(client.get("/v1"), goes);
        let error = answer.unwrap_err();
        assert!(matches!(error, ClientError::Gone), "{error:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_service_that_does_not_answer_is_named() {
        let data = tempfile::tempdir().unwrap();
        let dir = data.path().join(PLUGIN);
        std::fs::create_dir(&dir).unwrap();
        let _listener = std::os::unix::net::UnixListener::bind(dir.join(SOCKET)).unwrap();
        let error = Client::of(data.path()).get("/v1").await.unwrap_err();
        let told = format!(
            "the service (process {}) does not answer within 10s",
            std::process::id()
        );
        assert_eq!(error.to_string(), told);
    }
}
