//! A plugin with a durable subscription is dropped when it stops, as any other, though the
//! subscription goes on; and no task is left of the system.

use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use plugin_core::Plugin;
use plugin_core::prelude::*;
use plugin_queue::Queue;

use crate::rig::Rig;

/// Instances of the plugin of this file that are alive. Only one test makes any.
static ALIVE: AtomicUsize = AtomicUsize::new(0);

#[event("durable.letter")]
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
struct Letter;

/// Receives letters, and could send them: it holds the bus.
struct Post(#[expect(dead_code, reason = "to hold it is enough")] Publisher<Letter>);

#[plugin(name = "durable-post")]
impl Post {
    #[init]
    fn init(letters: Publisher<Letter>) -> Self {
        ALIVE.fetch_add(1, SeqCst);
        Self(letters)
    }

    #[subscribe(durable)]
    async fn receive(&self, _letter: &Letter) {}
}

impl Drop for Post {
    fn drop(&mut self) {
        ALIVE.fetch_sub(1, SeqCst);
    }
}

#[tokio::test]
async fn its_plugin_is_dropped_when_it_stops_and_what_it_did_is_kept() {
    let metrics = tokio::runtime::Handle::current().metrics();
    let before = metrics.num_alive_tasks();
    let running = Rig::new(&[Post::DESCRIPTOR, Queue::DESCRIPTOR])
        .start()
        .await;
    running.publisher().publish(Letter).await.unwrap();
    running.idle().await;
    assert_eq!(ALIVE.load(SeqCst), 1);
    running.handle().stop("durable-post").await.unwrap();
    assert_eq!(ALIVE.load(SeqCst), 0, "the subscription goes on without it");
    let mut reports = running.bus().handlers().into_iter();
    let report = reports.find(|report| report.plugin == "durable-post");
    assert_eq!(report.unwrap().received, 1);
    running.handle().start("durable-post").await.unwrap();
    assert!(running.stop().await.is_clean());
    assert_eq!(ALIVE.load(SeqCst), 0);
    // A task that has heard the end of its channel ends at its next turn.
    let ended = async {
        while metrics.num_alive_tasks() > before {
            tokio::task::yield_now().await;
        }
    };
    let in_time = tokio::time::timeout(std::time::Duration::from_secs(5), ended).await;
    in_time.expect("no task is left");
}
