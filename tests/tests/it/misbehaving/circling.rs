//! One that publishes to itself, again and again.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use plugin_core::Plugin;
use plugin_core::prelude::*;

use super::{Signal, beside, publish, report, witnessed};
use crate::logged::Logged;
use crate::rig::status;

#[event("misbehaving.round")]
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
struct Round;

/// On the publisher's stack.
struct Inline(Publisher<Signal>);

#[plugin(name = "misbehaving-inline")]
impl Inline {
    #[init]
    fn init(signals: Publisher<Signal>) -> Self {
        Self(signals)
    }

    #[subscribe(priority = 9)]
    fn again(&self, signal: &Signal) -> Result<()> {
        let number = signal.number + 1;
        Ok(self.0.try_publish(Signal { number })?)
    }
}

#[tokio::test(start_paused = true)]
async fn inline_it_ends_at_the_depth_that_is_allowed() {
    let log = Logged::here();
    let running = beside(Inline::DESCRIPTOR).start().await;
    publish(&running, 1).await;
    running.idle().await;
    let circle = report(&running, "misbehaving-inline", "again");
    assert_eq!(circle.errors, 1, "the innermost");
    assert_eq!(log.count(&["ERROR", "handler=again", "32 times"]), 1);
    let published = status(&running, "misbehaving-inline").events.published;
    assert_eq!(published, 32);
    // Of the innermost event the witness's inline handler is refused, too.
    let witness = report(&running, "misbehaving-witness", "hear_later");
    assert_eq!((witness.received, witness.errors), (33, 0));
    assert!(running.stop().await.is_clean());
}

/// By way of its own mailbox.
struct Queued {
    rounds: Publisher<Round>,
    count: Arc<AtomicU64>,
}

#[plugin(name = "misbehaving-queued")]
impl Queued {
    #[init]
    fn init(rounds: Publisher<Round>) -> Self {
        let count = Arc::default();
        Self { rounds, count }
    }

    #[subscribe]
    async fn begin(&self, _signal: &Signal) -> Result<()> {
        Ok(self.rounds.publish(Round).await?)
    }

    #[subscribe]
    async fn again(&self, _round: &Round) -> Result<()> {
        self.count.fetch_add(1, Relaxed);
        Ok(self.rounds.publish(Round).await?)
    }
}

/// On one thread, where a loop that never waits could keep all others from running.
#[tokio::test]
async fn queued_it_lets_others_run_and_ends_with_its_plugin() {
    // A chain that does not end while the test runs: `endless` says how one ends.
    let rig = beside(Queued::DESCRIPTOR)
        .set("plugin_manager", "max_event_depth", 65_535)
        .set("plugin_manager", "drain_timeout", "50ms");
    let running = rig.start().await;
    publish(&running, 1).await;
    witnessed(&running, 1).await;
    for seen in 2..200 {
        let number = seen;
        let published = running.publisher().publish(Signal { number }).await;
        published.unwrap();
        witnessed(&running, seen).await;
    }
    let circle = report(&running, "misbehaving-queued", "again");
    assert!(circle.received > 200, "it went on: {circle:?}");
    assert_eq!(circle.errors, 0);
    let stopped = running.stop().await;
    assert!(
        stopped.is_clean(),
        "the circle is cut, and drained: {stopped:?}"
    );
}
