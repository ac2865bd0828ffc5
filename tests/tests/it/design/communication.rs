//! `NotificationPlugin` asks `UserServicePlugin`, which asks the database.

use std::fs;

use plugin_contracts::{OrderCreated, UserWelcome};
use plugin_core::Plugin;
use plugin_core::lifecycle::Running;
use plugin_database::SqlDatabase;
use plugin_notification::Notification;
use plugin_queue::Queue;
use plugin_user_service::Users;
use serde_json::json;

use crate::rig::{Rig, status};

fn rig() -> Rig {
    let user = json!({"id": "12345", "name": "王小明", "email": "ming@shop.example", "phone": "+8613800000000"});
    Rig::new(&[
        Notification::DESCRIPTOR,
        Queue::DESCRIPTOR,
        Users::DESCRIPTOR,
        SqlDatabase::DESCRIPTOR,
    ])
    .config("user-service", json!({"users": [user]}))
}

async fn welcome(running: &Running, user_id: &str) {
    let welcome = UserWelcome {
        user_id: user_id.to_owned(),
        message: "欢迎使用我们的服务！".to_owned(),
    };
    running.publisher().publish(welcome).await.unwrap();
    running.idle().await;
}

/// The messages that wait in the outbox, by the end of their names.
fn outbox(rig: &Rig, end: &str) -> Vec<String> {
    let files = fs::read_dir(rig.path("notification-plugin/outbox/new")).unwrap();
    files
        .map(|file| file.unwrap().path())
        .filter(|path| path.to_string_lossy().ends_with(end))
        .map(|path| fs::read_to_string(path).unwrap())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_welcome_is_sent_to_the_address_that_the_user_service_knows() {
    let rig = rig();
    let running = rig.start().await;
    let order: Vec<_> = running
        .start_report()
        .plugins
        .iter()
        .map(|plugin| plugin.name)
        .collect();
    assert_eq!(
        order,
        [
            "queue-plugin",
            "database-plugin",
            "user-service",
            "notification-plugin"
        ]
    );
    welcome(&running, "12345").await;
    let mails = outbox(&rig, ".eml");
    assert_eq!(mails.len(), 1);
    assert!(mails[0].contains("ming@shop.example"), "{}", mails[0]);
    assert!(running.stop().await.is_clean());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_is_confirmed_by_mail_and_by_text_message() {
    let rig = rig();
    let running = rig.start().await;
    let order = OrderCreated {
        order_id: "A-1".to_owned(),
        user_id: "12345".to_owned(),
        total_cents: 9_459,
    };
    running.publisher().publish(order).await.unwrap();
    running.idle().await;
    assert_eq!(outbox(&rig, ".eml").len(), 1);
    let texts = outbox(&rig, ".sms.json");
    let text: serde_json::Value = serde_json::from_str(&texts[0]).unwrap();
    assert_eq!(text["to"], "+8613800000000");
    assert!(text["text"].as_str().unwrap().contains("A-1"), "{text}");
    assert!(running.stop().await.is_clean());
}

/// In the design `GetUser` of nobody is a nil dereference away.
#[tokio::test(flavor = "multi_thread")]
async fn a_user_who_is_not_there_is_an_error_of_that_event() {
    let rig = rig();
    let running = rig.start().await;
    welcome(&running, "nobody").await;
    assert!(outbox(&rig, ".eml").is_empty());
    assert_eq!(status(&running, "notification-plugin").events.errors, 1);
    assert!(running.status().ready);
    assert!(running.stop().await.is_clean());
}
