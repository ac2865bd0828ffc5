//! The process that is killed: it publishes as fast as the store takes it, and tells what was
//! acknowledged and what was handled.

use plugin_core::prelude::*;
use plugin_core::{Composition, Plugin, lifecycle::Manager};
use plugin_queue::Queue;

use crate::durable::child::{runtime, tell, variable};

pub(super) const DIRECTORY: &str = "CRASH_DIRECTORY";
pub(super) const LIFE: &str = "CRASH_LIFE";

/// Publishers at once; each has numbers of its own.
const PUBLISHERS: u64 = 16;

/// Numbers of one life.
const NUMBERS: u64 = 1_000_000;

#[event("crash.parcel")]
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
struct Parcel {
    publisher: u64,
    number: u64,
    padding: String,
}

struct Teller;

#[plugin(name = "crash-teller")]
impl Teller {
    #[init]
    fn init() -> Self {
        Self
    }

    #[subscribe(durable)]
    async fn tell(&self, parcel: &Envelope<Parcel>) {
        let key = parcel.idempotency_key().unwrap();
        tell(&format!(
            "handled {} {} {key}.",
            parcel.publisher, parcel.number
        ));
    }
}

async fn publish(parcels: Publisher<Parcel>, publisher: u64, life: u64) {
    for number in life * NUMBERS.. {
        let parcel = Parcel {
            publisher,
            number,
            padding: "x".repeat(200),
        };
        if parcels.publish_durable(parcel).await.is_ok() {
            tell(&format!("acked {publisher} {number}."));
        }
    }
}

#[test]
#[ignore = "it is a process that the crash test starts and kills"]
fn life() {
    let last = variable("CRASH_LAST") == "true";
    runtime().block_on(async {
        let set = Composition::assemble(&[Teller::DESCRIPTOR, Queue::DESCRIPTOR]).unwrap();
        let running = Manager::builder(&set)
            .data_dir(variable(DIRECTORY))
            .configure()
            .unwrap()
            .start()
            .await
            .unwrap();
        if last {
            running.idle().await;
            assert!(running.stop().await.is_clean());
            return;
        }
        let life = variable(LIFE).parse().unwrap();
        let publishers: Vec<_> = (0..PUBLISHERS)
            .map(|publisher| publish(running.publisher(), publisher, life))
            .collect();
        run_all(publishers).await;
    });
}

/// Runs all until the process is killed.
async fn run_all(publishers: Vec<impl Future<Output = ()> + Send + 'static>) {
    let mut all = tokio::task::JoinSet::new();
    for publisher in publishers {
        all.spawn(publisher);
    }
    all.join_all().await;
}
