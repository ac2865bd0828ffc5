//! `HelloPlugin`: hears `user.login`, answers with `user.welcome`.

use plugin_contracts::{UserLogin, UserLogout, UserWelcome};
use plugin_core::lifecycle::{ConfigureError, State};
use plugin_core::{Plugin, registry};
use plugin_hello::Hello;
use plugin_logger::Logger;

use super::examples;
use crate::heard::Heard;
use crate::rig::{Rig, status};

/// The name, the version and the dependencies are what `Name()`, `Version()` and `Dependencies()`
/// returned; `init()` with `plugin.Register` is done by the linker.
#[test]
fn it_is_registered_by_being_linked() {
    let hello = registry::plugins()
        .into_iter()
        .find(|plugin| plugin.name == "hello-plugin")
        .unwrap();
    assert_eq!(hello.version.to_string(), "1.0.0");
    assert_eq!(hello.description, "Greets users who log in.");
    assert_eq!(hello.requires[0].plugin, "logger-plugin");
}

fn rig() -> Rig {
    Rig::from_sources(&[Hello::DESCRIPTOR, Logger::DESCRIPTOR], examples())
}

#[tokio::test]
async fn with_the_files_of_the_design_a_login_is_welcomed() {
    let running = rig().start().await;
    let order: Vec<_> = running
        .start_report()
        .plugins
        .iter()
        .map(|plugin| plugin.name)
        .collect();
    assert_eq!(order, ["logger-plugin", "hello-plugin"]);
    let welcomes = Heard::<UserWelcome>::on(&running);
    let login = UserLogin {
        user_id: "12345".to_owned(),
        ip: Some("192.168.1.100".to_owned()),
    };
    running.publisher().publish(login).await.unwrap();
    running.idle().await;
    let welcome = UserWelcome {
        user_id: "12345".to_owned(),
        message: "欢迎使用我们的服务！".to_owned(),
    };
    assert_eq!(welcomes.take(), [welcome]);

    let logout = UserLogout {
        user_id: "12345".to_owned(),
    };
    let outcomes = running.publisher().publish_and_wait(logout).await.unwrap();
    assert_eq!(
        (outcomes[0].plugin, outcomes[0].handler),
        ("hello-plugin", "logout")
    );
    assert!(outcomes[0].result.is_ok());
    assert!(running.stop().await.is_clean());
}

/// `Stop` unsubscribed by hand; here it can't be forgotten.
#[tokio::test]
async fn a_stopped_plugin_is_unsubscribed() {
    let running = rig().start().await;
    running.handle().stop("hello-plugin").await.unwrap();
    assert_eq!(status(&running, "hello-plugin").state, State::Stopped);
    let logout = UserLogout {
        user_id: "12345".to_owned(),
    };
    let outcomes = running.publisher().publish_and_wait(logout).await.unwrap();
    assert!(outcomes.is_empty(), "{outcomes:?}");
    running.stop().await;
}

/// `ErrPluginDisabled`.
#[tokio::test]
async fn a_plugin_that_is_not_enabled_does_not_run() {
    let running = rig().set("hello-plugin", "enabled", false).start().await;
    let names: Vec<_> = running
        .status()
        .plugins
        .iter()
        .map(|plugin| plugin.name)
        .collect();
    assert_eq!(names, ["logger-plugin"]);
    running.stop().await;
}

/// `ErrInvalidConfig`.
#[test]
fn a_config_of_another_type_is_refused() {
    let rig = rig().config("hello-plugin", serde_json::json!({"message": 7}));
    let Err(ConfigureError::Config(error)) = rig.configure() else {
        panic!("a number is no message")
    };
    assert_eq!(error.issues().len(), 1, "{error}");
    assert_eq!(error.issues()[0].key, "hello-plugin.config.message");
}
