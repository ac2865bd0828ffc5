//! Puts accepted events into the store, many at once.
//!
//! If that fails, new events are refused until it works again. Events that were already accepted
//! are kept, and storing them is tried again with the same keys, so that none is stored twice. Only
//! a publisher that waits for the store gets an error and its event back.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, SystemTime};

use super::Durable;
use super::connection::{Listener, ask};
use super::recent::PendingEvent;
use super::store::{EventStore, Record, Stored, Suspicion, Ticket};
use crate::context::DropReason;
use crate::error::{Error, ErrorKind, Result};
use crate::event::queue::job::Job;
use crate::idempotency::IdempotencyKey;
use crate::service::Provider;

/// Most events in one call to the store.
const MOST: usize = 256;

/// Interval at which a slow store is told how many events wait for it.
const TELL: Duration = Duration::from_millis(250);

const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

pub(super) struct Intake {
    durable: Arc<Durable>,
    link: Listener,
}

/// The events to store: jobs and their records, in the same order.
#[derive(Default)]
struct Load {
    jobs: Vec<Job>,
    records: Vec<Record>,
}

impl Intake {
    pub(super) fn new(durable: Arc<Durable>, link: Listener) -> Self {
        Self { durable, link }
    }

    /// Stores events until the intake is closed and empty; returns how many it could not store.
    pub(super) async fn run(mut self) -> usize {
        let mut lost = 0;
        let mut jobs = VecDeque::new();
        while self.durable.intake.take(&mut jobs).await {
            while !jobs.is_empty() {
                let mut load = Load::default();
                for job in jobs.drain(..jobs.len().min(MOST)) {
                    load.add(job, &self.durable);
                }
                lost += self.store(load).await;
                self.durable.gate.step();
            }
        }
        lost
    }

    /// Tries until all events are stored, or until it is known that the store will not come back;
    /// returns how many are lost.
    async fn store(&mut self, mut load: Load) -> usize {
        let mut pause = FIRST_PAUSE;
        while !load.jobs.is_empty() {
            let error = match self.append(&load).await {
                None => return load.lose(&self.durable),
                Some(Ok(positions)) => {
                    self.recover();
                    load.stored(&positions, &self.durable);
                    return 0;
                }
                Some(Err(error)) => error,
            };
            if error.kind() == (ErrorKind::External { retriable: false }) {
                if load.jobs.len() == 1 {
                    return load.refuse(&error, &self.durable);
                }
                return self.store_one_by_one(load).await;
            }
            load.tell_those_who_wait(&error);
            if load.jobs.is_empty() {
                break;
            }
            self.fail(&error);
            self.rest(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
        self.recover();
        0
    }

    /// One of the events can't be stored, but the others can.
    async fn store_one_by_one(&mut self, load: Load) -> usize {
        let mut lost = 0;
        for (job, record) in load.jobs.into_iter().zip(load.records) {
            let one = Load {
                jobs: vec![job],
                records: vec![record],
            };
            lost += Box::pin(self.store(one)).await;
        }
        lost
    }

    async fn append(&mut self, load: &Load) -> Option<Result<Vec<u64>>> {
        let store = self.link.up().await?.provider();
        let durable = &self.durable;
        // A store that waits for room may wait until the end of the system.
        let done = tokio::select! {
            biased;
            done = ask(&store, |store| store.append(&durable.name, &load.records)) => done,
            () = self.link.closed() => return None,
            never = durable.tell_now_and_then(&store) => match never {},
        };
        if durable.told.load(Relaxed) > 0 {
            tokio::select! {
                biased;
                () = durable.tell(&store, load.jobs.len()) => {}
                () = self.link.closed() => {}
            }
        }
        Some(done)
    }

    fn fail(&self, error: &Error) {
        if self.durable.gate.fail(error) {
            tracing::error!(
                subscription = %self.durable.name,
                "events can't be stored, and are refused until they can: {error}"
            );
        }
    }

    /// No events are kept in memory any more; the next event will show whether the store works.
    fn recover(&self) {
        if self.durable.gate.recover() {
            tracing::info!(subscription = %self.durable.name, "events are accepted again");
        }
    }

    async fn rest(&mut self, pause: Duration) {
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = self.link.closed() => {}
        }
    }
}

impl Durable {
    /// Tells the store regularly how many events wait for it.
    async fn tell_now_and_then(&self, store: &Provider<dyn EventStore>) -> Infallible {
        loop {
            tokio::time::sleep(TELL).await;
            self.tell(store, 0).await;
        }
    }

    /// Tells the store how many events wait for it, without those that it has taken.
    async fn tell(&self, store: &Provider<dyn EventStore>, taken: usize) {
        let events = self.intake.unfinished().saturating_sub(taken) as u64;
        if events == self.told.swap(events, Relaxed) {
            return;
        }
        if let Err(error) = ask(store, |store| store.waits(&self.name, events)).await {
            self.told.store(u64::MAX, Relaxed);
            tracing::debug!(subscription = %self.name, "can't note how many events wait: {error}");
        }
    }
}

impl Load {
    fn add(&mut self, job: Job, durable: &Durable) {
        match job.payload.encode() {
            Ok(data) => {
                self.records.push(Record {
                    key: (job.payload.meta().key).map_or_else(IdempotencyKey::next, |key| {
                        key.of_subscription(&durable.name.to_string())
                    }),
                    source: Cow::Borrowed(job.payload.meta().source),
                    parent: Some(job.payload.meta().origin()),
                    published: SystemTime::now(),
                    data: data.into(),
                    ticket: Ticket::droppable(),
                });
                self.jobs.push(job);
            }
            Err(error) => {
                let error = Error::bug("the event can't be written as JSON").because(error);
                tracing::error!(subscription = %durable.name, event = %job.payload.meta().id, "{error}");
                end_unstored(job, &error);
            }
        }
    }

    fn stored(self, positions: &[u64], durable: &Durable) {
        let metas = self.jobs.iter().map(|job| job.payload.meta());
        let events = metas.zip(self.records).zip(positions);
        durable
            .recent
            .appended(events.map(|((meta, record), &position)| PendingEvent {
                stored: Stored {
                    position,
                    record,
                    suspicion: Suspicion::None,
                },
                may_be_old: meta.key.is_some(),
                meta: Some(meta),
            }));
        for job in self.jobs {
            job.end(Ok(()));
        }
    }

    /// Returns an error to publishers that wait; their events are not stored later.
    fn tell_those_who_wait(&mut self, error: &Error) {
        let (jobs, records) = (
            std::mem::take(&mut self.jobs),
            std::mem::take(&mut self.records),
        );
        for (job, record) in jobs.into_iter().zip(records) {
            if job.is_awaited() {
                end_unstored(job, error);
            } else {
                self.jobs.push(job);
                self.records.push(record);
            }
        }
    }

    /// Ends events that no store will take.
    fn refuse(self, error: &Error, durable: &Durable) -> usize {
        if let Some(first) = self.jobs.first() {
            tracing::error!(
                subscription = %durable.name,
                first = %first.payload.meta().id,
                events = self.jobs.len(),
                "events can't be stored: {error}"
            );
        }
        let mut lost = 0;
        for job in self.jobs {
            lost += usize::from(!job.is_awaited());
            end_unstored(job, error);
        }
        lost
    }

    fn lose(self, durable: &Durable) -> usize {
        let error = Error::retriable("the event store has stopped");
        self.refuse(&error, durable)
    }
}

/// Ends the job of an event that the store did not take.
fn end_unstored(job: Job, error: &Error) {
    job.handler.core.drop_event(DropReason::Store);
    job.end(Err(error.same()));
}
