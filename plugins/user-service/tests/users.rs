//! The service on SQLite, through a manager; `plugins/auth/tests` goes through MariaDB as well.

use std::path::Path;

use plugin_contracts::{NewUser, User, UserService};
use plugin_core::config::Sources;
use plugin_core::lifecycle::{Manager, Running, StartError};
use plugin_core::{Composition, Plugin};
use plugin_database::SqlDatabase;
use plugin_user_service::{UserServiceConfig, Users};
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

/// Why a config can't be taken.
fn refusal(config: Value) -> String {
    let read = serde_json::from_value::<UserServiceConfig>(config);
    read.expect_err("it is wrong").to_string()
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
    let error = refusal(bad);
    assert!(
        error.starts_with("`users[0]`: ") && error.contains("no e-mail address"),
        "{error}"
    );
}

/// Starts with users of the config, asks for them, and stops.
async fn found(users: Value, data_dir: &Path, ids: &[&str]) -> Vec<Option<User>> {
    let running = start(json!({"users": users}), data_dir)
        .await
        .expect("it starts");
    let service = running
        .service::<dyn UserService>()
        .expect("it is provided");
    let mut found = Vec::new();
    for id in ids {
        found.push(service.find(id).await.expect("the table is there"));
    }
    assert!(running.stop().await.is_clean());
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn report_a1_who_is_taken_out_of_the_config_is_disabled_until_listed_again() {
    let directory = tempfile::tempdir().expect("a temporary directory can be made");
    let path = directory.path();
    let user = |id: &str, name: &str| json!({"id": id, "name": name, "email": "x@example.com"});
    let ids = ["ann", "bob"];
    let both = json!([user("ann", "Ann"), user("bob", "Bob")]);
    let first = found(both, path, &ids).await;
    assert!(first.iter().all(Option::is_some), "{first:?}");

    let alone = json!([user("ann", "Ann")]);
    for _ in 0..2 {
        let second = found(alone.clone(), path, &ids).await;
        assert!(second[0].is_some() && second[1].is_none(), "{second:?}");
    }

    let running = start(json!({"users": alone}), path)
        .await
        .expect("it starts");
    let service = running
        .service::<dyn UserService>()
        .expect("it is provided");
    let hash = service.password_hash("bob").await;
    assert_eq!(hash.expect("the table is there"), None);
    let taken = User {
        id: "bob".to_owned(),
        ..ann()
    };
    let error = service.create(new(taken)).await.expect_err("it is taken");
    assert!(error.to_string().contains("is there already"), "{error}");
    assert!(service.set_password_hash("bob", "x").await.is_err());
    assert!(running.stop().await.is_clean());

    let again = json!([user("ann", "Ann"), user("bob", "Robert")]);
    let third = found(again, path, &ids).await;
    assert_eq!(third[1].as_ref().expect("he is back").name, "Robert");
}

#[tokio::test(flavor = "multi_thread")]
async fn report_a1_a_user_who_was_made_otherwise_is_left_alone() {
    let directory = tempfile::tempdir().expect("a temporary directory can be made");
    let path = directory.path();
    let running = start(json!({}), path).await.expect("it starts");
    let service = running
        .service::<dyn UserService>()
        .expect("it is provided");
    service.create(new(ann())).await.expect("she is new");
    let bob = User {
        id: "bob".to_owned(),
        ..ann()
    };
    // Of two configs that list a user, one is enough.
    service
        .declare("a-plugin", std::slice::from_ref(&bob))
        .await
        .expect("it is taken");
    service
        .declare("b-plugin", std::slice::from_ref(&bob))
        .await
        .expect("it is taken");
    service.declare("a-plugin", &[]).await.expect("it is taken");
    let is_there = service.find("bob").await.expect("the table is there");
    assert_eq!(is_there, Some(bob));
    service.declare("b-plugin", &[]).await.expect("it is taken");
    let is_gone = service.find("bob").await.expect("the table is there");
    assert_eq!(is_gone, None);
    let with_password = service.with_password("").await.expect("the table is there");
    assert_eq!(with_password.len(), 1);
    assert!(running.stop().await.is_clean());
    let second = found(json!([]), path, &["ann"]).await;
    assert_eq!(second[0], Some(ann()));
}

#[tokio::test(flavor = "multi_thread")]
async fn report_c7_what_the_config_says_of_a_user_is_taken_over() {
    let directory = tempfile::tempdir().expect("a temporary directory can be made");
    let path = directory.path();
    let old = json!([{"id": "ann", "name": "Ann", "email": "ann@example.com", "phone": "1"}]);
    found(old, path, &["ann"]).await;
    let new = json!([{"id": "ann", "name": "Anna", "email": "anna@example.com"}]);
    let ann = found(new, path, &["ann"]).await.remove(0);
    let ann = ann.expect("she is there");
    assert_eq!(ann.name, "Anna");
    assert_eq!(ann.email, "anna@example.com");
    assert_eq!(ann.phone, None);
    let twice = json!({"id": "ann", "name": "Ann", "email": "ann@example.com"});
    let error = refusal(json!({"users": [twice, twice]}));
    assert!(error.starts_with("`users[1]`: "), "{error}");
    assert!(error.contains("`ann` is there twice"), "{error}");
}
