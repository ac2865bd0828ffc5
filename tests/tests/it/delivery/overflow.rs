//! What becomes of an event that finds a mailbox full, or the queue of its handler.
//!
//! The publisher and the plugin share one thread, so that nothing is handled before the publisher
//! awaits something: the first two of six events fill either.

use std::time::Duration;

use plugin_core::event::{PublishError, TryPublishError};
use plugin_core::prelude::*;
use plugin_core::{Descriptor, Plugin};
use serde_json::json;

use crate::journal::{Journal, Notebook};
use crate::rig::{Rig, Started, status};

/// Declares an event and a plugin that handles it under a policy.
macro_rules! policy {
    ($module:ident, $topic:literal, $name:literal, $overflow:ident) => {
        mod $module {
            use super::*;

            #[event($topic)]
            #[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
            pub(super) struct Item(pub(super) u32);

            pub(super) struct Taker {
                journal: Service<dyn Journal>,
            }

            #[plugin(name = $name)]
            impl Taker {
                #[init]
                fn init(journal: Service<dyn Journal>) -> Self {
                    Self { journal }
                }

                #[subscribe(overflow = $overflow)]
                async fn take(&self, item: &Item) {
                    self.journal.write(item.0.to_string());
                    tokio::time::sleep(Duration::from_secs(1)).await;
                }
            }
        }
    };
}

policy!(wait, "overflow.wait", "overflow-wait", wait);
policy!(oldest, "overflow.oldest", "overflow-oldest", drop_oldest);
policy!(newest, "overflow.newest", "overflow-newest", drop_newest);
policy!(fail, "overflow.fail", "overflow-fail", fail);

/// What has room for two events.
#[derive(Debug, Clone, Copy)]
enum Bound {
    /// All handlers of the plugin together.
    Mailbox,
    /// The one handler, as `handlers` of its config says.
    Queue,
}

const BOUNDS: [Bound; 2] = [Bound::Mailbox, Bound::Queue];

/// A system of one taker with room for two events.
async fn start(taker: &'static Descriptor, bound: Bound) -> Started {
    let rig = Rig::new(&[taker, Notebook::DESCRIPTOR]);
    let rig = match bound {
        Bound::Mailbox => rig.set(taker.name, "mailbox", 2),
        Bound::Queue => rig.set(taker.name, "handlers", json!({"take": {"queue": 2}})),
    };
    rig.start().await
}

/// The items that were handled, and how many were dropped.
async fn end(running: Started, taker: &'static Descriptor) -> (Vec<String>, u64) {
    running.idle().await;
    let dropped = status(&running, taker.name).events.dropped.overflow;
    let journal = running.service::<dyn Journal>().unwrap();
    assert!(running.stop().await.is_clean());
    (journal.lines(), dropped)
}

#[tokio::test(start_paused = true)]
async fn wait_holds_the_publisher_back_and_loses_nothing() {
    for bound in BOUNDS {
        let running = start(wait::Taker::DESCRIPTOR, bound).await;
        let publisher = running.publisher();
        for number in 1..=2 {
            publisher.try_publish(wait::Item(number)).unwrap();
        }
        let refused = publisher.try_publish(wait::Item(9)).unwrap_err();
        assert!(matches!(refused, TryPublishError::Full(wait::Item(9))));
        let full = status(&running, wait::Taker::NAME).events.dropped.full;
        assert_eq!(full, 1, "its publisher was told");
        for number in 3..=6 {
            publisher.publish(wait::Item(number)).await.unwrap();
        }
        let (handled, dropped) = end(running, wait::Taker::DESCRIPTOR).await;
        assert_eq!(handled, ["1", "2", "3", "4", "5", "6"]);
        assert_eq!(dropped, 0);
    }
}

#[tokio::test(start_paused = true)]
async fn drop_oldest_keeps_the_last_ones() {
    for bound in BOUNDS {
        let running = start(oldest::Taker::DESCRIPTOR, bound).await;
        for number in 1..=3 {
            running
                .publisher()
                .publish(oldest::Item(number))
                .await
                .unwrap();
        }
        for number in 4..=6 {
            running
                .publisher()
                .try_publish(oldest::Item(number))
                .unwrap();
        }
        let (handled, dropped) = end(running, oldest::Taker::DESCRIPTOR).await;
        assert_eq!(handled, ["5", "6"]);
        assert_eq!(dropped, 4);
    }
}

#[tokio::test(start_paused = true)]
async fn drop_newest_keeps_the_first_ones() {
    for bound in BOUNDS {
        let running = start(newest::Taker::DESCRIPTOR, bound).await;
        for number in 1..=3 {
            running
                .publisher()
                .publish(newest::Item(number))
                .await
                .unwrap();
        }
        for number in 4..=6 {
            running
                .publisher()
                .try_publish(newest::Item(number))
                .unwrap();
        }
        let (handled, dropped) = end(running, newest::Taker::DESCRIPTOR).await;
        assert_eq!(handled, ["1", "2"]);
        assert_eq!(dropped, 4);
    }
}

#[tokio::test(start_paused = true)]
async fn fail_tells_the_publisher_who_is_full() {
    for bound in BOUNDS {
        let running = start(fail::Taker::DESCRIPTOR, bound).await;
        let publisher = running.publisher();
        for number in 1..=2 {
            publisher.publish(fail::Item(number)).await.unwrap();
        }
        let refused = publisher.publish(fail::Item(3)).await.unwrap_err();
        assert!(
            matches!(
                &refused,
                PublishError::Full {
                    plugin: "overflow-fail",
                    handler: "take"
                }
            ),
            "{refused}"
        );
        let full = status(&running, fail::Taker::NAME).events.dropped.full;
        assert_eq!(full, 1, "its publisher was told");
        let (handled, dropped) = end(running, fail::Taker::DESCRIPTOR).await;
        assert_eq!(handled, ["1", "2"]);
        assert_eq!(dropped, 0);
    }
}

/// Who asks for an acknowledgement gets that of his own event, whatever gave way to it.
#[tokio::test(start_paused = true)]
async fn an_acknowledgement_is_that_of_the_event() {
    for bound in BOUNDS {
        let running = start(oldest::Taker::DESCRIPTOR, bound).await;
        let publisher = running.publisher::<oldest::Item>();
        let given_up = publisher.publish_and_wait(oldest::Item(1));
        let mut given_up = Box::pin(given_up);
        assert!(futures_now(given_up.as_mut()).is_none(), "it waits");
        publisher.try_publish(oldest::Item(2)).unwrap();
        let outcomes = publisher.publish_and_wait(oldest::Item(3)).await.unwrap();
        assert!(outcomes[0].result.is_ok(), "3 was handled: {outcomes:?}");
        let outcomes = given_up.await.unwrap();
        assert!(outcomes[0].result.is_err(), "1 gave way: {outcomes:?}");
        let (handled, dropped) = end(running, oldest::Taker::DESCRIPTOR).await;
        assert_eq!(handled, ["2", "3"]);
        assert_eq!(dropped, 1);
    }
}

/// Polls a future once.
fn futures_now<F: Future + ?Sized>(future: std::pin::Pin<&mut F>) -> Option<F::Output> {
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    match future.poll(&mut context) {
        std::task::Poll::Ready(output) => Some(output),
        std::task::Poll::Pending => None,
    }
}

/// A publisher that waits for room in the queue of one handler is told when its plugin stops, and
/// other handlers of the plugin take events meanwhile.
#[tokio::test(start_paused = true)]
async fn report_d_a_full_queue_is_of_one_handler_and_ends_with_its_plugin() {
    let rig = Rig::new(&[Shared::DESCRIPTOR, Notebook::DESCRIPTOR]);
    let rig = rig.set(Shared::NAME, "handlers", json!({"slow": {"queue": 1}}));
    let running = rig.start().await;
    let publisher = running.publisher();
    for number in 1..=2 {
        publisher.publish(wait::Item(number)).await.unwrap();
        running
            .publisher()
            .publish(oldest::Item(number))
            .await
            .unwrap();
        tokio::task::yield_now().await;
    }
    let mut waiting = Box::pin(publisher.publish(wait::Item(3)));
    assert!(
        futures_now(waiting.as_mut()).is_none(),
        "one runs, one waits"
    );
    running.publisher().try_publish(oldest::Item(3)).unwrap();
    running.handle().stop(Shared::NAME).await.unwrap();
    let refused = waiting.await.unwrap_err();
    assert!(matches!(refused, PublishError::Stopping), "{refused}");
    running.stop().await;
}

struct Shared {
    journal: Service<dyn Journal>,
}

#[plugin(name = "overflow-shared")]
impl Shared {
    #[init]
    fn init(journal: Service<dyn Journal>) -> Self {
        Self { journal }
    }

    #[subscribe]
    async fn slow(&self, item: &wait::Item) {
        self.journal.write(item.0.to_string());
        tokio::time::sleep(Duration::from_secs(1)).await;
    }

    #[subscribe]
    async fn quick(&self, item: &oldest::Item) {
        self.journal.write(format!("quick {}", item.0));
    }
}

#[test]
fn report_d_a_queue_of_a_handler_that_can_t_have_one_is_refused() {
    let rig = Rig::new(&[Shared::DESCRIPTOR, Notebook::DESCRIPTOR]);
    let rig = rig.set(Shared::NAME, "handlers", json!({"slow": {"queue": 1}}));
    let refused = rig.set(Shared::NAME, "replicas", 2).configure();
    let refused = refused.unwrap_err().to_string();
    assert!(refused.contains("handlers.slow.queue"), "{refused}");
    assert!(refused.contains("leave `queue` out"), "{refused}");
}
