//! `APIPlugin.handleAPICall`: input is checked against the type of the topic before anything sees
//! it. The whole service is behind the door: a login, a token, an order, a confirmation.

use plugin_api::Api;
use plugin_auth::Authenticator;
use plugin_cache::MemoryCache;
use plugin_contracts::OrderCreated;
use plugin_core::Plugin;
use plugin_database::SqlDatabase;
use plugin_user_service::Users;
use serde_json::{Value, json};
use ureq::{Agent, http};

use crate::heard::Heard;
use crate::rig::Rig;

fn rig() -> Rig {
    let user = json!({"id": "ann", "name": "Ann", "email": "ann@shop.example", "password": "correct horse"});
    Rig::new(&[
        Api::DESCRIPTOR,
        Authenticator::DESCRIPTOR,
        Users::DESCRIPTOR,
        SqlDatabase::DESCRIPTOR,
        MemoryCache::DESCRIPTOR,
    ])
    .config("auth-plugin", json!({"users": [user]}))
    .config("api-plugin", json!({"address": "127.0.0.1:0"}))
}

/// Sends JSON and returns the status and the body.
async fn post(rig: &Rig, path: &str, token: &str, body: Value) -> (u16, Value) {
    let address = std::fs::read_to_string(rig.path("api-plugin/address")).unwrap();
    let request = http::Request::post(format!("http://{address}{path}"))
        .header("authorization", format!("Bearer {token}"))
        .header("content-type", "application/json")
        .body(body.to_string())
        .unwrap();
    let agent: Agent = Agent::config_builder()
        .http_status_as_error(false)
        .build()
        .into();
    let ask = move || {
        let mut response = agent.run(request).unwrap();
        let body = response.body_mut().read_json().unwrap_or_default();
        (response.status().as_u16(), body)
    };
    tokio::task::spawn_blocking(ask).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_from_outside_is_validated_before_it_is_published() {
    let rig = rig();
    let running = rig.start().await;
    let orders = Heard::<OrderCreated>::on(&running);
    let password = json!({"user_id": "ann", "password": "correct horse"});
    let (status, answer) = post(&rig, "/login", "", password).await;
    assert_eq!(status, 200, "{answer}");
    let token = answer["token"].as_str().unwrap();

    let order = json!({"order_id": "A-1", "user_id": "ann", "total_cents": 100});
    let wrong = json!({"order_id": "A-1", "user_id": "ann", "total_cents": "much"});
    let route = "/events/order.created";
    assert_eq!(post(&rig, route, "", order.clone()).await.0, 401);
    let (status, why) = post(&rig, route, token, wrong).await;
    assert_eq!((status, &why["key"]), (422, &json!("total_cents")), "{why}");
    let unknown = post(&rig, "/events/order.creatd", token, order.clone()).await;
    assert_eq!(unknown.0, 404);
    assert!(orders.take().is_empty());

    assert_eq!(post(&rig, route, token, order).await.0, 202);
    assert_eq!(orders.take()[0].order_id, "A-1");
    assert!(running.stop().await.is_clean());
}
