//! The manager, used as the design uses it: load with a config from the program, start all,
//! publish, wait, stop all.

use std::time::Duration;

use plugin_contracts::UserWelcome;
use plugin_core::lifecycle::{Manager, State};
use plugin_core::{Composition, Plugin};
use plugin_hello::Hello;
use plugin_logger::Logger;
use serde_json::json;

use crate::heard::Heard;

#[tokio::test]
async fn load_start_publish_stop() {
    let data = tempfile::tempdir().unwrap();
    let plugins = Composition::assemble(&[Hello::DESCRIPTOR, Logger::DESCRIPTOR]).unwrap();

    // `NewManager`, `LoadPlugin`.
    let configured = Manager::builder(&plugins)
        .plugin_config("hello-plugin", json!({"message": "欢迎使用我们的服务！"}))
        .plugin_config("logger-plugin", json!({"level": "off"}))
        .data_dir(data.path())
        .configure()
        .unwrap();
    let manager = &configured.settings().manager;
    assert_eq!(manager.max_concurrency, 10);
    assert_eq!(manager.timeout.get(), Duration::from_secs(30));

    // `StartAll`.
    let running = configured.start().await.unwrap();
    assert_eq!(running.status().state, State::Running);

    // `manager.EventBus().Publish`: a topic and data that are known only at run time.
    let welcomes = Heard::<UserWelcome>::on(&running);
    let login = json!({"user_id": "12345", "ip": "192.168.1.100"}).to_string();
    let events = running.publishers();
    let published = events.publish("user.login", login.as_bytes());
    published.await.unwrap();

    // Not `time.Sleep`: it ends when all is handled.
    running.idle().await;
    assert_eq!(welcomes.take()[0].user_id, "12345");

    // `StopAll`.
    let report = running.stop().await;
    assert!(report.is_clean(), "{report:?}");
    let order: Vec<_> = report.plugins.iter().map(|plugin| plugin.name).collect();
    assert_eq!(order, ["hello-plugin", "logger-plugin"]);
}
