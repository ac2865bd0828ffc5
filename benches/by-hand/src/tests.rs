//! It does what the plugin does.

use std::time::Duration;

use plugin_contracts::{UserLogin, UserWelcome};
use serde_json::json;
use tokio::sync::mpsc;

use crate::{Error, Event, Hello};

const LIMIT: Duration = Duration::from_secs(5);

fn login(user: &str) -> Event {
    Event::Login(UserLogin {
        user_id: user.to_owned(),
        ip: None,
    })
}

#[tokio::test(start_paused = true)]
async fn it_welcomes_users_and_a_stop_handles_what_was_accepted() {
    let (welcome, mut welcomes) = mpsc::channel::<UserWelcome>(4);
    let config = json!({ "message": "hi", "max_notifications": 2 });
    let hello = Hello::start(config, welcome, LIMIT).unwrap();
    for user in ["ann", "bob", "eve"] {
        hello.try_publish(login(user)).unwrap();
    }
    let counts = hello.stop(LIMIT).await.unwrap();
    assert_eq!((counts.received(), counts.errors()), (3, 0));
    assert_eq!(welcomes.recv().await.unwrap().user_id, "ann");
    assert_eq!(welcomes.recv().await.unwrap().message, "hi");
    assert!(welcomes.recv().await.is_none(), "no more than two");
}

#[tokio::test(start_paused = true)]
async fn a_welcome_without_room_is_an_error_after_its_retries() {
    let (welcome, _full) = mpsc::channel::<UserWelcome>(1);
    let hello = Hello::start(json!({ "message": "hi" }), welcome, LIMIT).unwrap();
    hello.try_publish(login("ann")).unwrap();
    hello.try_publish(login("bob")).unwrap();
    let counts = hello.stop(LIMIT).await.unwrap();
    assert_eq!((counts.received(), counts.errors()), (2, 1));
}

#[tokio::test]
async fn a_mistake_in_the_config_has_its_place() {
    let (welcome, _welcomes) = mpsc::channel::<UserWelcome>(1);
    let config = json!({ "message": "hi", "retry_count": "often" });
    let error = Hello::start(config, welcome, LIMIT).unwrap_err();
    assert!(matches!(error, Error::Config(_)));
    assert!(error.to_string().contains("retry_count"), "{error}");
}
