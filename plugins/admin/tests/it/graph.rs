//! The graph and what its edges carry.

use plugin_core::prelude::Publisher;
use serde_json::{Value, json};

use crate::site::{Ping, Site, in_time};

fn edge<'g>(graph: &'g Value, from: &str, to: &str) -> &'g Value {
    let edges = graph["edges"].as_array().unwrap();
    let found = edges
        .iter()
        .find(|edge| edge["from"] == from && edge["to"] == to);
    found.unwrap_or_else(|| panic!("no edge from {from} to {to}: {graph:#}"))
}

#[tokio::test]
async fn the_graph_has_places_and_its_edges_say_what_they_carry() {
    let site = Site::with("leaf: { replicas: 2 }", json!({})).await;
    let pings: Publisher<Ping> = site.running.publisher::<Ping>();
    for bad in [false, true, false] {
        pings.publish(Ping { bad }).await.unwrap();
    }
    in_time(site.running.idle()).await;
    let graph = site.get("/v1/graph").await.body;
    let heard = edge(&graph, "event:ping", "plugin:leaf");
    assert_eq!(heard["kind"], "handled_by");
    let live = &heard["live"];
    let figures = ["handled", "failed", "waiting"].map(|key| &live[key]);
    assert_eq!(figures, [3, 1, 0], "{live}");
    assert_eq!(live["dropped"], json!({}));
    assert_eq!(live["handlers"], json!(["on_ping"]));
    let call = edge(&graph, "service:Numbers", "plugin:base");
    assert_eq!(call["live"], Value::Null);
    let nodes = graph["nodes"].as_array().unwrap();
    let y = |id: &str| {
        let node = nodes.iter().find(|node| node["id"] == id).unwrap();
        node["y"].as_f64().unwrap()
    };
    assert!(y("plugin:leaf") < y("service:Numbers") && y("service:Numbers") < y("plugin:base"));
}

#[tokio::test]
async fn report_13_an_edge_says_how_many_events_were_dropped_and_why() {
    let site = Site::with("leaf: { mailbox: 1 }", json!({})).await;
    let pings: Publisher<Ping> = site.running.publisher::<Ping>();
    // Nothing is handled meanwhile: there is one thread.
    let sent: Vec<_> = (0..3)
        .map(|_| pings.try_publish(Ping { bad: false }))
        .collect();
    assert_eq!(sent.iter().filter(|sent| sent.is_err()).count(), 2);
    in_time(site.running.idle()).await;
    let graph = site.get("/v1/graph").await.body;
    let heard = edge(&graph, "event:ping", "plugin:leaf");
    assert_eq!(heard["live"]["dropped"], json!({"full": 2}));
}
