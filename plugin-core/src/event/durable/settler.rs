//! The way back of a pump: removes events that are done from the store.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::Durable;
use super::ack::Ack;
use super::connection::{Listener, ask};
use super::flight::{InFlightWindow, WINDOW};
use super::store::Settled;
use crate::event::outcome::dead_letters::DeadLetters;

/// How long a pump waits before it calls a store again that failed.
const PAUSE: Duration = Duration::from_millis(250);

/// After deliveries have ended: number of attempts after which a failing store is given up. Earlier
/// attempts are counted too.
const TRIES_AT_A_STOP: u32 = 4;

/// Passes the results of the handlers to the store.
pub(super) struct Settler {
    pub(super) durable: Arc<Durable>,
    pub(super) link: Listener,
    pub(super) window: InFlightWindow,
    pub(super) letters: DeadLetters,
    /// Cancelled when no more events are delivered.
    pub(super) stop: CancellationToken,
}

impl Settler {
    /// Settles until the deliverer has ended and every delivery is answered; `false` if it gave up
    /// before.
    pub(super) async fn run(mut self, mut answered: mpsc::UnboundedReceiver<Ack>) -> bool {
        let mut answers = Vec::new();
        while answered.recv_many(&mut answers, WINDOW).await > 0 {
            let settled: Vec<Settled> = answers.iter().filter_map(Ack::settled).collect();
            if settled.len() < answers.len() {
                self.clear(&answers).await;
                self.durable.recent.rewind();
            }
            if !settled.is_empty() && self.settle(&settled).await.is_none() {
                return false;
            }
            for letter in answers.iter().filter_map(Ack::letter) {
                self.letters.announce(letter);
            }
            answers.clear();
            self.durable.recent.settled(|| self.window.in_flight() > 0);
        }
        true
    }

    /// Clears suspects that no handler finished with: a later crash is not caused by them.
    async fn clear(&mut self, answers: &[Ack]) {
        let positions: Vec<u64> = answers.iter().filter_map(Ack::cleared).collect();
        if positions.is_empty() {
            return;
        }
        let Some(store) = self.link.up().await else {
            return;
        };
        let name = &self.durable.name;
        let cleared = ask(&store.provider(), |store| store.clear(name, &positions)).await;
        if let Err(error) = cleared {
            tracing::warn!(subscription = %name, "suspects can't be cleared: {error}");
        }
    }

    /// Tries until it works; `None` if the store will not come back, or if it still fails some time
    /// after the beginning of the stop.
    async fn settle(&mut self, settled: &[Settled]) -> Option<()> {
        let mut tries = 0;
        loop {
            let store = self.link.up().await?.provider();
            match ask(&store, |store| store.settle(&self.durable.name, settled)).await {
                Ok(()) => return self.durable.is_answered(()),
                Err(error) => {
                    tracing::warn!(
                        subscription = %self.durable.name,
                        events = settled.len(),
                        "handled events can't be taken out of the store: {error}"
                    );
                    self.durable.asks_again().await;
                }
            }
            tries += 1;
            if tries >= TRIES_AT_A_STOP && self.stop.is_cancelled() {
                tracing::error!(
                    subscription = %self.durable.name,
                    events = settled.len(),
                    "the store fails while the plugin stops: events that are handled stay stored, and are handled once more at the next start"
                );
                return None;
            }
        }
    }
}

impl Durable {
    /// Records that the store has answered the pump.
    pub(super) fn is_answered<T>(&self, answer: T) -> Option<T> {
        self.asks_in_vain.store(false, Relaxed);
        Some(answer)
    }

    /// Records that the store has failed, and waits until it may be called again.
    pub(super) async fn asks_again(&self) {
        self.asks_in_vain.store(true, Relaxed);
        tokio::time::sleep(PAUSE).await;
    }
}
