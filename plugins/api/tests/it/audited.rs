//! What callers are refused is in the audit log.

use std::fs;

use serde_json::{Value, json};

use crate::site::{Site, TOKEN};

/// The lines of the audit log, once the system has stopped.
async fn lines(site: Site) -> Vec<Value> {
    let Site { dir, running } = site;
    running.stop().await;
    let text = fs::read_to_string(dir.path().join("audit.ndjson")).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// The one line about what a user did.
fn denied<'a>(lines: &'a [Value], action: &str) -> &'a Value {
    let of_action = lines.iter().filter(|line| line["action"] == action);
    let lines: Vec<&Value> = of_action.collect();
    assert_eq!(lines.len(), 1, "{action}: {lines:?}");
    assert_eq!(lines[0]["outcome"], "denied");
    assert_eq!(lines[0]["actor"], "api-plugin");
    assert_eq!(lines[0]["address"], "127.0.0.1");
    lines[0]
}

#[tokio::test]
async fn report_a12_refusals_say_who_from_where_what_and_why() {
    let site = Site::new().await;
    let client = site.client();
    let others = json!({"order_id": "A", "user_id": "bob", "total_cents": 1});
    let answer = client
        .json("POST /events/order.created", TOKEN, others)
        .await;
    assert_eq!(answer.status, 403);
    assert_eq!(
        client.ask("GET /users/ada", Some("forged")).await.status,
        401
    );

    let lines = lines(site).await;
    let publish = denied(&lines, "events.publish");
    assert_eq!(publish["user"], "ada");
    let detail = publish["detail"].as_str().unwrap();
    assert!(
        detail.starts_with("POST /events/order.created: "),
        "{detail}"
    );
    assert!(detail.contains("`user_id`"), "{detail}");
    assert_eq!(denied(&lines, "users.read")["user"], Value::Null);
}

#[tokio::test]
async fn report_a12_wrong_logins_say_for_whom_and_so_does_their_count() {
    let site = Site::new().await;
    let client = site.client();
    let wrong = json!({"user_id": "ada", "password": "wrong"});
    for _ in 0..15 {
        let answer = client.json("POST /login", None, wrong.clone()).await;
        assert_eq!(answer.status, 401, "{answer:?}");
    }
    let lines = lines(site).await;
    let logins: Vec<_> = (lines.iter())
        .filter(|line| line["action"] == "login")
        .collect();
    assert_eq!(logins.len(), 11, "ten, and the number of the others");
    for line in logins {
        assert_eq!(
            (&line["user"], &line["address"]),
            (&json!("ada"), &json!("127.0.0.1"))
        );
    }
}

#[tokio::test]
async fn report_a13_a_user_s_refusals_do_not_fill_the_disk() {
    let site = Site::new().await;
    let client = site.client();
    let others = json!({"order_id": "A", "user_id": "bob", "total_cents": 1});
    for number in 0..50 {
        let path = "POST /events/order.created";
        let answer = client.json(path, TOKEN, others.clone()).await;
        assert_eq!(answer.status, 403);
        let path = format!("GET /users/{}{number}", "x".repeat(2000));
        assert_eq!(client.ask(&path, Some("forged")).await.status, 401);
    }
    let lines = lines(site).await;
    for action in ["events.publish", "users.read"] {
        let refused: Vec<_> = (lines.iter())
            .filter(|line| line["action"] == action)
            .collect();
        assert_eq!(refused.len(), 11, "ten, and the number of the others");
        assert!(refused.iter().all(|line| line.to_string().len() < 1000));
        let last = refused[10]["detail"].as_str().unwrap();
        assert!(last.starts_with("40 more"), "{last}");
    }
}
