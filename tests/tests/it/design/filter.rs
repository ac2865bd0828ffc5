//! `SubscribeWithFilter("user.*", …, priority == "high")`: said by the plugin, and at run time.

use std::sync::{Arc, Mutex};

use plugin_contracts::UserLogout;
use plugin_core::Plugin;
use plugin_core::lifecycle::Running;
use plugin_core::prelude::*;

use crate::journal::{Journal, Notebook};
use crate::rig::Rig;

/// Something happened to a user.
#[event("user.alert")]
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
struct Alert {
    priority: String,
}

struct Watch {
    journal: Service<dyn Journal>,
}

#[plugin(name = "design-watch")]
impl Watch {
    #[init]
    fn init(journal: Service<dyn Journal>) -> Self {
        Self { journal }
    }

    #[subscribe("user.*", filter = is_high)]
    fn high(&self, event: &AnyEvent<'_>) {
        self.journal.write(format!("any {}", event.topic()));
    }

    #[subscribe(filter = |alert| alert.priority == "high")]
    async fn typed(&self, alert: &Alert) {
        self.journal.write(format!("typed {}", alert.priority));
    }
}

fn is_high(event: &AnyEvent<'_>) -> bool {
    event.field("priority").is_some_and(|it| it == "high")
}

async fn publish(running: &Running) {
    for priority in ["low", "high"] {
        let priority = priority.to_owned();
        running
            .publisher()
            .publish(Alert { priority })
            .await
            .unwrap();
    }
    let user_id = "12345".to_owned();
    let logout = UserLogout { user_id };
    running.publisher().publish(logout).await.unwrap();
    let high = br#"{"priority": "high"}"#;
    for topic in ["user.undeclared", "user.not.this", "order.undeclared"] {
        running.publishers().publish(topic, high).await.unwrap();
    }
    running.idle().await;
}

#[tokio::test(start_paused = true)]
async fn a_plugin_hears_only_what_its_filter_lets_through() {
    let running = Rig::new(&[Watch::DESCRIPTOR, Notebook::DESCRIPTOR])
        .start()
        .await;
    publish(&running).await;
    let mut lines = running.service::<dyn Journal>().unwrap().lines();
    lines.sort();
    assert_eq!(
        lines,
        ["any user.alert", "any user.undeclared", "typed high"]
    );
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_subscription_at_run_time_ends_when_it_is_dropped() {
    let running = Rig::new(&[]).start().await;
    let topics = Arc::new(Mutex::new(Vec::new()));
    let sink = Arc::clone(&topics);
    let subscription = running.subscriber().subscribe_with_filter(
        "user.*",
        move |event| sink.lock().unwrap().push(event.topic().to_owned()),
        is_high,
    );
    publish(&running).await;
    drop(subscription.unwrap());
    publish(&running).await;
    assert_eq!(*topics.lock().unwrap(), ["user.alert", "user.undeclared"]);
    running.stop().await;
}
