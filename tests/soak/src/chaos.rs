//! What goes wrong: plugins are stopped, started, restarted and told to fail; subscriptions come
//! and go.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

use plugin_core::event::SubscriptionHandle;
use plugin_core::lifecycle::{ManagerHandle, OperationError, OperationOutcome, Running};
use plugin_core::prelude::*;
use tokio_util::sync::CancellationToken;

use super::books::{Books, Load, Pulse};
use super::options::Options;
use super::random::SplitMix64;
use super::set::{Break, FAULTY, LEAVES, SHIPPED};

/// Most subscriptions of the owner's at once.
const SUBSCRIPTIONS: usize = 8;

struct Chaos {
    running: Arc<Running>,
    manager: ManagerHandle,
    load: Arc<Load>,
    random: SplitMix64,
    subscriptions: Vec<SubscriptionHandle>,
}

/// Disturbs the system until it is over, and leaves every plugin running.
///
/// From the middle of the time on, shipped plugins are left alone: what one of them keeps goes when
/// it stops, so one that keeps more and more would be flat if it were restarted all along.
pub(super) async fn run(
    running: Arc<Running>,
    books: Service<dyn Books>,
    (options, over): (Options, CancellationToken),
) {
    let middle = Instant::now() + options.duration / 2;
    let mut chaos = Chaos {
        manager: running.handle(),
        running,
        load: books.load(),
        random: SplitMix64::new(options.seed),
        subscriptions: Vec::new(),
    };
    while !over.is_cancelled() {
        chaos.disturb(Instant::now() < middle).await;
        let pause = u64::from(chaos.random.below(40));
        tokio::time::sleep(Duration::from_millis(pause)).await;
    }
    for plugin in FAULTY.into_iter().chain(LEAVES) {
        chaos.note("start", chaos.manager.start(plugin).await);
    }
}

impl Chaos {
    async fn disturb(&mut self, all: bool) {
        let faulty = *self.random.pick(&FAULTY);
        let leaf = *self.random.pick(&LEAVES);
        match self.random.below(100) {
            0..20 => self.note("stop", self.manager.stop(faulty).await),
            20..45 => self.note("start", self.manager.start(faulty).await),
            45..55 => self.note("restart", self.manager.restart(faulty).await),
            55..65 => self.fail(faulty).await,
            65..85 => self.subscribe(),
            85..90 if all => self.note("stop", self.manager.stop(leaf).await),
            90..96 => self.note("start", self.manager.start(leaf).await),
            96..100 if all => {
                let shipped = *self.random.pick(&SHIPPED);
                self.note("restart", self.manager.restart(shipped).await);
            }
            _ => {}
        }
    }

    /// Counts an operation. One that comes too late is refused, and that is right.
    fn note(&self, what: &str, outcome: Result<OperationOutcome, OperationError>) {
        self.load.operations.fetch_add(1, Relaxed);
        match outcome {
            Ok(outcome) => {
                let left = outcome.dead_lettered + outcome.lost;
                self.load.left.fetch_add(left as u64, Relaxed);
            }
            Err(OperationError::State { .. }) => {}
            Err(error) => self.load.surprise(format!("{what}: {error}")),
        }
    }

    async fn fail(&self, plugin: &str) {
        let plugin = plugin.to_owned();
        if let Err(error) = self.running.publisher().publish(Break { plugin }).await {
            self.load.surprise(format!("break: {error}"));
        }
    }

    /// One more subscription, or one less.
    fn subscribe(&mut self) {
        let subscriber = self.running.subscriber();
        let made = match self.random.below(4) {
            _ if self.subscriptions.len() >= SUBSCRIPTIONS => return self.subscriptions.clear(),
            0 => subscriber.subscribe(|_: &Envelope<Pulse>| ()),
            1 => subscriber.subscribe_async(|_: Arc<Envelope<Pulse>>| async {
                tokio::task::yield_now().await;
            }),
            2 => subscriber.subscribe_any_async("soak.*", |_| async {}),
            _ => {
                drop(self.subscriptions.pop());
                return;
            }
        };
        match made {
            Ok(subscription) => self.subscriptions.push(subscription),
            Err(error) => self.load.surprise(format!("subscribe: {error}")),
        }
    }
}
