//! The events of durable handlers wait in the store: the others find room in the mailbox.

use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::time::Duration;

use plugin_core::Plugin;
use plugin_core::event::DeadLetterQuery;
use plugin_core::lifecycle::WaitsFor;
use plugin_core::prelude::*;
use plugin_queue::Queue;

use crate::journal::{Journal, Notebook};
use crate::rig::Rig;

#[event("stored.mail")]
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
struct Mail {
    id: u32,
}

#[event("stored.text")]
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
struct Text {
    id: u32,
}

#[event("stored.target")]
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
struct Target {
    down: bool,
}

struct Post {
    journal: Service<dyn Journal>,
    down: AtomicBool,
}

#[plugin(name = "stored-post")]
impl Post {
    #[init]
    fn init(journal: Service<dyn Journal>) -> Self {
        let down = AtomicBool::new(true);
        Self { journal, down }
    }

    #[subscribe]
    fn switch(&self, target: &Target) {
        self.down.store(target.down, SeqCst);
    }

    #[subscribe(
        durable,
        concurrency = 4,
        retry = 3,
        backoff = "20ms",
        breaker = 3,
        open_for = "50ms"
    )]
    async fn mail(&self, mail: &Mail) -> Result<()> {
        if self.down.load(SeqCst) {
            return Err(Error::retriable("no answer"));
        }
        self.journal.write(format!("mail {}", mail.id));
        Ok(())
    }

    #[subscribe(durable)]
    async fn text(&self, text: &Text) {
        self.journal.write(format!("text {}", text.id));
    }
}

async fn until(what: &str, is_so: impl Fn() -> bool) {
    let waited = async {
        while !is_so() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let waited = tokio::time::timeout(Duration::from_secs(20), waited).await;
    assert!(waited.is_ok(), "{what}");
}

#[tokio::test]
async fn report_b22_many_durable_events_wait_for_a_target_that_is_down_and_none_is_a_letter() {
    let plugins = [Post::DESCRIPTOR, Notebook::DESCRIPTOR, Queue::DESCRIPTOR];
    let rig = Rig::new(&plugins).set("stored-post", "mailbox", 8);
    let running = rig.start().await;
    let journal = running.service::<dyn Journal>().unwrap();
    for id in 0..500 {
        running.publisher().publish(Mail { id }).await.unwrap();
    }
    for id in 0..20 {
        running.publisher().publish(Text { id }).await.unwrap();
    }
    until("texts pass by", || journal.lines().len() == 20).await;
    let status = || crate::rig::status(&running, "stored-post");
    until("some probes", || status().events.errors >= 8).await;
    assert!(
        status().queued <= 4,
        "half of the mailbox is the other handler's"
    );
    running
        .publisher()
        .publish(Target { down: false })
        .await
        .unwrap();
    running.idle().await;
    let lines = journal.lines();
    let mails = lines.iter().filter(|line| line.starts_with("mail")).count();
    assert_eq!(mails, 500);
    let letters = running.dead_letters().list(DeadLetterQuery::new()).await;
    assert_eq!(letters.unwrap().letters.len(), 0);
    assert!(running.stop().await.is_clean());
}

#[tokio::test]
async fn report_b6_who_waits_for_the_end_of_all_work_is_told_that_some_waits_for_a_target() {
    let plugins = [Post::DESCRIPTOR, Notebook::DESCRIPTOR, Queue::DESCRIPTOR];
    let running = Rig::new(&plugins).start().await;
    for id in 0..50 {
        running.publisher().publish(Mail { id }).await.unwrap();
        running.publisher().publish(Text { id }).await.unwrap();
    }
    let waiting = tokio::time::timeout(Duration::from_secs(20), running.idle_or_waiting());
    let waiting = waiting.await.unwrap();
    assert_eq!(waiting.len(), 1, "{waiting:?}");
    assert_eq!(waiting[0].handler, "mail");
    assert_eq!(waiting[0].wait, WaitsFor::Target);
    let journal = running.service::<dyn Journal>().unwrap();
    assert_eq!(journal.lines().len(), 50, "the texts are handled");
    assert!(running.stop().await.is_clean());
}
