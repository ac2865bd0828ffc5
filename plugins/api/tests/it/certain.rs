//! An answer says what became of an event, or how to ask for that.

use std::time::Duration;

use serde_json::{Value, json};

use crate::client::Answer;
use crate::site::{Site, TOKEN};
use crate::store::GATES;

const ROUTE: &str = "POST /events/order.created";

fn order(id: &str) -> Value {
    json!({"order_id": id, "user_id": "ada", "total_cents": 100})
}

async fn post(site: &Site, key: Option<&str>, order: Value) -> Answer {
    let client = site.client();
    let client = match key {
        Some(key) => client.header("idempotency-key", key),
        None => client,
    };
    client.json(ROUTE, TOKEN, order).await
}

/// How many events a plugin has handled.
fn handled(site: &Site, name: &str) -> u64 {
    let status = site.running.status();
    let mut plugins = status.plugins.iter();
    let plugin = plugins.find(|plugin| plugin.name == name);
    plugin.unwrap().events.received
}

async fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let all = async {
        while !is_so() {
            tokio::task::yield_now().await;
        }
    };
    let in_time = tokio::time::timeout(Duration::from_secs(20), all).await;
    in_time.unwrap_or_else(|_| panic!("not in time: {what}"));
}

#[tokio::test]
async fn report_b10_a_key_is_published_once_and_answered_the_same() {
    let site = Site::stored("takes", 0, json!({})).await;
    let first = post(&site, Some("k-1"), order("A")).await;
    assert_eq!(
        (first.status, &first.body),
        (
            202,
            &json!({"accepted": "order.created", "idempotency_key": "k-1"})
        )
    );
    let again = post(&site, Some("k-1"), order("A")).await;
    assert_eq!((again.status, again.body), (202, first.body));
    let other = post(&site, Some("k-1"), order("B")).await;
    assert_eq!(other.status, 422);
    assert!(other.detail().contains("another event"), "{other:?}");
    let bad = post(&site, Some("not a key"), order("B")).await;
    assert_eq!(bad.status, 400);
    assert_eq!(post(&site, Some("k-2"), order("A")).await.status, 202);
    until("both are handled", || handled(&site, "mailer") == 2).await;
    assert_eq!(handled(&site, "orders"), 2);
}

#[tokio::test]
async fn report_b10_what_is_not_decided_in_time_can_be_asked_for() {
    let config = json!({"request_timeout": "300ms"});
    let site = Site::stored("waits", 0, config).await;
    let pending = post(&site, None, order("A")).await;
    assert_eq!(
        (pending.status, &pending.body["pending"]),
        (202, &json!("order.created"))
    );
    let key = pending.body["idempotency_key"].as_str().unwrap();
    let again = post(&site, Some(key), order("A")).await;
    assert_eq!((again.status, &again.body), (202, &pending.body));
    assert_eq!(post(&site, Some(key), order("B")).await.status, 422);
    GATES[0].add_permits(1);
    let mut answer = again;
    while answer.body["accepted"].is_null() {
        answer = post(&site, Some(key), order("A")).await;
        assert_eq!(answer.status, 202);
    }
    until("it is handled", || handled(&site, "mailer") == 1).await;
    post(&site, None, order("B")).await;
    until("the next is handled", || handled(&site, "mailer") == 2).await;
    assert_eq!(handled(&site, "orders"), 2, "nobody has it twice");
}

#[tokio::test]
async fn report_b19_as_many_are_stored_as_were_not_refused() {
    let config = json!({"request_timeout": "300ms", "max_pending_events": 4});
    let site = Site::stored("waits", 1, config).await;
    let mut pending = 0;
    for number in 0..6 {
        let answer = post(&site, None, order(&number.to_string())).await;
        match answer.status {
            202 => pending += 1,
            _ => {
                assert_eq!(answer.status, 503);
                assert!(answer.detail().contains("was not published"), "{answer:?}");
            }
        }
    }
    assert_eq!(pending, 4);
    GATES[1].add_permits(1);
    until("those are handled", || handled(&site, "mailer") == pending).await;
    while post(&site, None, order("last")).await.status != 202 {}
    until("the last is handled", || handled(&site, "mailer") > pending).await;
    assert_eq!(handled(&site, "mailer"), pending + 1);
}

#[tokio::test]
async fn report_b10_what_can_t_be_stored_is_heard_by_nobody() {
    let site = Site::stored("fails", 0, json!({})).await;
    let answer = post(&site, Some("k"), order("A")).await;
    assert_eq!(answer.status, 503);
    assert!(answer.detail().contains("the disk is full"), "{answer:?}");
    assert_eq!((handled(&site, "mailer"), handled(&site, "orders")), (0, 0));
}
