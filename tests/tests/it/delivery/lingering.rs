//! A batch goes out when it is full, when its time is over, or when the plugin stops.

use std::time::Duration;

use plugin_core::Plugin;
use plugin_core::lifecycle::Running;
use plugin_core::prelude::*;
use tokio::time::Instant;

use crate::journal::{Journal, Notebook};
use crate::rig::Rig;

#[event("delivery.parcel")]
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
struct Parcel;

struct Van {
    journal: Service<dyn Journal>,
}

#[plugin(name = "delivery-van")]
impl Van {
    #[init]
    fn init(journal: Service<dyn Journal>) -> Self {
        Self { journal }
    }

    #[subscribe(batch = 3, linger = "10s")]
    async fn load(&self, parcels: Batch<Parcel>) {
        self.journal.write(parcels.len().to_string());
    }
}

async fn publish(running: &Running, count: usize) {
    for _ in 0..count {
        running.publisher().publish(Parcel).await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_batch_goes_when_it_is_full_or_its_time_is_over() {
    let running = Rig::new(&[Van::DESCRIPTOR, Notebook::DESCRIPTOR])
        .start()
        .await;
    let journal = running.service::<dyn Journal>().unwrap();
    let began = Instant::now();
    publish(&running, 3).await;
    running.idle().await;
    assert_eq!(began.elapsed(), Duration::ZERO, "a full one does not wait");
    publish(&running, 2).await;
    running.idle().await;
    let took = began.elapsed();
    assert!(
        took >= Duration::from_secs(10) && took < Duration::from_secs(11),
        "{took:?}"
    );
    assert_eq!(journal.lines(), ["3", "2"]);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_stop_does_not_wait_for_more() {
    let running = Rig::new(&[Van::DESCRIPTOR, Notebook::DESCRIPTOR])
        .start()
        .await;
    let journal = running.service::<dyn Journal>().unwrap();
    publish(&running, 1).await;
    let began = Instant::now();
    running.handle().stop("delivery-van").await.unwrap();
    assert_eq!(began.elapsed(), Duration::ZERO);
    assert_eq!(journal.lines(), ["1"]);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn each_event_of_a_batch_is_acknowledged() {
    let running = Rig::new(&[Van::DESCRIPTOR, Notebook::DESCRIPTOR])
        .start()
        .await;
    let outcomes = running.publisher().publish_and_wait(Parcel).await.unwrap();
    assert_eq!((outcomes.len(), outcomes[0].handler), (1, "load"));
    assert!(outcomes[0].result.is_ok());
    running.stop().await;
}
