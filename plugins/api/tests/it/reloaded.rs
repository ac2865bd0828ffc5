//! Another config while requests come in: a new life of the interface takes over what the old one
//! has open.

use plugin_api::Api;
use plugin_core::config::Sources;
use plugin_core::lifecycle::{ChangeAction, Manager};
use plugin_core::{Composition, Plugin};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::backends::{Gatekeeper, Orders, People};
use crate::site::Site;

async fn started(dir: tempfile::TempDir) -> Site {
    let plugins = [
        Api::DESCRIPTOR,
        Gatekeeper::DESCRIPTOR,
        Orders::DESCRIPTOR,
        People::DESCRIPTOR,
    ];
    let sources = Sources::new().config_dir(dir.path());
    let configured = Manager::builder(&Composition::assemble(&plugins).unwrap())
        .sources(sources)
        .data_dir(dir.path())
        .configure()
        .unwrap();
    let running = configured.start().await.unwrap();
    Site { dir, running }
}

fn write(dir: &std::path::Path, config: &Value) {
    let section = json!({"api-plugin": {"config": config}});
    std::fs::write(dir.join("api-plugin.yaml"), section.to_string()).unwrap();
}

/// The status of one request on a connection, which stays open.
async fn ask(stream: &mut TcpStream) -> String {
    let request = b"GET /healthz HTTP/1.1\r\nhost: test\r\n\r\n";
    stream.write_all(request).await.unwrap();
    let mut answer = Vec::new();
    while !answer.ends_with(b"}") {
        let read = stream.read_buf(&mut answer).await.unwrap();
        assert_ne!(
            read,
            0,
            "closed after {:?}",
            String::from_utf8_lossy(&answer)
        );
    }
    String::from_utf8(answer[..12].to_vec()).unwrap()
}

#[tokio::test]
async fn another_address_is_opened_beside_and_who_is_connected_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), &json!({"address": "127.0.0.1:0"}));
    let site = started(dir).await;
    let first = site.address();
    let mut stream = TcpStream::connect(&first).await.unwrap();
    assert_eq!(ask(&mut stream).await, "HTTP/1.1 200");
    // The address that was chosen, by its number, is the same one.
    write(site.dir.path(), &json!({"address": first}));
    let outcome = site.running.handle().reload().await.unwrap();
    assert_eq!(outcome.changes[0].action, ChangeAction::Replace);
    assert_eq!(site.address(), first);
    assert_eq!(ask(&mut stream).await, "HTTP/1.1 200");

    write(site.dir.path(), &json!({"address": "127.0.0.2:0"}));
    site.running.handle().reload().await.unwrap();
    let second = site.address();
    assert!(second.starts_with("127.0.0.2:"), "{second}");
    assert_eq!(ask(&mut stream).await, "HTTP/1.1 200");
    TcpStream::connect(&first).await.unwrap_err();
    let mut other = TcpStream::connect(&second).await.unwrap();
    assert_eq!(ask(&mut other).await, "HTTP/1.1 200");

    // One that can't be had is refused, and what was open is open.
    write(site.dir.path(), &json!({"address": "192.0.2.1:1"}));
    let refused = site.running.handle().reload().await.unwrap_err();
    assert!(refused.to_string().contains("can't listen"), "{refused}");
    assert_eq!(site.address(), second);
    assert_eq!(ask(&mut stream).await, "HTTP/1.1 200");
    assert_eq!(ask(&mut other).await, "HTTP/1.1 200");
    assert!(site.running.stop().await.is_clean());
}

#[tokio::test]
async fn limits_are_the_new_ones_for_who_is_connected_too() {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), &json!({"address": "127.0.0.1:0"}));
    let site = started(dir).await;
    let mut stream = TcpStream::connect(site.address()).await.unwrap();
    ask(&mut stream).await;
    let config = json!({"address": "127.0.0.1:0", "open": ["GET /readyz"]});
    write(site.dir.path(), &config);
    site.running.handle().reload().await.unwrap();
    assert_eq!(ask(&mut stream).await, "HTTP/1.1 401");
    site.running.stop().await;
}

#[tokio::test]
async fn keys_of_callers_are_known_to_the_next_life() {
    let site = Site::new().await;
    let client = site.client().header("idempotency-key", "mine");
    let order = || {
        client.json(
            "POST /events/order.created",
            crate::site::TOKEN,
            crate::events::order(),
        )
    };
    let first = order().await;
    assert_eq!(first.status, 202, "{:?}", first.body);
    site.running.handle().restart("api-plugin").await.unwrap();
    assert_eq!(order().await.status, 202);
    site.running.idle().await;
    let heard = site.running.status().plugins;
    let orders = heard.iter().find(|plugin| plugin.name == "orders").unwrap();
    assert_eq!(orders.events.received, 1, "published once");
    site.running.stop().await;
}
