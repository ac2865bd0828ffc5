//! Topics that no type declares: JSON for those who listen to a pattern.

use plugin_core::Plugin;
use plugin_core::prelude::*;

use crate::journal::{Journal, Notebook};
use crate::rig::Rig;

#[event("sensor.declared")]
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
struct Declared {
    value: u32,
}

struct Station {
    journal: Service<dyn Journal>,
    publishers: Publishers,
}

#[plugin(name = "delivery-station")]
impl Station {
    #[init]
    fn init(journal: Service<dyn Journal>, publishers: Publishers) -> Self {
        Self {
            journal,
            publishers,
        }
    }

    #[subscribe("sensor.**")]
    fn inline(&self, event: &AnyEvent<'_>) {
        let value = event.field("value").unwrap_or_default();
        self.journal
            .write(format!("inline {} {value}", event.topic()));
    }

    /// Answers on a topic of its own, so an event is kept across an await.
    #[subscribe("sensor.*")]
    async fn queued(&self, event: &AnyEvent<'_>) -> Result<()> {
        let topic = format!("seen.{}", event.topic());
        let json = event.to_json()?.to_string();
        self.publishers.publish(&topic, json.as_bytes()).await?;
        let text = format!("queued {} of {}", event.topic(), event.source());
        self.journal.write(text);
        Ok(())
    }

    #[subscribe("seen.sensor.one")]
    fn exact(&self, event: &AnyEvent<'_>) {
        self.journal
            .write(format!("exact {} of {}", event.topic(), event.source()));
    }
}

#[tokio::test(start_paused = true)]
async fn patterns_hear_declared_and_undeclared_topics() {
    let running = Rig::new(&[Station::DESCRIPTOR, Notebook::DESCRIPTOR])
        .start()
        .await;
    running
        .publisher()
        .publish(Declared { value: 1 })
        .await
        .unwrap();
    let publishers = running.publishers();
    for topic in ["sensor.one", "sensor.deep.down", "other.one"] {
        publishers.publish(topic, br#"{"value": 2}"#).await.unwrap();
    }
    running.idle().await;
    let mut lines = running.service::<dyn Journal>().unwrap().lines();
    lines.sort();
    let expected = [
        "exact seen.sensor.one of delivery-station",
        "inline sensor.declared 1",
        "inline sensor.deep.down 2",
        "inline sensor.one 2",
        "queued sensor.declared of host",
        "queued sensor.one of host",
    ];
    assert_eq!(lines, expected);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn json_that_is_not_of_the_topic_s_type_is_refused_with_its_key() {
    let running = Rig::new(&[]).start().await;
    let wrong = br#"{"value": "much"}"#;
    let refused = running.publishers().publish("sensor.declared", wrong).await;
    let text = refused.unwrap_err().to_string();
    assert!(
        text.starts_with("not a `sensor.declared`: `value`: "),
        "{text}"
    );
    running
        .publishers()
        .publish("sensor.undeclared", wrong)
        .await
        .unwrap();
    running.stop().await;
}
