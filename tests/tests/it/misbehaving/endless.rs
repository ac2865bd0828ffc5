//! Queued handlers that publish, by themselves or through others, what they are called for.

use plugin_core::Plugin;
use plugin_core::event::{DeadLetterQuery, PublishError};
use plugin_core::prelude::*;
use plugin_queue::Queue;

use crate::journal::{Journal, Notebook};
use crate::rig::{Rig, status};

/// An event with a number.
macro_rules! number {
    ($type:ident, $topic:literal) => {
        #[event($topic)]
        #[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
        struct $type {
            number: u32,
        }
    };
}

number!(Echo, "endless.echo");
number!(Ping, "endless.ping");
number!(Pong, "endless.pong");
number!(Kept, "endless.kept");

struct Circle {
    journal: Service<dyn Journal>,
    echo: Publisher<Echo>,
    ping: Publisher<Ping>,
    pong: Publisher<Pong>,
    kept: Publisher<Kept>,
}

#[plugin(name = "endless-circle")]
impl Circle {
    #[init]
    fn init(
        journal: Service<dyn Journal>,
        echo: Publisher<Echo>,
        ping: Publisher<Ping>,
        pong: Publisher<Pong>,
        kept: Publisher<Kept>,
    ) -> Self {
        Self {
            journal,
            echo,
            ping,
            pong,
            kept,
        }
    }

    #[subscribe(retry = 3, backoff = "1s")]
    async fn on_echo(&self, event: &Echo) -> Result<()> {
        self.journal.write(format!("echo {}", event.number));
        let number = event.number + 1;
        Ok(self.echo.publish(Echo { number }).await?)
    }

    #[subscribe]
    fn on_ping(&self, event: &Ping) -> Result<()> {
        let number = event.number + 1;
        Ok(self.pong.try_publish(Pong { number })?)
    }

    #[subscribe]
    async fn on_pong(&self, event: &Pong) -> Result<()> {
        self.journal.write(format!("pong {}", event.number));
        let number = event.number;
        Ok(self.ping.publish(Ping { number }).await?)
    }

    #[subscribe(durable)]
    async fn on_kept(&self, event: &Kept) -> Result<()> {
        self.journal.write(format!("kept {}", event.number));
        let number = event.number + 1;
        Ok(self.kept.publish_durable(Kept { number }).await?)
    }
}

fn rig() -> Rig {
    let plugins = [Circle::DESCRIPTOR, Notebook::DESCRIPTOR, Queue::DESCRIPTOR];
    Rig::new(&plugins)
}

#[tokio::test]
async fn report_d_a_handler_that_publishes_its_own_event_without_end_is_told() {
    let running = rig().start().await;
    let journal = running.service::<dyn Journal>().unwrap();
    running
        .publisher()
        .publish(Echo { number: 0 })
        .await
        .unwrap();
    running.idle().await;
    assert_eq!(journal.lines().len(), 65, "the first one, and 64 behind it");
    let letters = running.dead_letters().list(DeadLetterQuery::new()).await;
    let letters = letters.unwrap().letters;
    assert_eq!((letters.len(), &*letters[0].handler), (1, "on_echo"));
    let error = &letters[0].error;
    assert!(
        error.contains("`endless.echo`") && error.contains("max_event_depth"),
        "{error}"
    );
    assert_eq!(status(&running, "endless-circle").events.dropped.endless, 1);
    // Who begins anew may publish.
    running
        .publisher()
        .publish(Echo { number: 1000 })
        .await
        .unwrap();
    running.idle().await;
    assert_eq!(journal.lines().len(), 2 * 65);
    running.stop().await;
}

#[tokio::test]
async fn report_d_a_circle_through_others_and_through_a_store_ends_too() {
    let running = rig()
        .set("plugin_manager", "max_event_depth", 10)
        .start()
        .await;
    let journal = running.service::<dyn Journal>().unwrap();
    running
        .publisher()
        .publish(Ping { number: 0 })
        .await
        .unwrap();
    running.idle().await;
    assert_eq!(journal.lines().len(), 5, "two events a turn");
    running
        .publisher()
        .publish_durable(Kept { number: 0 })
        .await
        .unwrap();
    running.idle().await;
    assert_eq!(journal.lines().len(), 5 + 11);
    running.stop().await;
}

#[tokio::test]
async fn a_publisher_outside_of_any_handler_has_no_depth() {
    let running = rig()
        .set("plugin_manager", "max_event_depth", 1)
        .start()
        .await;
    for number in 0..100 {
        let published = running.publisher().publish(Pong { number }).await;
        assert!(!matches!(published, Err(PublishError::Refused { .. })));
    }
    running.idle().await;
    running.stop().await;
}
