//! Starting, readiness, stopping.

use std::net::TcpListener;

use plugin_api::ApiConfig;
use serde_json::json;

use crate::backends::{BEGUN, GO_ON};
use crate::site::Site;

#[tokio::test]
async fn an_occupied_port_fails_the_start_and_is_named() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let outcome = Site::start("", json!({"address": address})).await;
    let error = outcome.err().unwrap();
    assert!(error.is_config(), "{error}");
    assert!(error.to_string().contains(&address), "{error}");
}

#[test]
fn an_open_route_that_is_not_there_is_a_mistake_of_the_config() {
    let read = serde_json::from_value::<ApiConfig>(json!({"open": ["GET /"]}));
    let error = read.unwrap_err().to_string();
    assert!(error.contains("`GET /`"), "{error}");
}

#[tokio::test]
async fn readiness_names_a_plugin_that_does_not_serve() {
    let site = Site::new().await;
    let client = site.client();
    assert_eq!(client.ask("GET /readyz", None).await.status, 200);
    site.running.handle().stop("orders").await.unwrap();
    let answer = client.ask("GET /readyz", None).await;
    assert_eq!(answer.status, 503);
    assert_eq!(answer.detail(), "not ready: `orders`");
    assert_eq!(answer.body["plugins"][0]["state"], "stopped");
    assert_eq!(client.ask("GET /healthz", None).await.status, 200);
    site.running.handle().start("orders").await.unwrap();
    assert_eq!(client.ask("GET /readyz", None).await.status, 200);
}

#[tokio::test]
async fn report_b9_readiness_looks_at_the_directories_and_says_what_is_missing() {
    let file = "plugin_manager: { health_interval: 20ms }";
    let site = Site::start(file, json!({})).await.unwrap();
    let client = site.client();
    let becomes = async |status: u16| loop {
        let answer = client.ask("GET /readyz", None).await;
        if answer.status == status {
            return answer;
        }
        tokio::task::yield_now().await;
    };
    becomes(200).await;
    let (home, kept) = (
        site.dir.path().join("api-plugin"),
        site.dir.path().join("kept"),
    );
    std::fs::rename(&home, &kept).unwrap();
    let answer = becomes(503).await;
    assert!(answer.detail().contains("`api-plugin`: "), "{answer:?}");
    assert!(answer.detail().contains("was removed"), "{answer:?}");
    assert_eq!(answer.body["plugins"][0]["state"], "running");
    assert_eq!(client.ask("GET /healthz", None).await.status, 200);
    std::fs::rename(&kept, &home).unwrap();
    becomes(200).await;
    std::fs::remove_dir_all(site.dir.path()).unwrap();
    becomes(503).await;
    assert!(site.running.stop().await.is_clean());
}

#[tokio::test]
#[expect(
    clippy::disallowed_methods,
    reason = "the client and the stop run side by side, outside of any plugin, and both are awaited"
)]
async fn a_stop_answers_what_runs_and_closes_the_door() {
    let site = Site::new().await;
    let (client, address) = (site.client(), site.address());
    let login = json!({"user_id": "slow", "password": "secret"});
    let asked = tokio::spawn(async move { client.json("POST /login", None, login).await });
    BEGUN.notified().await;
    let stop = tokio::spawn(site.running.stop());
    while tokio::net::TcpStream::connect(&address).await.is_ok() {
        tokio::task::yield_now().await;
    }
    GO_ON.notify_one();
    assert_eq!(asked.await.unwrap().status, 200);
    assert!(stop.await.unwrap().is_clean());
    assert!(!site.dir.path().join("api-plugin/address").exists());
}
