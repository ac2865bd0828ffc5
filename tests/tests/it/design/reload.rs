//! `HotReload`: stop, reload, start, as one operation. A config that changed is read by the next
//! system; files that change under a running one are not watched yet.

use plugin_contracts::{UserLogin, UserWelcome};
use plugin_core::Plugin;
use plugin_core::lifecycle::{OperationError, PluginStarted, PluginStopped, Running, State};
use plugin_hello::Hello;
use plugin_logger::Logger;
use serde_json::json;

use super::examples;
use crate::heard::Heard;
use crate::rig::{Rig, status};

async fn login(running: &Running) -> Vec<String> {
    let welcomes = Heard::<UserWelcome>::on(running);
    let login = UserLogin {
        user_id: "12345".to_owned(),
        ip: None,
    };
    running.publisher().publish(login).await.unwrap();
    running.idle().await;
    (welcomes.take().into_iter())
        .map(|welcome| welcome.message)
        .collect()
}

#[tokio::test]
async fn a_plugin_is_stopped_and_started_again_while_the_others_run() {
    let rig = Rig::from_sources(&[Hello::DESCRIPTOR, Logger::DESCRIPTOR], examples());
    let running = rig.start().await;
    let stopped = Heard::<PluginStopped>::on(&running);
    let started = Heard::<PluginStarted>::on(&running);
    assert_eq!(login(&running).await.len(), 1);

    let outcome = running.handle().restart("hello-plugin").await.unwrap();
    assert_eq!(outcome.plugins, ["hello-plugin"]);
    assert_eq!(stopped.next().await.plugin, "hello-plugin");
    assert_eq!(started.next().await.plugin, "hello-plugin");
    let hello = status(&running, "hello-plugin");
    assert_eq!((hello.state, hello.restarts), (State::Running, 1));
    assert_eq!(status(&running, "logger-plugin").restarts, 0);
    assert_eq!(login(&running).await.len(), 1, "once, not twice");
    assert!(running.stop().await.is_clean());

    let changed = rig.config("hello-plugin", json!({"message": "再见"}));
    let running = changed.start().await;
    assert_eq!(login(&running).await, ["再见"]);
    running.stop().await;
}

#[tokio::test]
async fn a_name_that_nobody_has_is_an_error() {
    let rig = Rig::from_sources(&[Hello::DESCRIPTOR, Logger::DESCRIPTOR], examples());
    let running = rig.start().await;
    let refused = running.handle().restart("helo-plugin").await;
    assert!(matches!(refused, Err(OperationError::Unknown { .. })));
    running.stop().await;
}
