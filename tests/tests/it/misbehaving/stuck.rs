//! One that never returns.

use plugin_core::Plugin;
use plugin_core::lifecycle::State;
use plugin_core::prelude::*;
use tokio::time::Instant;

use super::{Signal, beside, publish, report, witnessed};
use crate::logged::Logged;
use crate::rig::status;

struct Stuck;

#[plugin(name = "misbehaving-stuck")]
impl Stuck {
    #[init]
    fn init() -> Self {
        Self
    }

    #[subscribe(timeout = "2s")]
    async fn hang(&self, _signal: &Signal) {
        std::future::pending().await
    }
}

struct Shedding;

#[plugin(name = "misbehaving-shedding")]
impl Shedding {
    #[init]
    fn init() -> Self {
        Self
    }

    #[subscribe(timeout = "1h", overflow = drop_newest)]
    async fn hang(&self, _signal: &Signal) {
        std::future::pending().await
    }
}

#[tokio::test(start_paused = true)]
async fn each_of_its_calls_runs_out_of_time_and_is_named() {
    let log = Logged::here();
    let running = beside(Stuck::DESCRIPTOR).start().await;
    let began = Instant::now();
    publish(&running, 3).await;
    witnessed(&running, 3).await;
    assert!(began.elapsed().as_secs() < 2, "it is stuck at the first");
    running.idle().await;
    assert_eq!(began.elapsed().as_secs(), 6);
    let report = report(&running, "misbehaving-stuck", "hang");
    assert_eq!((report.received, report.errors, report.timeouts), (3, 3, 3));
    let status = status(&running, "misbehaving-stuck");
    assert_eq!((status.events.errors, status.state), (3, State::Running));
    let named = [
        "ERROR",
        "plugin=misbehaving-stuck",
        "handler=hang",
        "within 2s",
    ];
    assert_eq!(log.count(&named), 3);
    assert!(running.stop().await.is_clean());
}

/// With a policy that drops, a stuck one holds up nobody, however much is published.
#[tokio::test(start_paused = true)]
async fn what_does_not_fit_is_dropped_and_counted() {
    let rig = beside(Shedding::DESCRIPTOR).set("misbehaving-shedding", "mailbox", 2);
    let running = rig
        .set("misbehaving-shedding", "timeout", "1s")
        .start()
        .await;
    let began = Instant::now();
    publish(&running, 1).await;
    witnessed(&running, 1).await;
    publish(&running, 99).await;
    witnessed(&running, 100).await;
    assert_eq!(began.elapsed().as_secs(), 0);
    let shedding = status(&running, "misbehaving-shedding");
    assert_eq!(shedding.events.received, 1, "it is stuck there");
    assert_eq!((shedding.events.dropped.overflow, shedding.queued), (97, 3));
    let stopped = running.stop().await;
    let left = (stopped.plugins.iter()).map(|stop| stop.dead_lettered);
    assert_eq!(left.sum::<usize>(), 3, "and the rest is in the report");
}
