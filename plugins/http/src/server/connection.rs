//! One connection: its requests are answered until it ends, is too slow, or has to give way.

use std::fmt::Debug;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use axum::Router;
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

/// A connection that was taken.
pub(super) struct Connection<S, P> {
    pub(super) stream: S,
    pub(super) peer: P,
    pub(super) seat: Seat,
    pub(super) router: Router,
    pub(super) head: Head,
}

/// Why a connection is over.
enum End {
    /// The client, or the protocol, ended it.
    Itself(hyper::Result<()>),
    TooSlow,
}

impl<S, P> Connection<S, P>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    P: Clone + Debug + Send + Sync + 'static,
{
    /// Answers the requests of one connection.
    pub(super) async fn converse(self, mut phase: watch::Receiver<Phase>) {
        let Self {
            stream,
            peer,
            seat,
            router,
            head,
        } = self;
        let router = TowerToHyperService::new(router);
        let progress = Arc::clone(&seat.progress);
        let service = service_fn(|mut request: hyper::Request<hyper::body::Incoming>| {
            request.extensions_mut().insert(peer.clone());
            progress.begun();
            let (answer, progress) = (router.call(request), Arc::clone(&progress));
            async move {
                let answer = answer.await;
                progress.answered();
                answer
            }
        });
        let socket = Watched::new(stream, Arc::clone(&seat.progress));
        let connection = (head.protocol())
            .keep_alive(seat.class == Class::Regular)
            .serve_connection(TokioIo::new(socket), service);
        let mut connection = pin!(connection);
        let mut timer = pin!(tokio::time::sleep_until(Instant::now()));
        phase.mark_changed();
        loop {
            let step = poll_fn(|cx| {
                if let Poll::Ready(ended) = connection.as_mut().poll(cx) {
                    return Poll::Ready(End::Itself(ended));
                }
                // Polled after the connection, which has moved its deadline.
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
                    end.tell(&peer);
                    return;
                }
                () = seat.evicted.notified() => {
                    tracing::debug!(?peer, "a connection gave way to another");
                    return;
                }
                changed = phase.changed() => match (changed, *phase.borrow_and_update()) {
                    (Ok(()), Phase::Serving) => {}
                    (Ok(()), Phase::Draining) => connection.as_mut().graceful_shutdown(),
                    _ => return,
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
            Self::Itself(Ok(())) => {}
            Self::Itself(Err(error)) => tracing::debug!(%error, ?peer, "a connection broke"),
            Self::TooSlow => tracing::debug!(?peer, "a connection was too slow, and is closed"),
        }
    }
}

impl Head {
    /// The protocol with what it may take. Time limits are the connection's own.
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

/// What hyper asks for at least.
const MIN_BUFFER: usize = 8192;
