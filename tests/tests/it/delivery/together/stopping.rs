//! Who stops while many events are published: how many of them are, the publisher is told.

use plugin_core::Plugin;
use plugin_core::event::PublishError;
use plugin_core::prelude::*;
use tokio::task::JoinSet;

use super::{Number, numbers};
use crate::rig::Rig;

/// Takes a millisecond for each.
struct Slow;

#[plugin(name = "test-slow")]
impl Slow {
    #[init]
    fn init() -> Self {
        Self
    }

    #[subscribe]
    async fn take(&self, _number: &Number) {
        tokio::time::sleep(std::time::Duration::from_millis(1)).await;
    }
}

/// Comes to no end with the first.
struct Stuck;

#[plugin(name = "test-stuck")]
impl Stuck {
    #[init]
    fn init() -> Self {
        Self
    }

    #[subscribe(timeout = "1h")]
    async fn take(&self, _number: &Number) {
        std::future::pending().await
    }
}

#[tokio::test(start_paused = true)]
async fn a_publisher_that_stops_with_the_last_of_them_has_published_all() {
    for count in [20, 64] {
        let rig = Rig::new(&[Slow::DESCRIPTOR]).set("test-slow", "mailbox", 10);
        let running = rig.start().await;
        let publisher = running.publisher::<Number>();
        let mut publishing = JoinSet::new();
        publishing.spawn(async move { publisher.publish_all(numbers(count)).await });
        tokio::task::yield_now().await;
        assert!(running.stop().await.is_clean());
        let published = publishing.join_next().await.unwrap().unwrap();
        assert_eq!(published.unwrap(), count as usize);
    }
}

/// The mailbox and the handler have the first series, and nothing of the second one.
#[tokio::test(start_paused = true)]
async fn a_series_that_nobody_was_left_for_is_not_published() {
    let rig = Rig::new(&[Stuck::DESCRIPTOR]).set("test-stuck", "mailbox", 63);
    let running = rig.start().await;
    let publisher = running.publisher::<Number>();
    let mut publishing = JoinSet::new();
    publishing.spawn(async move { publisher.publish_all(numbers(200)).await });
    tokio::task::yield_now().await;
    let stopped = running.handle().stop("test-stuck").await.unwrap();
    assert_eq!(stopped.dead_lettered, 64);
    let published = publishing.join_next().await.unwrap().unwrap();
    let error = published.unwrap_err();
    assert!(matches!(error.source, PublishError::Stopping), "{error}");
    assert_eq!(error.published, 64);
}
