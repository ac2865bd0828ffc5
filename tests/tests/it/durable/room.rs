//! A store without room: what waits is counted, and what is dropped is handled nowhere.

use std::time::Duration;

use plugin_core::Plugin;
use plugin_core::event::EventStore;
use plugin_core::event::store::Stock;
use plugin_core::prelude::*;
use plugin_queue::Queue;
use serde_json::json;
use tokio::sync::Semaphore;

use crate::durable::parcel::{Parcel, hanging, parcel, rig, without_keys};
use crate::journal::{Journal, Notebook};
use crate::rig::{Rig, Started};

const LIMIT: Duration = Duration::from_secs(60);

/// Takes parcels once it is open. Only one test has it.
struct Desk(Service<dyn Journal>);

static OPEN: Semaphore = Semaphore::const_new(0);

#[plugin(name = "durable-desk")]
impl Desk {
    #[init]
    fn init(journal: Service<dyn Journal>) -> Self {
        Self(journal)
    }

    #[subscribe(durable)]
    async fn take(&self, parcel: &Parcel) -> Result<()> {
        let _open = OPEN.acquire().await?;
        self.0.write(format!("{:03}", parcel.number));
        Ok(())
    }
}

fn full(rig: Rig, max_events: u64, on_full: &str) -> Rig {
    let config = json!({ "max_events": max_events, "on_full": on_full });
    rig.config("queue-plugin", config)
}

async fn stock(running: &Started) -> Stock {
    stocked(running).await.expect("something is stored")
}

/// What is stored of the one subscription, from the first commit on.
async fn stocked(running: &Started) -> Option<Stock> {
    let store = running.service::<dyn EventStore>().unwrap();
    let mut stock = store.stock().await.unwrap();
    assert!(stock.len() <= 1, "one subscription: {stock:?}");
    stock.pop()
}

fn unstored(running: &Started) -> usize {
    let plugins = running.handle().status().plugins.into_iter();
    plugins.map(|plugin| plugin.unstored).sum()
}

/// Waits until so many events wait for room, as the process and as its file say.
async fn waiting(running: &Started, events: usize) {
    let wanted = async {
        let is_told = |stock: Stock| stock.waiting == events as u64;
        while unstored(running) != events || !stocked(running).await.is_some_and(is_told) {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(LIMIT, wanted)
        .await
        .expect("it is not counted");
}

fn handled(running: &Started) -> Vec<String> {
    let lines = running.service::<dyn Journal>().unwrap().lines();
    let handled = without_keys(&lines).into_iter();
    handled
        .filter(|line| line.starts_with("handled"))
        .map(str::to_owned)
        .collect()
}

#[tokio::test]
async fn report_b19_what_waits_for_room_is_counted_and_stored_once_there_is_some() {
    let running = full(rig(), 2, "wait").start().await;
    let (plugins, parcels) = (running.handle(), running.publisher::<Parcel>());
    plugins.stop("durable-receiver").await.unwrap();
    let mut all = tokio::task::JoinSet::new();
    for number in 1..=62 {
        let parcels = parcels.clone();
        all.spawn(async move { parcels.publish_durable(parcel(number)).await });
    }
    waiting(&running, 60).await;
    assert_eq!(stock(&running).await.pending, 2);
    plugins.start("durable-receiver").await.unwrap();
    for stored in all.join_all().await {
        stored.unwrap();
    }
    running.idle().await;
    assert_eq!(handled(&running).len(), 62);
    waiting(&running, 0).await;
    running.stop().await;
}

#[tokio::test]
async fn report_b20_what_its_handler_has_does_not_give_way() {
    let rig = full(hanging(rig(), Some(1)), 3, "drop_oldest");
    let running = rig.start().await;
    let parcels = running.publisher::<Parcel>();
    parcels.publish_durable(parcel(1)).await.unwrap();
    let journal = running.service::<dyn Journal>().unwrap();
    let began = async {
        while journal.lines().is_empty() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(LIMIT, began)
        .await
        .expect("it is not called");
    for number in 2..=10 {
        parcels.publish_durable(parcel(number)).await.unwrap();
    }
    let now = stock(&running).await;
    assert_eq!((now.pending, now.dropped), (3, 7));
    running.insist();
    running.stop().await;

    let running = full(hanging(rig, None), 3, "drop_oldest").start().await;
    running.idle().await;
    let expected = [1, 9, 10].map(|number| format!("handled {number} from host"));
    assert_eq!(handled(&running), expected);
    assert_eq!(stock(&running).await.dropped, 7);
    running.insist();
    running.stop().await;
}

#[tokio::test]
async fn report_b20_each_event_is_handled_or_dropped_and_counted_once() {
    let set = [Desk::DESCRIPTOR, Notebook::DESCRIPTOR, Queue::DESCRIPTOR];
    let running = full(Rig::new(&set), 5, "drop_oldest").start().await;
    let parcels = running.publisher::<Parcel>();
    for number in 1..=100 {
        parcels.publish_durable(parcel(number)).await.unwrap();
    }
    let now = stock(&running).await;
    assert_eq!((now.pending, now.dropped), (5, 95));
    OPEN.add_permits(1);
    running.idle().await;
    let lines = running.service::<dyn Journal>().unwrap().lines();
    assert_eq!(lines.len(), 5, "{lines:?}");
    assert!(lines.iter().is_sorted() && lines[1..] == ["097", "098", "099", "100"]);
    let left = stock(&running).await;
    assert_eq!((left.pending, left.dropped), (0, 95));
    running.stop().await;
}
