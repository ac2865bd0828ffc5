//! One that is not done with its events when it is to stop.

use plugin_core::Plugin;
use plugin_core::prelude::*;
use tokio::time::Instant;

use super::{Signal, beside, publish, witnessed};
use crate::logged::Logged;

struct Endless;

#[plugin(name = "misbehaving-endless")]
impl Endless {
    #[init]
    fn init() -> Self {
        Self
    }

    #[subscribe(timeout = "1h")]
    async fn hang(&self, _signal: &Signal) {
        std::future::pending().await
    }
}

#[tokio::test(start_paused = true)]
async fn the_stop_goes_on_without_it_and_counts_what_is_left() {
    let log = Logged::here();
    let rig = (beside(Endless::DESCRIPTOR))
        .set("misbehaving-endless", "timeout", "3s")
        .set("plugin_manager", "drain_timeout", "1s");
    let running = rig.start().await;
    publish(&running, 5).await;
    witnessed(&running, 5).await;
    let began = Instant::now();
    let report = running.stop().await;
    assert_eq!(began.elapsed().as_secs(), 4, "the whole, then it alone");
    let stop = |name| {
        report
            .plugins
            .iter()
            .find(|stop| stop.name == name)
            .unwrap()
    };
    let endless = stop("misbehaving-endless");
    assert_eq!((&*endless.late, endless.dead_lettered), (&["drain"][..], 5));
    assert!(stop("misbehaving-witness").is_clean());
    assert_eq!(
        log.count(&["ERROR", "plugin=misbehaving-endless", "dead_lettered=5"]),
        1
    );
    assert_eq!(log.count(&["WARN", "backlog=5"]), 1);
}

/// The operator who stops it by hand is told, too, and it can be started again.
#[tokio::test(start_paused = true)]
async fn an_operation_says_what_was_left() {
    let rig = beside(Endless::DESCRIPTOR).set("misbehaving-endless", "timeout", "3s");
    let running = rig.start().await;
    let manager = running.handle();
    publish(&running, 2).await;
    let restarted = manager.restart("misbehaving-endless").await.unwrap();
    assert_eq!((restarted.dead_lettered, restarted.lost), (2, 0));
    publish(&running, 3).await;
    let stopped = manager.stop("misbehaving-endless").await.unwrap();
    assert_eq!((stopped.dead_lettered, stopped.lost), (3, 0));
    assert_eq!(running.bus().backlog(), 0, "what is left is not waited for");
    assert!(running.stop().await.is_clean());
}
