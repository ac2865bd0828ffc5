//! The plugin among its neighbours, under the permissions of the first example.

#![allow(clippy::unwrap_used, reason = "a test fails by a panic")]

use std::sync::Arc;

use plugin_contracts::{UserLogin, UserWelcome};
use plugin_core::config::Sources;
use plugin_core::lifecycle::{Manager, Running};
use plugin_core::{Composition, EventCounts, Plugin};
use plugin_hello::Hello;
use plugin_logger::Logger;
use tokio::sync::{Semaphore, mpsc};

/// The file of the user's first example, as it stands.
const EXAMPLE: &str = r#"
hello-plugin:
  name: "hello-plugin"
  version: "1.0.0"
  enabled: true

  dependencies:
    - "logger-plugin"

  resources:
    memory: 64        # 64MB
    cpu: 0.1          # 10% CPU
    goroutines: 100
    file_handles: 50

  permissions:
    - resource: "event_bus"
      actions: ["publish", "subscribe"]
    - resource: "logger"
      actions: ["write"]

  config:
    message: "欢迎使用我们的服务！"
    max_notifications: 1000
    retry_count: 3
"#;

struct House {
    running: Running,
    _data: tempfile::TempDir,
}

impl House {
    async fn open(config: serde_json::Value) -> Self {
        let data = tempfile::tempdir().unwrap();
        let sources = Sources::new()
            .embedded("example", EXAMPLE)
            .plugin_config("hello-plugin", config)
            .plugin_config("logger-plugin", serde_json::json!({ "level": "off" }))
            .data_dir(data.path());
        let set = Composition::assemble(&[Hello::DESCRIPTOR, Logger::DESCRIPTOR]).unwrap();
        let configured = Manager::builder(&set).sources(sources).configure().unwrap();
        Self {
            running: configured.start().await.unwrap(),
            _data: data,
        }
    }

    async fn login(&self, users: u32) {
        let logins = self.running.publisher::<UserLogin>();
        for user in 0..users {
            logins
                .publish(UserLogin {
                    user_id: user.to_string(),
                    ip: None,
                })
                .await
                .unwrap();
        }
    }

    fn hello(&self) -> EventCounts {
        let status = self.running.status();
        status
            .plugins
            .iter()
            .find(|plugin| plugin.name == "hello-plugin")
            .unwrap()
            .events
    }
}

#[tokio::test]
async fn a_login_is_welcomed() {
    let house = House::open(serde_json::json!({})).await;
    let (heard, mut welcomes) = mpsc::unbounded_channel();
    let subscriber = house.running.subscriber();
    let _subscription = subscriber
        .subscribe(move |welcome: &plugin_core::event::Envelope<UserWelcome>| {
            drop(heard.send((
                welcome.source(),
                welcome.user_id.clone(),
                welcome.message.clone(),
            )));
        })
        .unwrap();
    house.login(1).await;
    let welcome = welcomes.recv().await.unwrap();
    assert_eq!(
        welcome,
        (
            "hello-plugin",
            "0".to_owned(),
            "欢迎使用我们的服务！".to_owned()
        )
    );
    assert!(house.running.stop().await.is_clean());
}

#[tokio::test]
async fn not_more_are_welcomed_than_the_config_says() {
    let house = House::open(serde_json::json!({ "max_notifications": 3 })).await;
    house.login(10).await;
    house.running.idle().await;
    assert_eq!((house.hello().received, house.hello().published), (10, 3));
    assert!(house.running.stop().await.is_clean());
}

/// The subscriber has room for some events and handles none until it may.
#[tokio::test(start_paused = true)]
async fn a_welcome_without_room_is_tried_again_and_then_given_up() {
    const LOGINS: u32 = 1_200;
    let config = serde_json::json!({ "max_notifications": LOGINS, "retry_count": 1 });
    let house = House::open(config).await;
    let open = Arc::new(Semaphore::new(0));
    let may = Arc::clone(&open);
    let subscriber = house.running.subscriber();
    let _subscription = subscriber
        .subscribe_async(move |_: Arc<plugin_core::event::Envelope<UserWelcome>>| {
            let may = Arc::clone(&may);
            async move { drop(may.acquire().await) }
        })
        .unwrap();
    house.login(LOGINS).await;
    let ended = |counts: EventCounts| counts.published + counts.errors;
    while ended(house.hello()) < u64::from(LOGINS) {
        tokio::time::advance(std::time::Duration::from_millis(50)).await;
        tokio::task::yield_now().await;
    }
    let counts = house.hello();
    assert!(counts.errors > 0, "{counts:?}");
    assert_eq!(counts.received, u64::from(LOGINS), "{counts:?}");
    open.add_permits(1);
    assert!(house.running.stop().await.is_clean());
}
