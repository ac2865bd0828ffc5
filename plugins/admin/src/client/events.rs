//! A stream of server-sent events, for a client.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::Poll;

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use serde_json::Value;

use super::{Answer, Client, ClientError, Connected, broken};

/// Longest message that is accepted, in bytes.
const LONGEST: usize = 16 << 20;

/// A message of a stream.
#[derive(Debug, Clone, PartialEq)]
pub struct StreamMessage {
    /// The id from which a client can continue after a broken connection, if the message has one.
    pub id: Option<String>,
    /// The kind of message: `hello`, `state`, `tap`.
    pub event: String,
    /// The data.
    pub data: Value,
}

/// An open stream.
pub struct EventStream {
    connection: Option<Pin<Box<http1::Connection<TokioIo<Connected>, Full<Bytes>>>>>,
    body: Incoming,
    /// Received data that is not a complete message yet.
    rest: Vec<u8>,
}

/// The answer to a request for a stream.
#[derive(Debug)]
pub enum Listened {
    /// The stream.
    Stream(EventStream),
    /// The refusal.
    Refused(Answer),
}

impl Client {
    /// Requests a stream of events.
    ///
    /// # Errors
    ///
    /// Returns an error if there is no answer. A refusal is an answer.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, there is no stream.
    pub async fn listen(&self, path: &str) -> Result<Listened, ClientError> {
        let (stream, _) = self.connect().await?;
        let request = self.request((axum::http::Method::GET, path), None, None)?;
        let opened = open(stream, request).await;
        opened.map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof => ClientError::Gone,
            _ => self.failed(error),
        })
    }
}

async fn open(
    stream: Connected,
    request: axum::http::Request<Full<Bytes>>,
) -> io::Result<Listened> {
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream))
        .await
        .map_err(broken)?;
    let mut connection = Box::pin(connection);
    let mut response = Box::pin(sender.send_request(request));
    // The connection has to be polled as long as the answer is received.
    let response = poll_fn(|cx| {
        if let Poll::Ready(response) = response.as_mut().poll(cx) {
            return Poll::Ready(response);
        }
        match connection.as_mut().poll(cx) {
            Poll::Ready(_) => response.as_mut().poll(cx),
            Poll::Pending => Poll::Pending,
        }
    })
    .await
    .map_err(broken)?;
    let status = response.status().as_u16();
    let mut events = EventStream {
        connection: Some(connection),
        body: response.into_body(),
        rest: Vec::new(),
    };
    if status == 200 {
        return Ok(Listened::Stream(events));
    }
    while events.read().await? {}
    let body = serde_json::from_slice(&events.rest).map_err(io::Error::other)?;
    Ok(Listened::Refused(Answer {
        status,
        body,
        tag: None,
    }))
}

impl EventStream {
    /// The next message; `None` at the end of the stream, whether or not the end was announced.
    ///
    /// # Errors
    ///
    /// Returns an error if the received data is invalid.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: the received part of a message is kept for the next call.
    pub async fn next(&mut self) -> io::Result<Option<StreamMessage>> {
        loop {
            while let Some(end) = find(&self.rest) {
                let message: Vec<u8> = self.rest.drain(..end + 2).collect();
                if let Some(message) = read(&String::from_utf8_lossy(&message))? {
                    return Ok(Some(message));
                }
            }
            if self.rest.len() > LONGEST {
                return Err(io::Error::other("a message of the stream is too long"));
            }
            match self.read().await {
                Ok(true) => {}
                Ok(false) => return Ok(None),
                // A connection that is cut off counts as the end.
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
                Err(error) => return Err(error),
            }
        }
    }

    /// Receives more data; returns whether there was any.
    async fn read(&mut self) -> io::Result<bool> {
        let Self {
            connection, body, ..
        } = self;
        let mut frame = body.frame();
        let frame = poll_fn(|cx| {
            if let Poll::Ready(frame) = Pin::new(&mut frame).poll(cx) {
                return Poll::Ready(frame);
            }
            if let Some(driven) = connection
                && driven.as_mut().poll(cx).is_ready()
            {
                *connection = None;
                return Pin::new(&mut frame).poll(cx);
            }
            Poll::Pending
        })
        .await;
        match frame {
            Some(frame) => {
                let frame = frame.map_err(broken)?;
                self.rest
                    .extend_from_slice(frame.data_ref().map_or(&[], |data| data));
                Ok(true)
            }
            None => Ok(false),
        }
    }
}

/// The end of the first complete message.
fn find(text: &[u8]) -> Option<usize> {
    text.windows(2).position(|pair| pair == b"\n\n")
}

/// Parses a message; `None` for a comment.
fn read(text: &str) -> io::Result<Option<StreamMessage>> {
    let field = |name: &str| {
        let mut lines = text.lines();
        lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    };
    let (Some(event), Some(data)) = (field("event"), field("data")) else {
        return Ok(None);
    };
    Ok(Some(StreamMessage {
        id: field("id").map(str::to_owned),
        event: event.to_owned(),
        data: serde_json::from_str(data).map_err(io::Error::other)?,
    }))
}

impl std::fmt::Debug for EventStream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EventStream").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_message_has_a_name_and_data_and_a_comment_has_neither() {
        let message = read("id: a-1-2\nevent: state\ndata: {\"a\":1}\n\n").unwrap();
        let expected = StreamMessage {
            id: Some("a-1-2".to_owned()),
            event: "state".to_owned(),
            data: json!({"a": 1}),
        };
        assert_eq!(message, Some(expected));
        assert_eq!(read(": \n\n").unwrap(), None);
        assert!(read("event: state\ndata: {\n\n").is_err());
        assert_eq!(find(b"a\n\nb"), Some(1));
    }
}
