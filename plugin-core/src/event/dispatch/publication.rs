//! Publishing that waits for room. In most cases there is room at once, and then this future
//! consists only of the event.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use super::guard::PublishGuard;
use super::take_in::take_in;
use crate::boxed::BoxFuture;
use crate::context::Identity;
use crate::error::PublishError;
use crate::event::bus::Bus;
use crate::event::payload::{Carried, Envelope};
use crate::event::queue::capacity::NoPermit;
use crate::event::queue::enqueue::{EnqueueOutcome, JobCount};
use crate::event::queue::job::Job;
use crate::event::routing::route::Route;
use crate::event::routing::target::{Immediate, Sending, Sent, Target};
use crate::event::uplink::Asks;

/// The future of a publishing operation.
pub(in crate::event) struct Publication<'a, P> {
    bus: &'a Bus,
    owner: &'a Identity,
    index: usize,
    event: Option<P>,
    /// The remaining work, if a mailbox has no room.
    rest: Option<PublishFuture<'a>>,
}

/// The remaining work, if a mailbox has no room.
type PublishFuture<'a> = BoxFuture<'a, Result<(), PublishError>>;

impl<'a, P: Carried> Publication<'a, P> {
    pub(in crate::event) fn new(bus: &'a Bus, owner: &'a Identity, index: usize, event: P) -> Self {
        Self {
            bus,
            owner,
            index,
            event: Some(event),
            rest: None,
        }
    }

    /// Publishes as far as no mailbox makes it wait; returns the remaining work.
    #[inline(always)]
    fn begin(&self, event: P) -> Result<Option<PublishFuture<'a>>, PublishError> {
        let Self {
            bus, owner, index, ..
        } = *self;
        let rest = take_in(bus, owner, (index, event), |envelope, route| {
            let publishing = PublishGuard::begin(bus, owner, index)?;
            send_at_once(publishing, envelope, route)
        })?;
        Ok(rest.flatten())
    }
}

// Nothing in it is pinned: the event is moved out, and the remaining work is boxed.
impl<P> Unpin for Publication<'_, P> {}

impl<P: Carried> Future for Publication<'_, P> {
    type Output = Result<(), PublishError>;

    /// # Panics
    ///
    /// Panics if it is polled after its end.
    #[inline]
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        if let Some(event) = self.event.take() {
            match self.begin(event) {
                Ok(None) => return Poll::Ready(Ok(())),
                Ok(Some(rest)) => self.rest = Some(rest),
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
        let rest = (self.rest.as_mut()).expect("a publication is polled until it is ready");
        rest.as_mut().poll(context)
    }
}

/// The results of the jobs of an event.
#[derive(Default)]
pub(in crate::event) struct SendOutcome {
    pub(in crate::event) jobs: JobCount,
    refused: Option<PublishError>,
}

impl SendOutcome {
    pub(in crate::event) fn note(&mut self, sent: Sent) {
        self.jobs.count(sent.accepted);
        if let Some(Err(error)) = sent.at_host.map(|outcome| *outcome) {
            self.refused = Some(error);
        }
        if let (EnqueueOutcome::Full | EnqueueOutcome::Refused, Some(handler)) =
            (sent.accepted, sent.handler)
        {
            self.refused = Some(handler.refused(sent.accepted));
        }
    }

    pub(in crate::event) fn result(self) -> Result<(), PublishError> {
        if self.jobs.nobody_was_left() {
            return Err(PublishError::Stopping);
        }
        self.refused.map_or(Ok(()), Err)
    }
}

/// An event that some targets do not have yet.
struct Rest<'a, P> {
    publishing: PublishGuard<'a>,
    envelope: Arc<Envelope<P>>,
    targets: Arc<[Target<P>]>,
    /// The index of the first target that does not have it yet.
    next: usize,
    outcome: SendOutcome,
}

/// Passes an event to one mailbox after the other, as long as there is room; returns the remaining
/// work.
fn send_at_once<'a, P: Carried>(
    publishing: PublishGuard<'a>,
    envelope: Arc<Envelope<P>>,
    route: &Route<P>,
) -> Result<Option<PublishFuture<'a>>, PublishError> {
    let mut outcome = SendOutcome::default();
    let rest = |publishing, envelope, next, outcome| Rest {
        publishing,
        envelope,
        targets: Arc::clone(&route.queued),
        next,
        outcome,
    };
    let Some((last, others)) = route.queued.split_last() else {
        return Ok(None);
    };
    for (next, target) in others.iter().enumerate() {
        match offer(target, &envelope) {
            Ok(accepted) => outcome.jobs.count_any(accepted),
            Err(AllFull) => return Ok(Some(rest(publishing, envelope, next, outcome).wait())),
        }
    }
    match give(last, publishing, envelope) {
        Ok(accepted) => outcome.jobs.count_any(accepted),
        Err((publishing, envelope)) => {
            let next = others.len();
            return Ok(Some(rest(publishing, envelope, next, outcome).wait()));
        }
    }
    outcome.result().map(|()| None)
}

/// The target can't take the event at once.
struct AllFull;

/// Passes an event to the target if there is room; `None` if no handler there wants it.
fn offer<P: Carried>(
    target: &Target<P>,
    envelope: &Arc<Envelope<P>>,
) -> Result<Option<EnqueueOutcome>, AllFull> {
    let place = match target.way(envelope) {
        Immediate::Nobody => return Ok(None),
        Immediate::Open(place) => place,
        Immediate::Other => return Err(AllFull),
    };
    let job = Job::new(place.handler, Arc::clone(envelope) as _);
    match place.fill(job) {
        // If this member is gone, another member takes the event.
        Ok(EnqueueOutcome::Gone) if target.is_group() => Err(AllFull),
        Ok(accepted) => Ok(Some(accepted)),
        Err(_) => Err(AllFull),
    }
}

/// Like [`offer`], for the last target of the event. If there is no room, everything is returned.
#[inline(always)]
fn give<'a, P: Carried>(
    target: &Target<P>,
    publishing: PublishGuard<'a>,
    envelope: Arc<Envelope<P>>,
) -> Result<Option<EnqueueOutcome>, (PublishGuard<'a>, Arc<Envelope<P>>)> {
    let Some(handler) = target.plain() else {
        return offer(target, &envelope).map_err(|AllFull| (publishing, envelope));
    };
    if handler.core.has_ended() {
        return Ok(None);
    }
    let accepted = match handler.mailbox.push(Job::counted(handler, envelope)) {
        Ok(()) => EnqueueOutcome::Yes,
        Err((NoPermit::Closed, _)) => EnqueueOutcome::Gone,
        Err((NoPermit::Full, job)) => return Err((publishing, job.take_back())),
    };
    // The bus counts the job in place of this operation.
    publishing.hand_over();
    Ok(Some(accepted))
}

impl<'a, P: Carried> Rest<'a, P> {
    #[cold]
    fn wait(self) -> PublishFuture<'a> {
        Box::pin(self.send())
    }

    async fn send(self) -> Result<(), PublishError> {
        let Self {
            publishing,
            envelope,
            targets,
            next,
            mut outcome,
        } = self;
        let sending = Sending {
            current: &publishing,
            envelope: &envelope,
            asks: Asks::Nothing,
        };
        for target in &targets[next..] {
            if let Some(sent) = target.send(&sending).await {
                outcome.note(sent);
            }
        }
        outcome.result()
    }
}
