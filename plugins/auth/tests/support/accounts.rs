//! The config's users from start to start: who is listed, and whose tokens are good.

use std::path::Path;

use plugin_contracts::{Auth, AuthError, Database, LogOut, NewUser, User, UserService};
use plugin_core::lifecycle::Running;
use plugin_core::prelude::*;
use serde_json::{Value, json};

use crate::server::Server;
use crate::system::{service, start};

fn account(id: &str, password: &str) -> Value {
    json!({"id": id, "name": id, "email": format!("{id}@example.com"), "password": password})
}

fn users(users: &[Value]) -> Value {
    json!({"users": users, "failures": {"per_user": 100, "per_ip": 1000}})
}

async fn started(database: &Value, auth: &Value, data_dir: &Path) -> Running {
    start(database, auth, data_dir).await.expect("it starts")
}

async fn login(auth: &Service<dyn Auth>, user: &str, password: &str) -> Option<String> {
    match auth.login(user, password, None).await {
        Ok(token) => Some(token),
        Err(AuthError::Credentials) => None,
        Err(error) => panic!("{error}"),
    }
}

async fn is_good(auth: &Service<dyn Auth>, token: &str) -> bool {
    match auth.verify(token).await {
        Ok(_) => true,
        Err(AuthError::Token) => false,
        Err(error) => panic!("{error}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn report_a1_who_is_not_in_users_is_disabled_on_sqlite() {
    disabled(&json!({})).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn report_a1_who_is_not_in_users_is_disabled_on_mariadb() {
    let server = Server::start().await;
    disabled(&server.config(json!({}))).await;
}

/// Listed, taken out, listed again with the same password, and with another person's data.
async fn disabled(database: &Value) {
    let directory = tempfile::tempdir().expect("a temporary directory can be made");
    let path = directory.path();
    let ann = account("ann", "correct horse");
    let mut demo = users(&[account("demo", "demo"), ann.clone()]);
    demo["allow_weak_passwords"] = json!(true);
    let running = started(database, &demo, path).await;
    let auth = service(&running);
    let old = login(&auth, "demo", "demo").await.expect("it is right");
    let kept = login(&auth, "ann", "correct horse")
        .await
        .expect("it is right");
    assert!(running.stop().await.is_clean());

    // Its weak password is stored, and nobody can use it: that refuses no start.
    for _ in 0..2 {
        let running = started(database, &users(std::slice::from_ref(&ann)), path).await;
        let auth = service(&running);
        assert_eq!(login(&auth, "demo", "demo").await, None);
        assert!(!is_good(&auth, &old).await, "its tokens end");
        assert!(is_good(&auth, &kept).await, "nobody else's do");
        let users = running
            .service::<dyn UserService>()
            .expect("it is provided");
        assert_eq!(users.find("demo").await.expect("it answers"), None);
        assert!(running.stop().await.is_clean());
    }

    let running = started(database, &demo, path).await;
    let auth = service(&running);
    assert!(!is_good(&auth, &old).await, "what was over stays over");
    let second = login(&auth, "demo", "demo").await.expect("it is back");
    assert!(running.stop().await.is_clean());

    let mut other = demo.clone();
    other["users"][0]["email"] = json!("somebody.else@example.com");
    let running = started(database, &other, path).await;
    let auth = service(&running);
    assert!(!is_good(&auth, &second).await, "it may be somebody else");
    login(&auth, "demo", "demo").await.expect("it is right");
    let users = running
        .service::<dyn UserService>()
        .expect("it is provided");
    let found = users.find("demo").await.expect("it answers");
    let found = found.expect("it is there");
    assert_eq!(found.email, "somebody.else@example.com");
    assert!(running.stop().await.is_clean());
}

#[tokio::test(flavor = "multi_thread")]
async fn report_a1_a_stored_weak_password_refuses_the_start() {
    let directory = tempfile::tempdir().expect("a temporary directory can be made");
    let path = directory.path();
    let mut lenient = users(&[account("eve", "eve"), account("ann", "correct horse")]);
    lenient["allow_weak_passwords"] = json!(true);
    let running = started(&json!({}), &lenient, path).await;
    let service = running
        .service::<dyn UserService>()
        .expect("it is provided");
    let hash = service.password_hash("eve").await.expect("it answers");
    // Made by another plugin: the config knows nothing of it.
    let new = |id: &str, password_hash: Option<String>| NewUser {
        user: User {
            id: id.to_owned(),
            name: "Mallory".to_owned(),
            email: "mallory@example.com".to_owned(),
            phone: None,
        },
        password_hash: password_hash.expect("there is one"),
    };
    let strong = service.password_hash("ann").await.expect("it answers");
    let strong = new("mallory", strong);
    service.create(strong).await.expect("the id is free");
    assert!(running.stop().await.is_clean());

    let strict = users(&[]);
    let running = started(&json!({}), &strict, path).await;
    let auth = crate::system::service(&running);
    assert_eq!(login(&auth, "eve", "eve").await, None);
    let token = login(&auth, "mallory", "correct horse").await;
    assert!(token.is_some(), "who was made otherwise is left alone");
    let service = running
        .service::<dyn UserService>()
        .expect("it is provided");
    let hash = NewUser {
        password_hash: hash.expect("there is one"),
        ..new("eve2", Some(String::new()))
    };
    let database = running.service::<dyn Database>().expect("it is provided");
    service.create(hash).await.expect("the id is free");
    // So that its password is its id.
    let rename = "UPDATE users SET id = 'EVE' WHERE id = 'eve2'";
    database
        .execute("DELETE FROM users WHERE id = 'eve'", &[])
        .await
        .expect("it is gone");
    database.execute(rename, &[]).await.expect("it is renamed");
    let renamed = "UPDATE users SET id = 'eve' WHERE id = 'EVE'";
    database
        .execute("DELETE FROM user_sources", &[])
        .await
        .expect("it is gone");
    database
        .execute("DELETE FROM auth_accounts", &[])
        .await
        .expect("it is gone");
    database.execute(renamed, &[]).await.expect("it is renamed");
    assert!(running.stop().await.is_clean());

    let error = start(&json!({}), &strict, path)
        .await
        .expect_err("a weak password is stored");
    assert!(error.to_string().contains("`eve`"), "{error}");
    assert!(!error.to_string().contains("`mallory`"), "{error}");
    let error = start(&json!({}), &strict, path)
        .await
        .expect_err("also when it is known already");
    assert_eq!(error.failures[0].error.kind(), ErrorKind::Config);
    let listed = users(&[account("eve", "a much longer one")]);
    let running = started(&json!({}), &listed, path).await;
    let auth = crate::system::service(&running);
    assert_eq!(login(&auth, "eve", "eve").await, None);
    assert!(running.stop().await.is_clean());
}

#[tokio::test(flavor = "multi_thread")]
async fn report_a2_a_changed_password_ends_the_tokens_for_ever() {
    let directory = tempfile::tempdir().expect("a temporary directory can be made");
    let path = directory.path();
    let mut tokens = Vec::<String>::new();
    for password in ["correct horse", "another horse", "correct horse"] {
        let running = started(&json!({}), &users(&[account("ann", password)]), path).await;
        let auth = service(&running);
        for token in &tokens {
            assert!(!is_good(&auth, token).await, "of an earlier password");
        }
        let token = login(&auth, "ann", password).await.expect("it is right");
        assert!(is_good(&auth, &token).await);
        tokens.push(token);
        assert!(running.stop().await.is_clean());
    }
    // Without a change they stay good.
    let running = started(&json!({}), &users(&[account("ann", "correct horse")]), path).await;
    assert!(is_good(&service(&running), &tokens[2]).await);
    assert!(running.stop().await.is_clean());
}

#[tokio::test(flavor = "multi_thread")]
async fn report_a2_who_logs_out_everywhere_ends_all_tokens() {
    let directory = tempfile::tempdir().expect("a temporary directory can be made");
    let listed = users(&[
        account("ann", "correct horse"),
        account("bob", "battery staple"),
    ]);
    let running = started(&json!({}), &listed, directory.path()).await;
    let auth = service(&running);
    let mut tokens = Vec::new();
    for _ in 0..3 {
        let token = login(&auth, "ann", "correct horse").await;
        tokens.push(token.expect("it is right"));
    }
    let other = login(&auth, "bob", "battery staple")
        .await
        .expect("it is right");
    for token in &tokens {
        assert!(is_good(&auth, token).await);
    }
    auth.logout_from(&tokens[1], LogOut::Everywhere, None)
        .await
        .expect("it is good");
    for token in &tokens {
        assert!(!is_good(&auth, token).await, "at once");
    }
    assert!(is_good(&auth, &other).await);
    let new = login(&auth, "ann", "correct horse").await;
    assert!(is_good(&auth, &new.expect("it is right")).await);
    assert!(running.stop().await.is_clean());
}

/// Two processes, each with its own start, on one database and with one key.
#[tokio::test(flavor = "multi_thread")]
async fn report_a2_another_process_ends_tokens_within_ten_seconds() {
    let server = Server::start().await;
    let database = server.config(json!({}));
    let directories = [(); 2].map(|()| tempfile::tempdir().expect("it can be made"));
    let mut config = users(&[
        account("ann", "correct horse"),
        account("bob", "battery staple"),
    ]);
    config["secret"] = json!("0123456789abcdef0123456789abcdef");
    let first = started(&database, &config, directories[0].path()).await;
    let auth = service(&first);
    let ann = login(&auth, "ann", "correct horse").await;
    let (ann, bob) = (
        ann.expect("it is right"),
        login(&auth, "bob", "battery staple").await,
    );
    assert!(is_good(&auth, &ann).await);

    let mut without = config.clone();
    without["users"] = json!([account("bob", "battery staple")]);
    let second = started(&database, &without, directories[1].path()).await;
    assert!(!is_good(&service(&second), &ann).await);
    assert!(is_good(&service(&second), &bob.expect("it is right")).await);
    let until = tokio::time::Instant::now() + std::time::Duration::from_secs(20);
    while is_good(&auth, &ann).await {
        assert!(tokio::time::Instant::now() < until, "ten seconds are over");
        tokio::task::yield_now().await;
    }
    assert_eq!(login(&auth, "ann", "correct horse").await, None);
    assert!(first.stop().await.is_clean() && second.stop().await.is_clean());
}
