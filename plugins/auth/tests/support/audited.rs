//! Logins, tokens and log-outs in the audit log.

use std::path::Path;

use plugin_contracts::{Auth, LogOut};
use serde_json::{Value, json};

use crate::system::{config, service, start};

/// The lines that the plugin wrote, of one action.
fn lines(data_dir: &Path, action: &str) -> Vec<Value> {
    let text = std::fs::read_to_string(data_dir.join("audit.ndjson")).expect("it was written");
    let lines = text
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).expect("a line is JSON"));
    lines
        .filter(|line| line["actor"] == "auth-plugin" && line["action"] == action)
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn report_a12_logins_tokens_and_log_outs_stand_in_the_audit_log() {
    let directory = tempfile::tempdir().expect("a temporary directory can be made");
    let running = start(&json!({}), &config(2), directory.path())
        .await
        .expect("it starts");
    let auth = service(&running);
    let ip = Some("10.0.0.1");
    assert!(auth.login("ann", "wrong", ip).await.is_err());
    assert!(auth.login("\u{1b}[2J\r\nroot", "wrong", ip).await.is_err());
    assert!(auth.login("ann", "wrong", ip).await.is_err());
    assert!(auth.login("ann", "correct horse", ip).await.is_err());
    let token = auth
        .login("bob", "battery staple", ip)
        .await
        .expect("the password is right");
    assert!(auth.verify_from("v1.no.token", ip).await.is_err());
    auth.logout_from(&token, LogOut::Here, ip)
        .await
        .expect("it is good");
    assert!(auth.verify_from(&token, ip).await.is_err());
    assert!(running.stop().await.is_clean());

    let logins = lines(directory.path(), "login");
    let told: Vec<_> = logins
        .iter()
        .map(|line| {
            assert_eq!(line["address"], "10.0.0.1", "{line}");
            (&line["user"], &line["outcome"], &line["detail"])
        })
        .collect();
    let nobody = json!("\\u{1b}[2J\\u{d}\\u{a}root");
    assert_eq!(
        told[0],
        (&json!("ann"), &json!("denied"), &json!("wrong password"))
    );
    assert_eq!(told[1].0, &nobody);
    assert_eq!(told[3].2, &json!("too many failures"));
    assert_eq!(told[4], (&json!("bob"), &json!("done"), &Value::Null));
    assert_eq!(told.len(), 5);
    assert_eq!(lines(directory.path(), "login.slow").len(), 1);
    let tokens = lines(directory.path(), "token");
    assert_eq!(tokens[0]["user"], Value::Null);
    assert_eq!(tokens[0]["detail"], "not made here, or changed");
    assert_eq!(tokens[1]["user"], "bob");
    assert_eq!(tokens[1]["detail"], "revoked");
    assert_eq!(lines(directory.path(), "logout")[0]["user"], "bob");
}

#[tokio::test(flavor = "multi_thread")]
async fn report_a12_a_hundred_wrong_logins_are_few_lines_and_a_count() {
    let directory = tempfile::tempdir().expect("a temporary directory can be made");
    let running = start(&json!({}), &config(2), directory.path())
        .await
        .expect("it starts");
    let auth = service(&running);
    for _ in 0..105 {
        assert!(auth.login("bob", "wrong", Some("10.0.0.1")).await.is_err());
    }
    assert!(running.stop().await.is_clean());
    let logins = lines(directory.path(), "login");
    assert_eq!(logins.len(), 11);
    let last = logins[10]["detail"].as_str().expect("it says how many");
    assert!(last.starts_with("95 more"), "{last}");
    assert_eq!(logins[10]["address"], "10.0.0.1");
}
