//! Publishes many events in chunks, so that the fixed cost of publishing is paid once for each
//! chunk. Each handler gets the events of a chunk in order before the next handler gets them.

use std::sync::Arc;

use super::guard::PublishGuard;
use super::publication::SendOutcome;
use crate::context::{Identity, Meta};
use crate::error::{PublishAllError, PublishError};
use crate::event::bus::Bus;
use crate::event::payload::{Carried, Envelope};
use crate::event::queue::enqueue::EnqueueOutcome;
use crate::event::queue::handler::QueuedHandler;
use crate::event::queue::job::Job;
use crate::event::routing::route::Route;
use crate::event::routing::target::{Sending, Target};
use crate::event::uplink::Asks;
use crate::rcu::epoch::Reading;
use crate::rcu::record::ThreadRecord;

/// Most events in a chunk. It is small enough for the events to be still in the cache when the next
/// handler gets them.
const CHUNK: usize = 64;

/// The result of accepting a chunk.
struct TakenChunk<P> {
    /// How many of its first events are published.
    count: usize,
    /// The remaining work for these events.
    rest: Option<ChunkRest<P>>,
    /// The reason why the other events are not published.
    refused: Option<PublishError>,
}

/// Events that the inline handlers have handled, and the handlers that still have to get them.
struct ChunkRest<P> {
    events: Vec<Arc<Envelope<P>>>,
    targets: Arc<[Target<P>]>,
}

/// Publishes events in order and returns their number.
pub(in crate::event) async fn publish_all<P: Carried>(
    bus: &Bus,
    owner: &Identity,
    index: usize,
    mut events: impl Iterator<Item = P> + Send,
) -> Result<usize, PublishAllError> {
    let mut published = 0;
    let mut chunk = Vec::new();
    // As far as it is known in advance, events that can't be published are not taken from the
    // iterator.
    while !owner.is_muted() {
        gather(owner, &mut events, &mut chunk);
        if chunk.is_empty() {
            return Ok(published);
        }
        // Whether there are more events is determined before this chunk is published: if the
        // publisher is stopped meanwhile, it must learn that all events are published, if they are.
        let is_last = chunk.len() < CHUNK || events.size_hint().1 == Some(0);
        let taken = take_in(bus, owner, index, &mut chunk);
        let sent = match taken.rest {
            Some(rest) => rest.send(bus, owner, index).await,
            None => Ok(()),
        };
        if let Err(source @ PublishError::Stopping) = sent {
            // No mailbox has an event of this chunk.
            return Err(PublishAllError { published, source });
        }
        published += taken.count;
        if let Some(source) = taken.refused.or(sent.err()) {
            return Err(PublishAllError { published, source });
        }
        if is_last {
            return Ok(published);
        }
    }
    let source = PublishError::Stopping;
    Err(PublishAllError { published, source })
}

/// Takes the next events from the iterator. No table is being read meanwhile, because the iterator
/// is the publisher's code.
fn gather<P>(owner: &Identity, events: &mut impl Iterator<Item = P>, chunk: &mut Vec<Envelope<P>>) {
    let record = ThreadRecord::current();
    let mut meta = Meta::new(record, owner.name());
    chunk.extend(events.take(CHUNK).map(|event| {
        meta = meta.next(record);
        Envelope::new(meta, event)
    }));
}

/// Accepts a chunk and calls the inline handlers. The table is read only while they run.
fn take_in<P: Carried>(
    bus: &Bus,
    owner: &Identity,
    index: usize,
    chunk: &mut Vec<Envelope<P>>,
) -> TakenChunk<P> {
    if owner.is_muted() {
        owner.drop_at_stop(chunk.len() as u64);
        return TakenChunk {
            count: 0,
            rest: None,
            refused: Some(PublishError::Stopping),
        };
    }
    let record = ThreadRecord::current();
    let reading = record.readers.enter();
    let route = bus.table().read(record, &reading).route::<P>(index);
    let refused = admit(route, (owner, &reading), chunk);
    record.add(owner.published().slot(), chunk.len() as u64);
    if !(chunk.is_empty() || route.inline.is_empty()) {
        route.inline.call_chunk(record, &reading, chunk);
    }
    TakenChunk {
        count: chunk.len(),
        rest: ChunkRest::of(chunk, route),
        refused,
    }
}

/// Calls the interceptors. The chunk ends before the first event that one of them refuses.
fn admit<P: Carried>(
    route: &Route<P>,
    (owner, reading): (&Identity, &Reading<'_>),
    chunk: &mut Vec<Envelope<P>>,
) -> Option<PublishError> {
    route.interceptors.as_ref()?;
    let asked = (chunk.iter_mut().enumerate())
        .find_map(|(at, event)| Some((at, route.admit(owner, reading, event).err()?)));
    let (at, refusal) = asked?;
    chunk.truncate(at);
    Some(refusal.into())
}

impl<P: Carried> ChunkRest<P> {
    /// The part of a chunk for the mailboxes. The chunk is empty afterwards.
    fn of(chunk: &mut Vec<Envelope<P>>, route: &Route<P>) -> Option<Self> {
        let events = chunk.drain(..);
        (!route.queued.is_empty() && events.len() > 0).then(|| Self {
            events: events.map(Arc::new).collect(),
            targets: Arc::clone(&route.queued),
        })
    }

    async fn send(&self, bus: &Bus, owner: &Identity, index: usize) -> Result<(), PublishError> {
        let publishing = PublishGuard::begin(bus, owner, index)?;
        let mut outcome = SendOutcome::default();
        for target in &*self.targets {
            self.send_to(target, &publishing, &mut outcome).await;
        }
        outcome.result()
    }

    /// Passes all events to one target: together as far as there is room, then one by one.
    async fn send_to(
        &self,
        target: &Target<P>,
        publishing: &PublishGuard<'_>,
        outcome: &mut SendOutcome,
    ) {
        let mut events = &*self.events;
        while let Some((first, others)) = events.split_first() {
            let sent = target
                .plain()
                .map_or(0, |handler| send_at_once(handler, events));
            if sent > 0 {
                outcome.jobs.count(EnqueueOutcome::Yes);
                events = &events[sent..];
                continue;
            }
            let sending = Sending {
                current: publishing,
                envelope: first,
                asks: Asks::Nothing,
            };
            if let Some(sent) = target.send(&sending).await {
                outcome.note(sent);
            }
            events = others;
        }
    }
}

/// Puts as many of the first events into a mailbox as it has room for; returns their number.
fn send_at_once<P: Carried>(handler: &Arc<QueuedHandler>, events: &[Arc<Envelope<P>>]) -> usize {
    if handler.core.has_ended() {
        return 0;
    }
    let Ok(permits) = handler.mailbox.try_reserve_most(events.len()) else {
        return 0;
    };
    let (count, backlog) = (permits.count(), handler.mailbox.backlog());
    let jobs = events[..count].iter();
    backlog.add(count);
    if permits.fill(jobs.map(|event| Job::counted(handler, Arc::clone(event) as _))) {
        return count;
    }
    backlog.end(count);
    0
}
