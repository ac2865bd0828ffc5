//! Each reason for which an event is neither handled nor kept as a dead letter has a count.
//! `overflow` and `full` are in `overflow.rs`, `store` is in `durable/refused.rs`, and `refused` in
//! `interceptors/scope.rs`.

use std::sync::{Mutex, OnceLock};

use plugin_core::Plugin;
use plugin_core::event::{PublishError, SubscriptionHandle};
use plugin_core::prelude::*;
use tokio::sync::Semaphore;

use crate::rig::{Rig, Started, status};

#[event("drops.coin")]
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
struct Coin(u32);

#[event("drops.bell")]
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
struct Bell {}

struct Chooser;

#[plugin(name = "drops-chooser")]
impl Chooser {
    #[init]
    fn init() -> Self {
        Self
    }

    #[subscribe(filter = |coin| 12 / coin.0 > 0)]
    async fn choose(&self, _: &Coin) {}
}

static CALLED: Semaphore = Semaphore::const_new(0);
static SUBSCRIPTION: Mutex<Option<SubscriptionHandle>> = Mutex::new(None);

/// Handles the first coin until its subscription has ended.
struct Slow;

#[plugin(name = "drops-slow")]
impl Slow {
    #[init]
    fn init(subscriber: Subscriber) -> Result<Self> {
        let handle = subscriber.subscribe_async::<Coin, _>(|_| async {
            CALLED.add_permits(1);
            while SUBSCRIPTION.lock().unwrap().is_some() {
                tokio::task::yield_now().await;
            }
        })?;
        *SUBSCRIPTION.lock().unwrap() = Some(handle);
        Ok(Self)
    }
}

static KEPT: OnceLock<Publisher<Bell>> = OnceLock::new();

/// Publishes what it handles.
struct Echo(Publisher<Bell>);

#[plugin(name = "drops-echo")]
impl Echo {
    #[init]
    fn init(bells: Publisher<Bell>) -> Self {
        Self(KEPT.get_or_init(|| bells).clone())
    }

    #[subscribe]
    async fn ring(&self, bell: &Bell) -> Result<()> {
        Ok(self.0.publish(bell.clone()).await?)
    }
}

/// The reasons that have a count, and the counts.
fn dropped(running: &Started, plugin: &str) -> Vec<(&'static str, u64)> {
    let reasons = status(running, plugin).events.dropped;
    reasons
        .by_reason()
        .filter(|(_, count)| *count > 0)
        .collect()
}

#[tokio::test(start_paused = true)]
async fn report_13_an_event_whose_filter_panics_is_counted_as_dropped_by_its_handler() {
    let running = Rig::new(&[Chooser::DESCRIPTOR]).start().await;
    for value in [0, 1, 0, 13] {
        running.publisher().publish(Coin(value)).await.unwrap();
    }
    running.idle().await;
    assert_eq!(dropped(&running, "drops-chooser"), [("filter", 2)]);
    let handlers = running.bus().handlers();
    let of_handler = handlers.iter().map(|report| report.dropped.filter);
    assert_eq!(of_handler.collect::<Vec<_>>(), [2]);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn report_13_events_that_wait_for_a_subscription_that_ends_are_counted_as_dropped() {
    let running = Rig::new(&[Slow::DESCRIPTOR]).start().await;
    for value in 1..=3 {
        running.publisher().publish(Coin(value)).await.unwrap();
    }
    CALLED.acquire().await.unwrap().forget();
    drop(SUBSCRIPTION.lock().unwrap().take());
    running.idle().await;
    assert_eq!(dropped(&running, "drops-slow"), [("ended", 2)]);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn report_13_an_event_of_a_plugin_is_dropped_in_an_endless_chain_and_when_it_stops() {
    let running = Rig::new(&[Echo::DESCRIPTOR])
        .set("plugin_manager", "max_event_depth", 5)
        .start()
        .await;
    running.publisher().publish(Bell {}).await.unwrap();
    running.idle().await;
    assert_eq!(dropped(&running, "drops-echo"), [("endless", 1)]);
    running.handle().stop("drops-echo").await.unwrap();
    let late = KEPT.get().unwrap().publish(Bell {}).await;
    assert!(matches!(late, Err(PublishError::Stopping)), "{late:?}");
    assert_eq!(
        dropped(&running, "drops-echo"),
        [("endless", 1), ("stopping", 1)]
    );
    running.stop().await;
}
