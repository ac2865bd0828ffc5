//! One connection. Its requests are answered until it ends, is too slow, has to make room, or
//! continues at the next server.

use std::fmt::Debug;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;

use axum::Router;
use hyper::body::Bytes;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::watch;
use tokio::time::Instant;

use super::admission::{Class, Seat};
use super::socket::Watched;
use super::{Head, Phase};

/// An accepted connection.
pub(super) struct Connection<S, P> {
    /// The socket, and the data that was read from it before.
    pub(super) stream: (S, Bytes),
    pub(super) peer: P,
    pub(super) seat: Seat,
    pub(super) router: Router,
    pub(super) head: Head,
}

/// Marks an answer, as an extension, that is sent in parts over any length of time: only the time
/// is limited in which the other end may receive nothing although there is data. Such an answer has
/// the header `Connection: close`.
#[derive(Debug, Clone, Copy)]
pub struct Streamed;

/// The reason why a connection ends.
enum End {
    /// The client or the protocol ended it.
    Itself(hyper::Result<()>),
    TooSlow,
    /// It has no request in progress, and continues at another server.
    Moves,
}

/// A connection without a request, which can continue elsewhere.
pub(super) type Moved<S> = (S, Bytes);

impl<S, P> Connection<S, P>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    P: Clone + Debug + Send + Sync + 'static,
{
    /// Answers the requests of one connection. Returns the connection if it has to continue at
    /// another server.
    pub(super) async fn converse(self, mut phase: watch::Receiver<Phase>) -> Option<Moved<S>> {
        let Self {
            stream,
            peer,
            seat,
            router,
            head,
        } = self;
        let router = TowerToHyperService::new(router);
        let progress = Arc::clone(&seat.progress);
        let of_request = Arc::new(peer.clone());
        let service = service_fn(move |mut request: hyper::Request<hyper::body::Incoming>| {
            request.extensions_mut().insert(P::clone(&of_request));
            progress.begun();
            let (answer, progress) = (router.call(request), Arc::clone(&progress));
            // It is boxed, so that the connection can be taken apart.
            Box::pin(async move {
                let answer = answer.await;
                match &answer {
                    Ok(answer) if answer.extensions().get::<Streamed>().is_some() => {
                        progress.streams();
                    }
                    _ => progress.answered(),
                }
                answer
            })
        });
        let socket = Watched::new(stream, Arc::clone(&seat.progress));
        let mut connection = (head.protocol())
            .keep_alive(seat.class == Class::Regular)
            .serve_connection(TokioIo::new(socket), service);
        let mut timer = pin!(tokio::time::sleep_until(Instant::now()));
        let mut moves = false;
        phase.mark_changed();
        loop {
            let step = poll_fn(|cx| {
                if let Poll::Ready(ended) = Pin::new(&mut connection).poll(cx) {
                    return Poll::Ready(End::Itself(ended));
                }
                if moves && seat.progress.waiting_since().is_some() {
                    if seat.progress.is_before_answer() {
                        return Poll::Ready(End::Moves);
                    }
                    // An idle connection is complete then; one with an incomplete answer continues.
                    Pin::new(&mut connection).graceful_shutdown();
                    if let Poll::Ready(Ok(())) = connection.poll_without_shutdown(cx) {
                        return Poll::Ready(End::Moves);
                    }
                    moves = false;
                }
                // This is polled after the connection, which has updated its deadline.
                let Some(deadline) = seat.deadline() else {
                    return Poll::Pending;
                };
                if timer.deadline() != deadline {
                    timer.as_mut().reset(deadline);
                }
                timer.as_mut().poll(cx).map(|()| End::TooSlow)
            });
            tokio::select! {
                end = step => {
                    if let End::Moves = end {
                        let parts = connection.into_parts();
                        return Some(parts.io.into_inner().into_inner(parts.read_buf));
                    }
                    end.tell(&peer);
                    return None;
                }
                () = seat.evicted.notified() => {
                    tracing::debug!(?peer, "a connection gave way to another");
                    return None;
                }
                changed = phase.changed() => match (changed, *phase.borrow_and_update()) {
                    (Ok(()), Phase::Serving) => {}
                    (Ok(()), Phase::Moving) => moves = seat.class == Class::Regular,
                    (Ok(()), Phase::Draining) => Pin::new(&mut connection).graceful_shutdown(),
                    _ => return None,
                },
            }
        }
    }
}

impl Seat {
    fn deadline(&self) -> Option<Instant> {
        let deadlines = [self.progress.deadline(), self.end];
        deadlines.into_iter().flatten().min()
    }
}

impl End {
    fn tell(self, peer: &dyn Debug) {
        match self {
            Self::Itself(Ok(())) | Self::Moves => {}
            Self::Itself(Err(error)) => tracing::debug!(%error, ?peer, "a connection broke"),
            Self::TooSlow => tracing::debug!(?peer, "a connection was too slow, and is closed"),
        }
    }
}

impl Head {
    /// The protocol with its limits. The connection itself enforces the time limits.
    fn protocol(self) -> http1::Builder {
        let mut protocol = http1::Builder::new();
        protocol
            .header_read_timeout(None)
            .max_headers(self.fields.get().into())
            .max_header_size(self.bytes)
            .max_buf_size(self.bytes.max(MIN_BUFFER))
            .half_close(true);
        protocol
    }
}

/// The smallest buffer that hyper accepts.
const MIN_BUFFER: usize = 8192;
