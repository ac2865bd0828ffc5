//! What real plugins write through the logger: one test, for a process has one subscriber.

#![allow(clippy::unwrap_used, reason = "a test fails by a panic")]

use plugin_core::config::Sources;
use plugin_core::event::Publisher;
use plugin_core::lifecycle::Manager;
use plugin_core::prelude::*;
use plugin_core::{Composition, Plugin};
use plugin_logger::Logger;

/// Somebody called.
#[event("test.call")]
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
struct Call {}

/// Declares a plugin that logs when it is built and when somebody calls.
macro_rules! talker {
    ($type:ident, $name:tt) => {
        #[derive(Debug)]
        struct $type;

        #[plugin(name = $name, requires(Logger = "^1"))]
        impl $type {
            #[init]
            fn init() -> Result<Self> {
                tracing::info!("built");
                Ok(Self)
            }

            #[subscribe]
            async fn call(&self, _: &Call) {
                tracing::info!("called");
                tracing::debug!("called in detail");
            }
        }
    };
}

talker!(Loud, "loud-plugin");
talker!(Plain, "plain-plugin");
talker!(Mute, "mute-plugin");

const CONFIG: &str = "
logger-plugin:
  config:
    output: file
    levels: { loud-plugin: debug }
    file: { rotation: never }
mute-plugin:
  permissions:
    - { resource: event_bus, actions: [subscribe] }
";

#[tokio::test]
async fn lines_carry_plugin_and_event_and_follow_levels_and_rights() {
    let data = tempfile::tempdir().unwrap();
    let set = [
        Logger::DESCRIPTOR,
        Loud::DESCRIPTOR,
        Plain::DESCRIPTOR,
        Mute::DESCRIPTOR,
    ];
    let running = Manager::builder(&Composition::assemble(&set).unwrap())
        .sources(
            Sources::new()
                .embedded("test", CONFIG)
                .data_dir(data.path()),
        )
        .configure()
        .unwrap()
        .start()
        .await
        .unwrap();
    let calls: Publisher<Call> = running.publisher();
    calls.publish(Call {}).await.unwrap();
    assert!(running.stop().await.is_clean());

    let log = std::fs::read_to_string(data.path().join("logger-plugin/logs/app.log")).unwrap();
    let of = |plugin: &str, text: &str| {
        log.lines()
            .filter(|line| line.contains(plugin) && line.ends_with(text))
            .count()
    };
    assert_eq!(of("INFO loud-plugin", "built"), 1, "{log}");
    assert_eq!(of("INFO loud-plugin event=", ": called"), 1, "{log}");
    assert_eq!(
        of("DEBUG loud-plugin event=", ": called in detail"),
        1,
        "{log}"
    );
    assert_eq!(of("INFO plain-plugin event=", ": called"), 1, "{log}");
    assert_eq!(of("plain-plugin", "detail"), 0, "{log}");
    assert!(!log.contains("mute-plugin"), "it lacks the right: {log}");
}
