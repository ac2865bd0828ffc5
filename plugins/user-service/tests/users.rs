//! The service on SQLite, through a manager; `plugins/auth/tests` goes through MariaDB as well.

use std::path::Path;

use plugin_contracts::{NewUser, User, UserService};
use plugin_core::config::Sources;
use plugin_core::lifecycle::{Manager, Running, StartError};
use plugin_core::{Composition, Plugin};
use plugin_database::SqlDatabase;
use plugin_user_service::Users;
use serde_json::{Value, json};

async fn start(config: Value, data_dir: &Path) -> Result<Running, StartError> {
    let plugins = [SqlDatabase::DESCRIPTOR, Users::DESCRIPTOR];
    let composition = Composition::assemble(&plugins).expect("the set is whole");
    Manager::builder(&composition)
        .sources(Sources::new())
        .plugin_config("user-service", config)
        .data_dir(data_dir)
        .configure()
        .expect("the config is good")
        .start()
        .await
}

fn ann() -> User {
    User {
        id: "ann".to_owned(),
        name: "安".to_owned(),
        email: "ann@example.com".to_owned(),
        phone: Some("+1 555 0100".to_owned()),
    }
}

fn new(user: User) -> NewUser {
    NewUser {
        user,
        password_hash: "$argon2id$1".to_owned(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_is_created_and_found() {
    let directory = tempfile::tempdir().expect("a temporary directory can be made");
    let running = start(json!({}), directory.path()).await.expect("it starts");
    let users = running
        .service::<dyn UserService>()
        .expect("it is provided");
    assert_eq!(users.find("ann").await.expect("the table is there"), None);
    users
        .create(new(ann()))
        .await
        .expect("there is no such user");
    assert_eq!(
        users.find("ann").await.expect("the table is there"),
        Some(ann())
    );
    assert_eq!(users.find("Ann").await.expect("the table is there"), None);
    let twice = users
        .create(new(ann()))
        .await
        .expect_err("the user is there");
    assert!(
        twice.to_string().contains("`ann` is there already"),
        "{twice}"
    );
    let nobody = User {
        email: "nobody".to_owned(),
        ..ann()
    };
    assert!(users.create(new(nobody)).await.is_err());
    assert!(running.stop().await.is_clean());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_is_changed() {
    let directory = tempfile::tempdir().expect("a temporary directory can be made");
    let running = start(json!({}), directory.path()).await.expect("it starts");
    let users = running
        .service::<dyn UserService>()
        .expect("it is provided");
    users
        .create(new(ann()))
        .await
        .expect("there is no such user");
    let hash = users
        .password_hash("ann")
        .await
        .expect("the table is there");
    assert_eq!(hash.as_deref(), Some("$argon2id$1"));
    users
        .set_password_hash("ann", "$argon2id$2")
        .await
        .expect("the user is there");
    let hash = users
        .password_hash("ann")
        .await
        .expect("the table is there");
    assert_eq!(hash.as_deref(), Some("$argon2id$2"));
    assert!(users.set_password_hash("bob", "$argon2id$2").await.is_err());
    assert!(running.stop().await.is_clean());
}

#[tokio::test(flavor = "multi_thread")]
async fn users_of_the_config_are_created_once_and_can_not_log_in() {
    let directory = tempfile::tempdir().expect("a temporary directory can be made");
    let config = json!({"users": [{"id": "12345", "name": "Bob", "email": "bob@example.com"}]});
    for _ in 0..2 {
        let running = start(config.clone(), directory.path())
            .await
            .expect("it starts");
        let users = running
            .service::<dyn UserService>()
            .expect("it is provided");
        let bob = users.find("12345").await.expect("the table is there");
        assert_eq!(bob.expect("he was created").name, "Bob");
        assert_eq!(
            users
                .password_hash("12345")
                .await
                .expect("the table is there"),
            None
        );
        assert!(running.stop().await.is_clean());
    }
    let bad = json!({"users": [{"id": "x", "name": "X", "email": "x"}]});
    let error = start(bad, directory.path())
        .await
        .expect_err("that is no address");
    assert!(
        error.to_string().contains("user `x` of the config"),
        "{error}"
    );
}
