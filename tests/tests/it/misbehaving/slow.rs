//! One that takes a second for each event.

use std::time::Duration;

use plugin_core::Plugin;
use plugin_core::prelude::*;
use tokio::time::Instant;

use super::{Signal, beside, publish, report, witnessed};
use crate::rig::status;

struct Slow;

#[plugin(name = "misbehaving-slow")]
impl Slow {
    #[init]
    fn init() -> Self {
        Self
    }

    #[subscribe]
    async fn take(&self, _signal: &Signal) {
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn it_holds_up_nobody_but_itself() {
    let running = beside(Slow::DESCRIPTOR).start().await;
    let began = Instant::now();
    publish(&running, 100).await;
    witnessed(&running, 100).await;
    assert!(began.elapsed().as_secs() < 1, "it is at its first event");
    assert_eq!(status(&running, "misbehaving-slow").queued, 100);
    assert_eq!(status(&running, "misbehaving-witness").queued, 0);
    running.idle().await;
    assert_eq!(began.elapsed().as_secs(), 100);
    assert_eq!(report(&running, "misbehaving-slow", "take").received, 100);
    assert!(running.stop().await.is_clean());
}

/// Who lets a publisher wait does so when its mailbox is full; the publisher waits, and no more.
#[tokio::test(start_paused = true)]
async fn a_full_mailbox_holds_its_publisher_back_and_no_other() {
    let rig = beside(Slow::DESCRIPTOR).set("misbehaving-slow", "mailbox", 2);
    let running = rig.start().await;
    let began = Instant::now();
    publish(&running, 13).await;
    assert_eq!(began.elapsed().as_secs(), 10, "two wait, one is handled");
    witnessed(&running, 13).await;
    assert_eq!(
        began.elapsed().as_secs(),
        10,
        "each had it when it was published"
    );
    assert!(running.stop().await.is_clean());
}
