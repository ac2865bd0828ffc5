//! Does the operations one after the other, and writes down what it asks and what it is answered.

mod asking;
mod runs;

use std::future::Future;
use std::time::Duration;

use plugin_core::EventCounts;
use plugin_core::event::SubscriptionHandle;
use plugin_core::lifecycle::{ManagerHandle, OperationError, State};
use plugin_core::prelude::*;
use tokio::task::JoinSet;

use super::archive::Case;
use super::handlers::PLUGINS;
use super::history::{Entry, Item, Kind, Ledger, Tag};
use super::operation::{Operation, Setup};
use super::oracle::{Facts, Letter};
use crate::rig::{Rig, Started};
use asking::{publish, publish_all, subscribe};

/// What takes longer never ends: all that is waited for ends by itself, or by a time limit.
const HANGS: Duration = Duration::from_secs(600);

/// When a call that hangs goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Release {
    /// When the test says so; else its time runs out.
    Told,
    /// Also whenever the test waits for something, so that no time limit runs out.
    Always,
}

pub(super) struct Driver {
    case: Case,
    rig: Rig,
    /// The system of now.
    run: Option<Started>,
    manager: ManagerHandle,
    ledger: Service<dyn Ledger>,
    /// What those before it came to.
    sums: Sums,
    sends: JoinSet<()>,
    lanes: u32,
    handlers: usize,
    subscriptions: Vec<(usize, SubscriptionHandle)>,
    release: Release,
    setup: Setup,
}

/// What all runs of the system come to.
#[derive(Default)]
struct Sums {
    counts: [EventCounts; PLUGINS.len()],
    letters: Vec<Letter>,
    backlog: usize,
    unstored: usize,
}

/// Runs a whole case, and returns what the oracle needs.
pub(super) async fn run(setup: Setup, operations: &[Operation], release: Release) -> Facts {
    let mut driver = Driver::start(setup, release).await;
    for operation in operations {
        if matches!(operation, Operation::Reboot) {
            // The audit log is written by a thread of its own, for which a paused clock does not
            // wait.
            driver.apply(operation).await;
            continue;
        }
        let in_time = tokio::time::timeout(HANGS, driver.apply(operation)).await;
        in_time.expect("nothing hangs");
        driver.sample();
    }
    driver.finish().await
}

impl Driver {
    async fn apply(&mut self, operation: &Operation) {
        match operation {
            Operation::Start(plugin) => self.operate(*plugin, Verb::Start).await,
            Operation::Stop(plugin) => self.operate(*plugin, Verb::Stop).await,
            Operation::Restart(plugin) => self.operate(*plugin, Verb::Restart).await,
            Operation::Subscribe(plugin, kind) => self.subscribe(*plugin, *kind),
            Operation::Unsubscribe(at) => self.unsubscribe(*at),
            Operation::Send { by, items } => self.send(*by, items.clone()),
            Operation::SendAll { by, items } => self.send_all(*by, items.clone()),
            Operation::Reboot => self.reboot().await,
            Operation::Release => self.ledger.gate().notify_waiters(),
            Operation::Join => self.join().await,
            Operation::Idle => self.idle().await,
        }
    }

    async fn operate(&self, plugin: usize, verb: Verb) {
        self.ledger.write(Entry::Asked { plugin });
        let name = PLUGINS[plugin];
        let outcome = match verb {
            Verb::Start => self.waiting(self.manager.start(name)).await,
            Verb::Stop => self.waiting(self.manager.stop(name)).await,
            Verb::Restart => self.waiting(self.manager.restart(name)).await,
        };
        let (changed, lost) = match outcome {
            Ok(outcome) => (true, outcome.dead_lettered + outcome.lost),
            Err(OperationError::State { .. }) => (false, 0),
            Err(error) => panic!("`{name}` could be asked that: {error}"),
        };
        let plugins = self.manager.status().plugins;
        let status = plugins.iter().find(|status| status.name == name);
        let runs = status.unwrap().state == State::Running;
        self.ledger.write(Entry::Answered {
            plugin,
            changed,
            runs,
            lost,
        });
    }

    fn subscribe(&mut self, plugin: usize, kind: Kind) {
        let handler = self.handlers;
        self.handlers += 1;
        self.ledger.write(Entry::Subscribing {
            handler,
            plugin,
            kind,
        });
        let made = subscribe(&self.ledger.sender(plugin), handler, kind);
        let accepted = made.is_ok();
        self.ledger.write(Entry::Subscribed { handler, accepted });
        if let Ok(subscription) = made {
            self.subscriptions.push((handler, subscription));
        }
    }

    fn unsubscribe(&mut self, at: usize) {
        if self.subscriptions.is_empty() {
            return;
        }
        let at = at % self.subscriptions.len();
        let (handler, subscription) = self.subscriptions.swap_remove(at);
        self.ledger.write(Entry::Unsubscribing { handler });
        subscription.unsubscribe();
        self.ledger.write(Entry::Unsubscribed { handler });
    }

    fn send(&mut self, by: usize, items: Vec<Item>) {
        let lane = self.lanes;
        self.lanes += 1;
        let (sender, ledger) = (self.ledger.sender(by), self.ledger.clone());
        self.sends.spawn(async move {
            for (item, number) in items.into_iter().zip(0..) {
                let tag = Tag { lane, number };
                let noted = item.clone();
                ledger.write(Entry::Publishing {
                    tag,
                    by,
                    item: noted,
                });
                let answer = publish(&sender, tag, &item).await;
                ledger.write(Entry::Published { tag, answer });
            }
        });
    }

    fn send_all(&mut self, by: usize, items: Vec<Item>) {
        let lane = self.lanes;
        self.lanes += 1;
        let (sender, ledger) = (self.ledger.sender(by), self.ledger.clone());
        self.sends.spawn(async move {
            let tags = (0..).map(|number| Tag { lane, number });
            let events: Vec<_> = tags.zip(items).collect();
            for (tag, item) in events.iter().cloned() {
                ledger.write(Entry::Publishing { tag, by, item });
            }
            let answers = publish_all(&sender, &events).await;
            for ((tag, _), answer) in events.into_iter().zip(answers) {
                ledger.write(Entry::Published { tag, answer });
            }
        });
    }

    async fn join(&mut self) {
        let mut sends = std::mem::take(&mut self.sends);
        self.waiting(async {
            while let Some(sent) = sends.join_next().await {
                sent.expect("no publisher panics");
            }
        })
        .await;
    }

    async fn idle(&self) {
        self.ledger.write(Entry::Idle);
        self.waiting(self.running().idle()).await;
        let backlog = self.running().bus().backlog();
        self.ledger.write(Entry::WasIdle { backlog });
    }

    /// Waits for something, and meanwhile lets hung calls go on, if that is the way.
    async fn waiting<T>(&self, what: impl Future<Output = T>) -> T {
        let gate = self.ledger.gate();
        let releasing = async {
            loop {
                tokio::time::sleep(Duration::from_millis(1)).await;
                gate.notify_waiters();
            }
        };
        match self.release {
            Release::Told => what.await,
            Release::Always => tokio::select! {
                done = what => done,
                () = releasing => unreachable!("it never ends"),
            },
        }
    }

    /// Writes down what the status says of mailboxes.
    fn sample(&self) {
        for status in self.manager.status().plugins {
            let plugin = PLUGINS.iter().position(|name| *name == status.name);
            if let Some(plugin) = plugin {
                let queued = status.queued;
                self.ledger.write(Entry::Sampled { plugin, queued });
            }
        }
    }
}

enum Verb {
    Start,
    Stop,
    Restart,
}
