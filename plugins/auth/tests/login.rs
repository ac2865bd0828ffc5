//! Logins and tokens, through a manager with the real cache, database and users.

#[path = "support/accounts.rs"]
mod accounts;
#[path = "support/audited.rs"]
mod audited;
#[allow(dead_code, reason = "the tests of the database do more with a server")]
#[path = "../../database/tests/support/server.rs"]
mod server;
#[path = "support/system.rs"]
mod system;

use std::path::Path;
use std::sync::{Arc, Mutex};

use plugin_contracts::{Auth, AuthError, Database, UserLogin, UserLogout, UserService};
use plugin_core::config::Sources;
use plugin_core::prelude::*;
use serde_json::{Value, json};

use server::Server;
use system::{config, mistake, service, start, start_with};

#[tokio::test(flavor = "multi_thread")]
async fn tokens_on_sqlite() {
    let directory = tempfile::tempdir().expect("a temporary directory can be made");
    tokens(&json!({}), directory.path()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_on_mariadb() {
    let server = Server::start().await;
    let directory = tempfile::tempdir().expect("a temporary directory can be made");
    tokens(&server.config(json!({})), directory.path()).await;
}

/// A token is issued, used, revoked, and stays revoked when all is started anew; one that was
/// not revoked stays good.
async fn tokens(database: &Value, data_dir: &Path) {
    let running = start(database, &config(10), data_dir)
        .await
        .expect("it starts");
    let auth = service(&running);
    let revoked = auth
        .login("ann", "correct horse", None)
        .await
        .expect("the password is right");
    let kept = auth
        .login("bob", "battery staple", None)
        .await
        .expect("the password is right");
    assert_eq!(
        auth.verify(&revoked).await.expect("it is good").user_id,
        "ann"
    );
    auth.logout(&revoked).await.expect("it is good");
    assert!(matches!(auth.verify(&revoked).await, Err(AuthError::Token)));
    assert!(matches!(auth.logout(&revoked).await, Err(AuthError::Token)));
    assert!(matches!(
        auth.login("Ann", "correct horse", None).await,
        Err(AuthError::Credentials)
    ));
    assert!(running.stop().await.is_clean());

    let running = start(database, &config(10), data_dir)
        .await
        .expect("it starts again");
    let auth = service(&running);
    assert!(matches!(auth.verify(&revoked).await, Err(AuthError::Token)));
    assert_eq!(auth.verify(&kept).await.expect("it is good").user_id, "bob");
    assert!(running.stop().await.is_clean());
}

#[tokio::test(flavor = "multi_thread")]
async fn logins_and_logouts_are_published() {
    let directory = tempfile::tempdir().expect("a temporary directory can be made");
    let running = start(&json!({}), &config(10), directory.path())
        .await
        .expect("it starts");
    let heard = Arc::new(Mutex::new(Vec::new()));
    let hear = |line: String| heard.lock().expect("no test panics here").push(line);
    let logins = Arc::clone(&heard);
    let _login = running
        .subscriber()
        .subscribe(move |event: &Envelope<UserLogin>| {
            let line = format!("login {} {:?}", event.user_id, event.ip);
            logins.lock().expect("no test panics here").push(line);
        });
    let logouts = Arc::clone(&heard);
    let _logout = running
        .subscriber()
        .subscribe(move |event: &Envelope<UserLogout>| {
            let line = format!("logout {}", event.user_id);
            logouts.lock().expect("no test panics here").push(line);
        });
    let auth = service(&running);
    assert!(auth.login("ann", "wrong", Some("10.0.0.1")).await.is_err());
    hear("then".to_owned());
    let token = auth
        .login("ann", "correct horse", Some("10.0.0.1"))
        .await
        .expect("the password is right");
    auth.logout(&token).await.expect("it is good");
    let lines = std::mem::take(&mut *heard.lock().expect("no test panics here"));
    assert_eq!(
        lines,
        ["then", "login ann Some(\"10.0.0.1\")", "logout ann"]
    );
    assert!(running.stop().await.is_clean());
}

#[tokio::test(flavor = "multi_thread")]
async fn report_a9_who_guesses_waits_and_the_user_does_not() {
    let directory = tempfile::tempdir().expect("a temporary directory can be made");
    let running = start(&json!({}), &config(2), directory.path())
        .await
        .expect("it starts");
    let auth = service(&running);
    let (stranger, home) = (Some("10.0.0.1"), Some("10.0.0.2"));
    auth.login("ann", "correct horse", home)
        .await
        .expect("the password is right");
    for user in ["ann", "nobody"] {
        for _ in 0..2 {
            assert!(matches!(
                auth.login(user, "wrong", stranger).await,
                Err(AuthError::Credentials)
            ));
        }
        // No answer tells who is a user.
        let limited = auth.login(user, "wrong", stranger).await;
        let Err(AuthError::RateLimited { retry_after }) = limited else {
            panic!("{limited:?}")
        };
        assert!(retry_after.as_secs() <= 1, "{retry_after:?}");
    }
    auth.login("ann", "correct horse", home)
        .await
        .expect("she is known there");
    auth.login("ann", "correct horse", Some("10.0.0.3"))
        .await
        .expect("nobody guessed there");
    for guess in 0..5 {
        let user = format!("guess {guess}");
        assert!(auth.login(&user, "wrong", home).await.is_err());
    }
    let from_there = auth.login("bob", "battery staple", home).await;
    assert!(matches!(from_there, Err(AuthError::RateLimited { .. })));
    auth.login("ann", "correct horse", home)
        .await
        .expect("she is known there");
    assert!(running.stop().await.is_clean());

    // A restart makes no stranger of her.
    let running = start(&json!({}), &config(2), directory.path())
        .await
        .expect("it starts again");
    let auth = service(&running);
    for guess in 0..5 {
        let user = format!("guess {guess}");
        assert!(auth.login(&user, "wrong", home).await.is_err());
    }
    let from_there = auth.login("bob", "battery staple", home).await;
    assert!(matches!(from_there, Err(AuthError::RateLimited { .. })));
    auth.login("ann", "correct horse", home)
        .await
        .expect("she is known there");
    assert!(running.stop().await.is_clean());
}

#[tokio::test(flavor = "multi_thread")]
async fn guesses_at_once_are_no_more_than_the_limit() {
    let directory = tempfile::tempdir().expect("a temporary directory can be made");
    let running = start(&json!({}), &config(3), directory.path())
        .await
        .expect("it starts");
    let mut guesses = tokio::task::JoinSet::new();
    for guess in 0..30 {
        let auth = service(&running);
        guesses.spawn(async move { auth.login("ann", &format!("guess {guess}"), None).await });
    }
    let outcomes = guesses.join_all().await;
    let looked_at = outcomes
        .iter()
        .filter(|outcome| matches!(outcome, Err(AuthError::Credentials)));
    assert_eq!(looked_at.count(), 3);
    assert!(running.stop().await.is_clean());
}

/// What the operator writes into the config holds from the next start on.
#[tokio::test(flavor = "multi_thread")]
async fn a_password_that_the_config_changes_is_changed() {
    let directory = tempfile::tempdir().expect("a temporary directory can be made");
    let running = start(&json!({}), &config(10), directory.path())
        .await
        .expect("it starts");
    let database = running.service::<dyn Database>().expect("it is provided");
    let rows = database
        .query("SELECT * FROM users", &[])
        .await
        .expect("the table is there");
    let text = json!(rows).to_string();
    assert!(
        text.contains("$argon2id$") && !text.contains("correct horse"),
        "{text}"
    );
    assert!(running.stop().await.is_clean());

    let mut changed = config(10);
    changed["users"][0]["password"] = json!("another horse");
    let running = start(&json!({}), &changed, directory.path())
        .await
        .expect("it starts again");
    let auth = service(&running);
    assert!(matches!(
        auth.login("ann", "correct horse", None).await,
        Err(AuthError::Credentials)
    ));
    auth.login("ann", "another horse", None)
        .await
        .expect("that is the password now");
    let users = running
        .service::<dyn UserService>()
        .expect("it is provided");
    assert_eq!(
        users
            .find("ann")
            .await
            .expect("the table is there")
            .expect("she is there")
            .email,
        "ann@example.com"
    );
    assert!(running.stop().await.is_clean());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_weak_password_of_the_config_is_refused() {
    let directory = tempfile::tempdir().expect("a temporary directory can be made");
    let mut weak = config(10);
    weak["users"][0]["password"] = json!("ann");
    let told = mistake(weak.clone(), directory.path()).expect("it is weak");
    assert!(told.contains("users[0].password: "), "{told}");
    assert!(told.contains("it is weak"), "{told}");
    weak["allow_weak_passwords"] = json!(true);
    let running = start(&json!({}), &weak, directory.path())
        .await
        .expect("it is allowed");
    assert!(running.stop().await.is_clean());
}

/// The files that are shipped work as they stand, and let a newcomer in.
#[tokio::test(flavor = "multi_thread")]
async fn the_default_config_has_a_user_to_try() {
    let directory = tempfile::tempdir().expect("a temporary directory can be made");
    let sources = |variables: &[(&str, &str)]| {
        Sources::new()
            .embedded(
                "auth",
                include_str!("../../../config/plugins/auth-plugin.yaml"),
            )
            .embedded(
                "cache",
                include_str!("../../../config/plugins/cache-plugin.yaml"),
            )
            .embedded(
                "database",
                include_str!("../../../config/plugins/database-plugin.yaml"),
            )
            .embedded(
                "users",
                include_str!("../../../config/plugins/user-service.yaml"),
            )
            .environment(variables.iter().copied())
    };
    let running = start_with(sources(&[]), directory.path())
        .await
        .expect("it starts");
    let token = service(&running)
        .login("demo", "demo", Some("127.0.0.1"))
        .await;
    let session = service(&running)
        .verify(&token.expect("that is the password"))
        .await;
    assert_eq!(session.expect("it is good").user_id, "demo");
    assert!(running.stop().await.is_clean());

    let changed = sources(&[("DEMO_PASSWORD", "correct horse")]);
    let running = start_with(changed, directory.path())
        .await
        .expect("it starts again");
    assert!(service(&running).login("demo", "demo", None).await.is_err());
    service(&running)
        .login("demo", "correct horse", None)
        .await
        .expect("that is the password now");
    assert!(running.stop().await.is_clean());
}

#[test]
fn report_c5_periods_and_numbers_have_bounds() {
    let directory = tempfile::tempdir().expect("a temporary directory can be made");
    let long = "x".repeat(65);
    let user = json!({"id": long, "name": "x", "email": "x@example.com", "password": "x"});
    for (key, wrong) in [
        ("token_ttl", json!({"token_ttl": "0s"})),
        ("token_ttl", json!({"token_ttl": "367d"})),
        ("window", json!({"failures": {"window": "0s"}})),
        ("window", json!({"failures": {"window": "25h"}})),
        ("per_user", json!({"failures": {"per_user": 0}})),
        ("per_ip", json!({"failures": {"per_ip": 4_000_000_000_u32}})),
        (
            "per_user_total",
            json!({"failures": {"per_user_total": -1}}),
        ),
        ("id", json!({"users": [user]})),
    ] {
        let told = mistake(wrong.clone(), directory.path());
        let told = told.unwrap_or_else(|| panic!("{wrong} is accepted"));
        assert!(told.contains(key), "{told}");
    }
    for good in ["1s", "366d"] {
        let told = mistake(json!({"token_ttl": good}), directory.path());
        assert_eq!(told, None);
    }
}
