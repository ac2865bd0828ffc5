//! Messages between host and child: the length in four bytes, then JSON.

use serde::{Deserialize, Serialize};
use tokio::io::{self, AsyncRead, AsyncReadExt};

use super::wire::{WireAnswer, WireCall, WireNote};

/// The version of the protocol, which changes when a message changes. It is independent of the
/// versions of crates.
pub(super) const PROTOCOL: u32 = 1;

/// The longest message in bytes. A longer one violates the protocol.
const LONGEST: u32 = 64 * 1024 * 1024;

/// A message. Each side numbers its own calls.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum WireFrame {
    Call(u64, WireCall),
    Answer(u64, WireAnswer),
    /// The answer to a call is not needed any more.
    Cancel(u64),
    Note(WireNote),
}

impl WireFrame {
    /// The message with its length; `None` if it is too long.
    pub(super) fn encode(&self) -> Option<Vec<u8>> {
        let mut bytes = vec![0; 4];
        serde_json::to_writer(&mut bytes, self).ok()?;
        let length = u32::try_from(bytes.len() - 4).ok()?;
        bytes[..4].copy_from_slice(&length.to_le_bytes());
        (length <= LONGEST).then_some(bytes)
    }

    /// Reads the next message; `None` at the end.
    ///
    /// # Errors
    ///
    /// Returns an error if the stream breaks off, or if it contains an invalid message.
    pub(super) async fn read(
        stream: &mut (impl AsyncRead + Unpin),
        buffer: &mut Vec<u8>,
    ) -> io::Result<Option<Self>> {
        let length = match stream.read_u32_le().await {
            Ok(length) => length,
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
            Err(error) => return Err(error),
        };
        if length > LONGEST {
            let text = format!("a message of {length} bytes, more than {LONGEST}");
            return Err(io::Error::new(io::ErrorKind::InvalidData, text));
        }
        buffer.resize(length as usize, 0);
        stream.read_exact(buffer).await?;
        let frame = serde_json::from_slice(buffer);
        frame.map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_message_is_read_as_it_was_written() {
        let mut bytes = WireFrame::Cancel(7).encode().unwrap();
        bytes.extend(WireFrame::Call(8, WireCall::Start).encode().unwrap());
        let (mut stream, mut buffer) = (&*bytes, Vec::new());
        let first = WireFrame::read(&mut stream, &mut buffer).await.unwrap();
        assert!(matches!(first, Some(WireFrame::Cancel(7))));
        let second = WireFrame::read(&mut stream, &mut buffer).await.unwrap();
        assert!(matches!(second, Some(WireFrame::Call(8, WireCall::Start))));
        let end = WireFrame::read(&mut stream, &mut buffer).await.unwrap();
        assert!(end.is_none());
    }

    #[tokio::test]
    async fn what_is_no_message_is_an_error_and_takes_no_room() {
        let garbage: [&[u8]; 3] = [
            &[0xff; 8],
            &[3, 0, 0, 0, b'{', b'}', b'}'],
            &[9, 0, 0, 0, 1],
        ];
        for bytes in garbage {
            let (mut stream, mut buffer) = (bytes, Vec::new());
            let read = WireFrame::read(&mut stream, &mut buffer).await;
            assert!(read.is_err(), "{bytes:?}");
            assert!(buffer.capacity() < 1024);
        }
    }
}
