//! Publishing over HTTP.

use std::time::Duration;

use plugin_contracts::OrderCreated;
use plugin_core::event::Envelope;
use serde_json::json;
use tokio::sync::mpsc;
use tokio::time::timeout;

use crate::backends::RELEASE;
use crate::site::{Site, TOKEN};

pub(crate) fn order() -> serde_json::Value {
    json!({"order_id": "A-1", "user_id": "ada", "total_cents": 100})
}

#[tokio::test]
async fn an_event_reaches_its_handlers() {
    let site = Site::new().await;
    let (sender, mut orders) = mpsc::unbounded_channel();
    let subscription =
        site.running
            .subscriber()
            .subscribe(move |order: &Envelope<OrderCreated>| {
                sender
                    .send(order.order_id.clone())
                    .map_err(plugin_core::Error::from)
            });
    let answer = site
        .client()
        .json("POST /events/order.created", TOKEN, order())
        .await;
    assert_eq!(
        (answer.status, answer.body),
        (202, json!({"accepted": "order.created"}))
    );
    assert_eq!(orders.recv().await.as_deref(), Some("A-1"));
    drop(subscription);
}

#[tokio::test]
async fn what_can_t_be_published_is_told_why() {
    let site = Site::new().await;
    let client = site.client();
    let route = "POST /events/order.created";
    assert_eq!(client.json(route, None, order()).await.status, 401);

    let answer = client
        .json("POST /events/order.creatde", TOKEN, order())
        .await;
    assert_eq!(answer.status, 404);
    assert!(answer.detail().contains("`order.creatde`"), "{answer:?}");

    let mut wrong = order();
    wrong["total_cents"] = json!("much");
    let answer = client.json(route, TOKEN, wrong).await;
    assert_eq!(
        (answer.status, &answer.body["key"]),
        (422, &json!("total_cents"))
    );
    assert!(answer.detail().contains("expected u64"), "{answer:?}");

    let mut extra = order();
    extra["coupon"] = json!(1);
    let answer = client.json(route, TOKEN, extra).await;
    assert_eq!(answer.status, 422);
    assert!(answer.detail().contains("`coupon`"), "{answer:?}");
}

#[tokio::test]
async fn report_d_an_event_that_says_two_things_is_refused() {
    let site = Site::new().await;
    let body = r#"{"order_id":"A-1","user_id":"ada","total_cents":1,"total_cents":2}"#;
    let answer = (site.client())
        .send("POST /events/order.created", TOKEN, body.to_owned())
        .await;
    assert_eq!(answer.status, 422, "{answer:?}");
    let body = r#"{"table":"notes","data":{"text":"a","\u0074ext":"b"}}"#;
    let site = Site::start("", json!({"may_publish_for": ["ada"]}))
        .await
        .unwrap();
    let answer = (site.client())
        .send("POST /events/data.save", TOKEN, body.to_owned())
        .await;
    assert_eq!((answer.status, &answer.body["key"]), (422, &json!("data")));
    assert!(answer.detail().contains("twice"), "{answer:?}");
}

#[tokio::test]
async fn report_b10_an_event_that_nobody_would_get_is_told_so() {
    let site = Site::start("", json!({"may_publish_for": ["ada"]}))
        .await
        .unwrap();
    let client = site.client();
    let request = json!({"user_id": "ada"});
    let answer = client
        .json("POST /events/user.lookup", TOKEN, request)
        .await;
    assert_eq!(answer.status, 409, "{answer:?}");
    assert!(answer.detail().contains("is a request"), "{answer:?}");

    let saved = json!({"table": "notes", "id": 1});
    let answer = client.json("POST /events/data.saved", TOKEN, saved).await;
    let detail = "nobody subscribes to this event now";
    assert_eq!(
        (answer.status, answer.body),
        (202, json!({"accepted": "data.saved", "detail": detail}))
    );
}

#[tokio::test]
async fn report_b10_what_has_no_room_is_published_to_nobody() {
    let file = "orders: { mailbox: 1 }";
    let site = Site::start(file, json!({"request_timeout": "100ms"}))
        .await
        .unwrap();
    let client = site.client();
    let mut sent = 0;
    // One is handled, one waits in the mailbox: at the latest the third finds no room.
    loop {
        let mut order = order();
        order["order_id"] = json!("hold");
        let answer = client
            .json("POST /events/order.created", TOKEN, order)
            .await;
        if answer.status != 202 {
            assert_eq!(answer.status, 503, "{answer:?}");
            assert!(
                answer.detail().starts_with("nobody got the event"),
                "{answer:?}"
            );
            break;
        }
        sent += 1;
    }
    let all_are_handled = async {
        while received(&site) < sent {
            RELEASE.notify_one();
            tokio::task::yield_now().await;
        }
    };
    let limit = Duration::from_secs(10);
    timeout(limit, all_are_handled)
        .await
        .expect("what was accepted is handled");
    let last = client.json("POST /events/order.created", TOKEN, order());
    assert_eq!(last.await.status, 202);
    while received(&site) == sent {
        RELEASE.notify_one();
        tokio::task::yield_now().await;
    }
    assert_eq!(received(&site), sent + 1);
}

/// How many orders were handled.
fn received(site: &Site) -> u64 {
    let status = site.running.status();
    let orders = status.plugins.iter().find(|plugin| plugin.name == "orders");
    orders.unwrap().events.received
}

#[tokio::test]
async fn report_a8_a_caller_speaks_for_himself() {
    let site = Site::new().await;
    let client = site.client();
    let mut others = order();
    others["user_id"] = json!("bob");
    let route = "POST /events/order.created";
    let answer = client.json(route, TOKEN, others.clone()).await;
    assert_eq!(
        (answer.status, &answer.body["key"]),
        (403, &json!("user_id"))
    );
    assert!(answer.detail().contains("`may_publish_for`"), "{answer:?}");
    assert_eq!(client.json(route, TOKEN, order()).await.status, 202);
    let answer = client.json(route, Some("token-of-bob"), others).await;
    assert_eq!(answer.status, 202);
    // No other event says whom it speaks for.
    let login = json!({"user_id": "ada"});
    let answer = client.json("POST /events/user.login", TOKEN, login).await;
    assert_eq!(answer.status, 403);
    assert!(answer.detail().contains("`subject`"), "{answer:?}");
}

#[tokio::test]
async fn report_a8_whom_the_config_names_speaks_for_others() {
    let config = json!({"may_publish_for": ["ada"]});
    let site = Site::start("", config).await.unwrap();
    let mut others = order();
    others["user_id"] = json!("bob");
    for (topic, data) in [
        ("order.created", others),
        ("user.login", json!({"user_id": "bob"})),
    ] {
        let route = format!("POST /events/{topic}");
        let answer = site.client().json(&route, TOKEN, data).await;
        assert_eq!(answer.status, 202, "{answer:?}");
    }
}

#[tokio::test]
async fn report_a8_an_open_route_speaks_for_nobody() {
    let open = json!({"open": ["POST /events/{topic}"]});
    let site = Site::start("", open).await.unwrap();
    let client = site.client();
    let answer = client
        .json("POST /events/order.created", None, order())
        .await;
    assert_eq!(answer.status, 401, "{answer:?}");
}

#[tokio::test]
async fn report_a8_what_the_schema_asks_for_holds_outside() {
    let site = Site::new().await;
    let client = site.client();
    for (key, value, why) in [
        (
            "order_id",
            json!("A\r.\r\nMAIL FROM:<e@x.example>"),
            "U+000D",
        ),
        ("order_id", json!("\u{202e}evil"), "match"),
        ("order_id", json!("x".repeat(129)), "129 characters"),
        ("order_id", json!(""), "at least 1"),
        ("total_cents", json!(u64::MAX), "at most"),
    ] {
        let mut order = order();
        order[key] = value;
        let answer = client
            .json("POST /events/order.created", TOKEN, order)
            .await;
        assert_eq!((answer.status, &answer.body["key"]), (422, &json!(key)));
        assert!(answer.detail().contains(why), "{answer:?}");
    }
}

#[tokio::test]
async fn the_default_file_lets_callers_order_and_nothing_else() {
    let file = include_str!("../../../../config/plugins/api-plugin.yaml");
    let site = Site::start(file, json!({})).await.unwrap();
    let client = site.client();
    let answer = client
        .json("POST /events/order.created", TOKEN, order())
        .await;
    assert_eq!(answer.status, 202, "{answer:?}");
    let login = json!({"user_id": "bob"});
    let answer = client.json("POST /events/user.login", TOKEN, login).await;
    assert_eq!(answer.status, 403);
    assert!(answer.detail().contains("user.login"), "{answer:?}");
}
