//! Reads the events of one subscription from the store, in order, and passes them to the plugin's
//! mailbox. [`Settler`] settles those that are done. A pump exists as long as an instance receives
//! events.

use std::sync::Arc;

use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::ack::{Ack, AckHandle, InHand};
use super::connection::{Listener, ask};
use super::flight::{InFlightWindow, window};
use super::quarantine::{self, Quarantine, Watch};
use super::recent::{Ahead, PendingEvent};
use super::settler::Settler;
use super::store::{Stored, Suspicion, Window};
use super::{Durable, DurableDelivery, Durables, LastHandler};
use crate::counted::counted;
use crate::error::Error;
use crate::event::outcome::dead_letters::Failures;
use crate::event::queue::handler::QueuedHandler;

/// Most events that are read at once.
const TAKE: usize = 128;

/// Most bytes that are read at once.
const TAKE_BYTES: usize = 4 << 20;

/// The pumps of one instance.
#[derive(Default)]
pub(crate) struct Deliveries(Vec<Pump>);

struct Pump {
    durable: Arc<Durable>,
    handler: Arc<QueuedHandler>,
    in_hand: InHand,
    stop: CancellationToken,
    deliver: JoinHandle<()>,
    settle: JoinHandle<bool>,
}

impl Deliveries {
    /// Begins to deliver to a plugin with this number of queued handlers.
    pub(crate) fn begin(
        durables: &Durables,
        deliveries: Vec<DurableDelivery>,
        handlers: usize,
    ) -> Self {
        let begin = |delivery| Pump::begin((delivery, handlers), durables);
        Self(deliveries.into_iter().map(begin).collect())
    }

    /// Continues only with events that succeed without waiting. If an event of a handler would have
    /// to wait, the handler ends its deliveries, and the stored events are delivered at the next
    /// start. The caller has to nudge the worker.
    pub(crate) fn drain(&self) {
        self.0.iter().for_each(|pump| pump.handler.drain());
    }

    /// Ends all deliveries and lets no call begin. The caller has to nudge the worker.
    pub(crate) fn rest(&self) {
        self.0.iter().for_each(|pump| pump.handler.come_to_rest());
    }

    /// Deliveries that are not answered: their events are in a handler, or wait.
    pub(crate) fn in_hand(&self) -> usize {
        self.0.iter().map(|pump| pump.in_hand.count()).sum()
    }

    /// The handlers whose target is down, and how many of their items keep the bus busy.
    pub(crate) fn waiting(&self) -> impl Iterator<Item = (&'static str, usize)> {
        let shut = (self.0.iter()).filter(|pump| {
            let breaker = pump.handler.breaker.as_ref();
            breaker.is_some_and(|breaker| !breaker.is_closed())
        });
        shut.map(|pump| {
            let busy = usize::from(pump.durable.recent.is_busy());
            (pump.handler.core.name, pump.in_hand.count() + busy)
        })
    }

    /// Reads no more events from the store, and waits for nothing, like [`Deliveries::drain`].
    pub(crate) async fn stop(&mut self) {
        self.drain();
        for pump in &self.0 {
            pump.stop.cancel();
        }
        for pump in &mut self.0 {
            // The task does not run a plugin's code, so it ends without a panic.
            drop((&mut pump.deliver).await);
        }
    }

    /// Waits until everything that was delivered is settled; `false` if the store failed and the
    /// attempt was given up.
    pub(crate) async fn settled(&mut self) -> bool {
        let mut all = true;
        for pump in &mut self.0 {
            all &= (&mut pump.settle).await.unwrap_or(false);
        }
        all
    }
}

impl Drop for Deliveries {
    /// Events that are not settled stay in the store.
    fn drop(&mut self) {
        for pump in &self.0 {
            pump.deliver.abort();
            pump.settle.abort();
            pump.durable.recent.deactivate();
            pump.durable.let_go();
        }
    }
}

impl std::fmt::Debug for Deliveries {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names = self.0.iter().map(|pump| &*pump.durable);
        f.debug_list().entries(names).finish()
    }
}

impl Pump {
    fn begin((delivery, handlers): (DurableDelivery, usize), durables: &Durables) -> Self {
        let link = durables.link.listen();
        let durable = Arc::clone(&delivery.durable);
        let letters = delivery.handler.core.letters.clone();
        let (handler, in_hand) = (Arc::clone(&delivery.handler), InHand::default());
        *durable.done() = LastHandler::Now(Arc::clone(&handler));
        durable.recent.activate();
        let window = InFlightWindow::new(window(&delivery, handlers));
        let (answers, answered) = mpsc::unbounded_channel();
        let stop = CancellationToken::new();
        let deliverer = Deliverer {
            delivery,
            link: link.clone(),
            window: window.clone(),
            answers,
            in_hand: in_hand.clone(),
            quarantine: durables.quarantine.clone(),
            cursor: 0,
        };
        let settler = Settler {
            durable: Arc::clone(&durable),
            link,
            window,
            letters,
            stop: stop.clone(),
        };
        let stopped = stop.clone();
        let (rests, resting) = (stop.clone(), Arc::clone(&durable));
        handler.is_pumped(move || {
            rests.cancel();
            resting.recent.deactivate();
        });
        Self {
            durable,
            handler,
            in_hand,
            stop,
            deliver: crate::spawn::spawn(async move {
                tokio::select! {
                    biased;
                    () = stopped.cancelled() => {}
                    () = deliverer.run() => {}
                }
            }),
            settle: crate::spawn::spawn(settler.run(answered)),
        }
    }
}

/// The part from the store to the mailbox.
struct Deliverer {
    delivery: DurableDelivery,
    link: Listener,
    window: InFlightWindow,
    answers: mpsc::UnboundedSender<Ack>,
    in_hand: InHand,
    quarantine: Quarantine,
    /// The position of the last delivered event.
    cursor: u64,
}

impl Deliverer {
    /// Delivers until the mailbox is closed.
    async fn run(mut self) {
        while let Some(events) = self.next().await {
            for next in events {
                if self.deliver(&next).await.is_none() {
                    return;
                }
            }
        }
    }

    async fn deliver(&mut self, next: &PendingEvent) -> Option<()> {
        match next.stored.suspicion {
            Suspicion::None => self.send(next, None).await,
            Suspicion::Suspect { crashes: 0 } => {
                let is_watched = self.delivery.durable.in_flight.holds(next.stored.position);
                self.send(next, is_watched.then(Watch::with_others)).await
            }
            Suspicion::Suspect { .. } => self.send_alone(next).await,
            Suspicion::Poison { crashes } => {
                let ack = self.ack(next, None).await?;
                self.delivery.bury(next, ack, &crash_failures(crashes));
                Some(())
            }
        }
    }

    /// Delivers an event with which processes have crashed. It waits until no other such event of
    /// any subscription is in a handler, and no event at all of its own subscription.
    async fn send_alone(&mut self, next: &PendingEvent) -> Option<()> {
        self.window.clear().await;
        let watch = self.quarantine.alone().await;
        self.suspect(&[next.stored.position]).await?;
        self.send(next, Some(watch)).await?;
        self.window.clear().await;
        Some(())
    }

    async fn send(&mut self, next: &PendingEvent, watch: Option<Watch>) -> Option<()> {
        if let Some(breaker) = &self.delivery.handler.breaker {
            // Events that are not delivered yet wait in the store, so they do not take room from
            // other handlers.
            breaker.lets_through(|| self.window.in_flight() > 0).await;
        }
        let ack = self.ack(next, watch).await?;
        let Some(job) = self.delivery.job(next, ack) else {
            return Some(());
        };
        let permit = self.delivery.handler.mailbox.reserve().await.ok()?;
        permit.fill(job).then_some(())
    }

    async fn ack(&mut self, next: &PendingEvent, watch: Option<Watch>) -> Option<AckHandle> {
        let place = self.window.place().await?;
        let ticket = next.stored.record.ticket.clone();
        let answers = (&self.answers, &self.in_hand);
        let ack = AckHandle::new((next.stored.position, ticket), answers, place);
        self.cursor = next.stored.position;
        Some(match watch {
            Some(watch) => ack.watched(watch),
            None => ack,
        })
    }

    /// The next events, at least one; `None` if the store will not come back.
    async fn next(&mut self) -> Option<Vec<PendingEvent>> {
        loop {
            match self.delivery.durable.recent.ahead(self.cursor, TAKE) {
                Ahead::Here(events) => return Some(events),
                Ahead::Rewound => {
                    // Without waiting, the events in flight would be read again.
                    self.window.clear().await;
                    self.cursor = 0;
                }
                Ahead::Stored(version) => {
                    let mut events = self.read().await?;
                    if !events.is_empty() {
                        quarantine::take_one_kind(&mut events);
                        self.note_suspects(&events).await?;
                        return Some(events.into_iter().map(from_store).collect());
                    }
                    let recent = &self.delivery.durable.recent;
                    recent.exhaust(version, || self.window.in_flight() > 0);
                    recent.changed().await;
                }
            }
        }
    }

    /// Records in the store that events are about to be handled that may have been in a handler
    /// when a process crashed. After one crash, this is one call for all of them.
    async fn note_suspects(&mut self, events: &[Stored]) -> Option<()> {
        let is_first = |stored: &&Stored| stored.suspicion == Suspicion::Suspect { crashes: 0 };
        let positions = (events.iter().filter(is_first)).map(|stored| stored.position);
        let watched = (self.delivery.durable.in_flight).enter(positions, self.window.size());
        if watched.is_empty() {
            return Some(());
        }
        self.suspect(&watched).await
    }

    /// Tries until it works; `None` if the store will not come back.
    async fn suspect(&mut self, positions: &[u64]) -> Option<()> {
        let name = &self.delivery.durable.name;
        loop {
            let store = self.link.up().await?.provider();
            match ask(&store, |store| store.suspect(name, positions)).await {
                Ok(()) => return self.delivery.durable.is_answered(()),
                Err(error) => {
                    tracing::warn!(subscription = %name, "suspects can't be noted: {error}");
                    self.delivery.durable.asks_again().await;
                }
            }
        }
    }

    async fn read(&mut self) -> Option<Vec<Stored>> {
        let window = Window {
            after: self.cursor,
            events: TAKE,
            bytes: TAKE_BYTES,
        };
        let name = &self.delivery.durable.name;
        loop {
            let store = self.link.up().await?.provider();
            match ask(&store, |store| store.pending(name, window)).await {
                Ok(events) => return self.delivery.durable.is_answered(events),
                Err(error) => {
                    tracing::warn!(subscription = %name, "stored events can't be read: {error}");
                    self.delivery.durable.asks_again().await;
                }
            }
        }
    }
}

/// Each of the crashes counts as a failed call.
fn crash_failures(crashes: u32) -> Failures {
    let mut failures = Failures::before(&Error::external(format!(
        "the process crashed {} while the event was, or may have been, in its handler",
        counted(crashes, "time")
    )));
    failures.attempts = crashes;
    failures
}

fn from_store(stored: Stored) -> PendingEvent {
    PendingEvent {
        stored,
        meta: None,
        may_be_old: false,
    }
}
