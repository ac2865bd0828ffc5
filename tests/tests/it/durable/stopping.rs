//! A stop does not wait for what is stored: it ends after the call that runs.

use std::time::Duration;

use plugin_core::Plugin;
use plugin_core::event::store::Stock;
use plugin_core::event::{DeadLetterQuery, EventStore};
use plugin_core::prelude::*;
use plugin_queue::Queue;
use tokio::time::Instant;

use crate::journal::{Journal, Notebook};
use crate::rig::{Rig, Started};

/// An event that says how its call ends.
macro_rules! call {
    ($type:ident, $topic:literal) => {
        #[event($topic)]
        #[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
        struct $type {
            /// `fail`, `hang`, or how many milliseconds the call takes.
            how: String,
        }
    };
}

call!(Stored, "stopping.stored");
call!(Wide, "stopping.wide");
call!(Guarded, "stopping.guarded");

struct Slow(Service<dyn Journal>);

#[plugin(name = "stopping-slow")]
impl Slow {
    #[init]
    fn init(journal: Service<dyn Journal>) -> Self {
        Self(journal)
    }

    async fn call(&self, how: &str) -> Result<()> {
        self.0.write(format!("began {how}"));
        match how {
            "fail" => return Err(Error::retriable("down")),
            "hang" => std::future::pending().await,
            millis => tokio::time::sleep(Duration::from_millis(millis.parse()?)).await,
        }
        self.0.write(format!("ended {how}"));
        Ok(())
    }

    #[subscribe(durable, retry = 5, backoff = "1h", max_backoff = "1h")]
    async fn stored(&self, event: &Stored) -> Result<()> {
        self.call(&event.how).await
    }

    #[subscribe(
        durable,
        concurrency = 2,
        retry = 5,
        backoff = "1h",
        max_backoff = "1h"
    )]
    async fn wide(&self, event: &Wide) -> Result<()> {
        self.call(&event.how).await
    }

    #[subscribe(durable, retry = 5, breaker = 1, open_for = "1h")]
    async fn guarded(&self, event: &Guarded) -> Result<()> {
        self.call(&event.how).await
    }
}

fn rig() -> Rig {
    Rig::new(&[Slow::DESCRIPTOR, Notebook::DESCRIPTOR, Queue::DESCRIPTOR])
}

async fn until(running: &Started, lines: usize) {
    let journal = running.service::<dyn Journal>().unwrap();
    let waited = async {
        while journal.lines().len() < lines {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let waited = tokio::time::timeout(Duration::from_secs(20), waited).await;
    assert!(waited.is_ok(), "{:?}", journal.lines());
}

/// Stops the system; says how long that took, and what the next one has in its store.
async fn stop(rig: &Rig, running: Started) -> (Duration, u64) {
    let began = Instant::now();
    let report = running.stop().await;
    let took = began.elapsed();
    assert!(report.is_clean(), "{report:?}");
    let next = rig.with_plugins(&[Queue::DESCRIPTOR]).start().await;
    let stock = next.service::<dyn EventStore>().unwrap();
    let stock: Vec<Stock> = stock.stock().await.unwrap();
    let pending = stock.iter().map(|one| one.pending).sum();
    let letters = next.dead_letters().list(DeadLetterQuery::new()).await;
    assert_eq!(letters.unwrap().letters.len(), 0);
    next.stop().await;
    (took, pending)
}

#[tokio::test]
async fn report_b6_a_stop_waits_for_no_retry_of_a_stored_event() {
    let rig = rig();
    let running = rig.start().await;
    for how in ["fail", "1", "1"] {
        let how = how.to_owned();
        let (stored, wide) = (Stored { how: how.clone() }, Wide { how: how.clone() });
        running.publisher().publish(stored).await.unwrap();
        running.publisher().publish(wide).await.unwrap();
        running.publisher().publish(Guarded { how }).await.unwrap();
    }
    until(&running, 3 + 4).await;
    let (took, left) = stop(&rig, running).await;
    assert!(took < Duration::from_secs(2), "{took:?}");
    assert_eq!(left, 3 + 1 + 3);
}

#[tokio::test]
async fn report_b6_a_stop_goes_on_with_what_ends_well_for_the_time_of_the_drain() {
    let rig = rig().set("plugin_manager", "drain_timeout", "900ms");
    let running = rig.start().await;
    for how in ["5", "5", "400", "60000", "5"] {
        let how = how.to_owned();
        running.publisher().publish(Stored { how }).await.unwrap();
    }
    let journal = running.service::<dyn Journal>().unwrap();
    let (took, left) = stop(&rig, running).await;
    assert!(took < Duration::from_secs(3), "{took:?}");
    assert_eq!(left, 2, "the long call and what is behind it");
    assert!(journal.lines().contains(&"ended 400".to_owned()));
}

#[tokio::test]
async fn report_b6_a_stop_ends_after_the_call_that_fails() {
    let rig = rig();
    let running = rig.start().await;
    for how in ["5", "fail", "5"] {
        let how = how.to_owned();
        running.publisher().publish(Stored { how }).await.unwrap();
    }
    let (took, left) = stop(&rig, running).await;
    assert!(took < Duration::from_secs(2), "{took:?}");
    assert_eq!(left, 2, "what failed and what is behind it");
}

#[tokio::test]
async fn report_b6_a_call_that_hangs_is_given_up_after_the_time_of_the_drain() {
    let rig = rig().set("plugin_manager", "drain_timeout", "300ms");
    let running = rig.start().await;
    let how = "hang".to_owned();
    running.publisher().publish(Stored { how }).await.unwrap();
    until(&running, 1).await;
    let (took, left) = stop(&rig, running).await;
    assert!(
        took >= Duration::from_millis(300) && took < Duration::from_secs(3),
        "{took:?}"
    );
    assert_eq!(left, 1);
}

#[tokio::test]
async fn report_b6_a_restart_of_the_plugin_waits_no_longer_and_begins_again() {
    let rig = rig().set("plugin_manager", "drain_timeout", "300ms");
    let running = rig.start().await;
    for how in ["fail", "1"] {
        let how = how.to_owned();
        running.publisher().publish(Stored { how }).await.unwrap();
    }
    until(&running, 1).await;
    let began = Instant::now();
    running.handle().restart("stopping-slow").await.unwrap();
    assert!(began.elapsed() < Duration::from_secs(2));
    until(&running, 2).await;
    let (_, left) = stop(&rig, running).await;
    assert_eq!(left, 2);
}
