//! One end of the socket between host and child. Both ends work the same way: each makes calls, and
//! serves the calls of the other.
//!
//! Invariants: a call is answered once, or is lost with the connection; the work for a call ends
//! when the other side cancels the call or is gone.

use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use tokio::io::{AsyncWriteExt, BufReader, BufWriter};
use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::{mpsc, oneshot};
use tokio::task::AbortHandle;
use tokio_util::sync::CancellationToken;

use super::frame::WireFrame;
use super::wire::{WireAnswer, WireCall, WireNote};
use crate::boxed::BoxFuture;
use crate::error::Error;

/// The calls that one side serves for the other. Calls arrive in order, and the work before the
/// future is returned is done in that order.
pub(super) trait FrameService: Send + Sync {
    fn call(self: Arc<Self>, call: WireCall) -> BoxFuture<'static, WireAnswer>;
    fn hear(&self, note: WireNote);
}

/// One end of the socket.
#[derive(Debug)]
pub(super) struct Connection {
    out: mpsc::UnboundedSender<Vec<u8>>,
    state: Mutex<ConnectionState>,
    ended: CancellationToken,
    /// Cancelled when all messages are written, after [`Connection::close`].
    flushed: CancellationToken,
}

#[derive(Debug, Default)]
struct ConnectionState {
    next: u64,
    is_over: bool,
    /// The callers that wait for answers.
    waiting: HashMap<u64, oneshot::Sender<WireAnswer>>,
    /// The calls of the other side that are in progress.
    serving: HashMap<u64, AbortHandle>,
}

impl Connection {
    /// Starts the connection. Calls of the other side go to `service`.
    pub(super) fn open(stream: UnixStream, service: Arc<dyn FrameService>) -> Arc<Self> {
        let (read, write) = stream.into_split();
        let (out, messages) = mpsc::unbounded_channel();
        let connection = Arc::new(Self {
            out,
            state: Mutex::default(),
            ended: CancellationToken::new(),
            flushed: CancellationToken::new(),
        });
        let ended = connection.ended.clone();
        let flushed = connection.flushed.clone();
        drop(crate::spawn::spawn(write_all(
            write,
            messages,
            (ended, flushed),
        )));
        let reader = Arc::clone(&connection);
        drop(crate::spawn::spawn(async move {
            if let Err(error) = reader.read_all(read, &service).await {
                tracing::debug!("the connection of an instance broke off: {error}");
            }
            reader.end();
        }));
        connection
    }

    /// Makes a call to the other side. If the future is dropped, the call is cancelled.
    pub(super) fn call(self: &Arc<Self>, call: WireCall) -> PendingCall {
        let (answer, answered) = oneshot::channel();
        let mut state = self.state();
        state.next += 1;
        let number = state.next;
        if !state.is_over {
            state.waiting.insert(number, answer);
        }
        drop(state);
        if !self.send(&WireFrame::Call(number, call)) {
            let too_long = Error::external("it is too long for the way between two processes");
            self.answered(number, WireAnswer::Failed(too_long));
        }
        PendingCall {
            connection: Arc::clone(self),
            number,
            answered,
        }
    }

    /// Sends a message without an answer to the other side.
    pub(super) fn tell(&self, note: WireNote) {
        self.send(&WireFrame::Note(note));
    }

    /// Whether the other side is gone.
    pub(super) fn is_over(&self) -> bool {
        self.ended.is_cancelled()
    }

    /// Waits until the other side is gone.
    pub(super) async fn ended(&self) {
        self.ended.cancelled().await;
    }

    /// Waits until all messages so far are written.
    pub(super) async fn close(&self) {
        // An empty message marks the end.
        if self.out.send(Vec::new()).is_ok() {
            tokio::select! {
                () = self.flushed.cancelled() => {}
                () = self.ended.cancelled() => {}
            }
        }
    }

    /// Returns whether the message can be sent. A message that the other side does not receive any
    /// more counts as sent.
    fn send(&self, frame: &WireFrame) -> bool {
        let Some(bytes) = frame.encode() else {
            return false;
        };
        // The other side is gone, and code that waits for it learns that.
        let _heard = self.out.send(bytes).is_ok();
        true
    }

    async fn read_all(
        self: &Arc<Self>,
        stream: OwnedReadHalf,
        service: &Arc<dyn FrameService>,
    ) -> std::io::Result<()> {
        let (mut stream, mut buffer) = (BufReader::with_capacity(BUFFER, stream), Vec::new());
        while let Some(frame) = WireFrame::read(&mut stream, &mut buffer).await? {
            match frame {
                WireFrame::Call(number, call) => self.serve(number, Arc::clone(service).call(call)),
                WireFrame::Answer(number, answer) => self.answered(number, answer),
                WireFrame::Cancel(number) => {
                    let serving = self.state().serving.remove(&number);
                    serving.iter().for_each(AbortHandle::abort);
                }
                WireFrame::Note(note) => service.hear(note),
            }
        }
        Ok(())
    }

    fn serve(self: &Arc<Self>, number: u64, answer: BoxFuture<'static, WireAnswer>) {
        let connection = Arc::clone(self);
        let mut state = self.state();
        let task = crate::spawn::spawn(async move {
            let answer = answer.await;
            connection.state().serving.remove(&number);
            if !connection.send(&WireFrame::Answer(number, answer)) {
                let too_long = Error::external("the answer is too long");
                let answer = WireAnswer::Failed(too_long);
                connection.send(&WireFrame::Answer(number, answer));
            }
        });
        state.serving.insert(number, task.abort_handle());
    }

    fn answered(&self, number: u64, answer: WireAnswer) {
        let waiting = self.state().waiting.remove(&number);
        if let Some(waiting) = waiting {
            // The caller may not wait any more.
            drop(waiting.send(answer));
        }
    }

    /// Nothing will be received any more.
    fn end(&self) {
        let (waiting, serving) = {
            let mut state = self.state();
            state.is_over = true;
            (
                std::mem::take(&mut state.waiting),
                std::mem::take(&mut state.serving),
            )
        };
        serving.values().for_each(AbortHandle::abort);
        self.ended.cancel();
        drop(waiting);
    }

    fn state(&self) -> MutexGuard<'_, ConnectionState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Number of bytes that are read and written at once.
const BUFFER: usize = 64 * 1024;

async fn write_all(
    stream: OwnedWriteHalf,
    mut messages: mpsc::UnboundedReceiver<Vec<u8>>,
    (ended, flushed): (CancellationToken, CancellationToken),
) {
    let mut stream = BufWriter::with_capacity(BUFFER, stream);
    loop {
        let message = tokio::select! {
            biased;
            () = ended.cancelled() => return,
            message = messages.recv() => message,
        };
        let Some(message) = message else { return };
        if message.is_empty() {
            if stream.flush().await.is_err() {
                return;
            }
            flushed.cancel();
            continue;
        }
        if stream.write_all(&message).await.is_err() {
            return;
        }
        if messages.is_empty() && stream.flush().await.is_err() {
            return;
        }
    }
}

/// A call that is not answered yet. It returns `None` if the connection has ended.
#[derive(Debug)]
pub(super) struct PendingCall {
    connection: Arc<Connection>,
    number: u64,
    answered: oneshot::Receiver<WireAnswer>,
}

impl Future for PendingCall {
    type Output = Option<WireAnswer>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.answered).poll(context).map(Result::ok)
    }
}

impl Drop for PendingCall {
    fn drop(&mut self) {
        let is_waited_for = self
            .connection
            .state()
            .waiting
            .remove(&self.number)
            .is_some();
        if is_waited_for {
            self.connection.send(&WireFrame::Cancel(self.number));
        }
    }
}
