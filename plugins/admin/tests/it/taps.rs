//! Many who look on at once.

use futures_util::future::join_all;
use serde_json::json;

use crate::site::{Site, in_time};
use crate::streams::{Listener, publish};

/// Of a thousand taps half never read. Each publishing returns, each event is handled, each reader
/// sees events, and the interface answers.
#[tokio::test]
async fn a_thousand_taps_of_which_half_never_read_harm_nobody() {
    let file = "admin-plugin: { resources: { tasks: 4000 } }";
    let config = json!({"max_connections": 1100, "max_streams": 1000});
    let site = Site::with(file, config).await;
    let (mut readers, mut silent) = (Vec::new(), Vec::new());
    for at in 0..1000 {
        let filter = ["", "&filter=number%3E%3D0", "&sample=2", "&limit=5"][at % 4];
        let listener = Listener::open(&site, &format!("topics=tap:site.note{filter}"), None).await;
        let to = if at % 2 == 0 {
            &mut readers
        } else {
            &mut silent
        };
        to.push(listener);
    }
    const EVENTS: u64 = 3_000;
    let publishes = async {
        for number in 0..EVENTS {
            publish(&site.running, number).await;
            if number % 100 == 0 {
                tokio::task::yield_now().await;
            }
        }
    };
    let read = join_all(readers.iter_mut().map(|reader| reader.of("tap")));
    let ((), seen) = in_time(async { tokio::join!(publishes, read) }).await;
    assert_eq!(seen.len(), 500);
    assert!(
        seen.iter()
            .all(|event| event["payload"]["password"] == "***")
    );
    let handlers = site.running.bus().handlers();
    let handled = handlers.iter().find(|one| one.handler == "on_note");
    assert_eq!(handled.unwrap().received, EVENTS);
    assert_eq!(site.get("/v1/status").await.status, 200);
    drop((readers, silent));
    assert!(in_time(site.running.stop()).await.is_clean());
}
