//! A socket that records the progress of its connection.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use hyper::body::Bytes;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::progress::Progress;

/// A socket whose reads and writes are recorded in a [`Progress`].
pub(super) struct Watched<S> {
    socket: S,
    /// Data that was read from the socket before and is returned first.
    before: Bytes,
    progress: Arc<Progress>,
}

impl<S> Watched<S> {
    pub(super) fn new((socket, before): (S, Bytes), progress: Arc<Progress>) -> Self {
        Self {
            socket,
            before,
            progress,
        }
    }

    /// The socket, and the data that was read from it but not consumed: `read`, followed by the
    /// rest.
    pub(super) fn into_inner(self, read: Bytes) -> (S, Bytes) {
        let before = match (read.is_empty(), self.before.is_empty()) {
            (_, true) => read,
            (true, false) => self.before,
            (false, false) => [read, self.before].concat().into(),
        };
        (self.socket, before)
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if !self.before.is_empty() {
            let most = self.before.len().min(buffer.remaining());
            buffer.put_slice(&self.before.split_to(most));
            self.progress.received();
            return Poll::Ready(Ok(()));
        }
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.socket).poll_read(cx, buffer))?;
        if buffer.filled().len() > before {
            self.progress.received();
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.progress.writing();
        let written = ready!(Pin::new(&mut self.socket).poll_write(cx, bytes));
        self.progress.wrote();
        Poll::Ready(written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.progress.writing();
        let written = ready!(Pin::new(&mut self.socket).poll_write_vectored(cx, slices));
        self.progress.wrote();
        Poll::Ready(written)
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }

    /// Hyper flushes when its own buffer is empty, so all data has been passed on then.
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(Pin::new(&mut self.socket).poll_flush(cx))?;
        self.progress.flushed();
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_shutdown(cx)
    }
}
