//! Events as they are read, counted and handed to handlers.

use serde_json::json;

use crate::fault::{Ping, Set, inline, listener};

#[tokio::test(start_paused = true)]
async fn an_error_in_json_names_the_key() {
    let running = Set::new([]).configure().start().await.unwrap();
    for (json, said) in [
        (r#"{"number": "one"}"#, "`number`: invalid type"),
        ("{}", "missing field `number`"),
        (r#"{"number": 1} x"#, "trailing characters"),
    ] {
        let refused = running
            .publishers()
            .publish("test.ping", json.as_bytes())
            .await;
        let error = refused.unwrap_err().to_string();
        assert!(error.contains(said), "{json}: {error}");
    }
    running.stop().await;
}

#[tokio::test]
async fn events_are_counted_exactly_and_timed_now_and_then() {
    let set = Set::new([inline("a", &[]), listener("b", &[])]);
    let running = set.configure().start().await.unwrap();
    let publisher = running.publisher::<Ping>();
    for number in 0..1_000 {
        publisher.publish(Ping { number }).await.unwrap();
    }
    running.idle().await;
    for plugin in running.status().plugins {
        assert_eq!(plugin.events.received, 1_000, "{}", plugin.name);
        assert!(plugin.events.mean_nanos > 0, "{}", plugin.name);
        assert!(plugin.events.max_nanos >= plugin.events.mean_nanos);
    }
    running.stop().await;
}

#[tokio::test]
async fn a_handler_that_never_waits_leaves_the_thread_to_others() {
    let set = Set::new([listener("a", &[])]).set("a", "mailbox", json!(1_024));
    let running = set.configure().start().await.unwrap();
    let publisher = running.publisher::<Ping>();
    for number in 0..1_000 {
        publisher.publish(Ping { number }).await.unwrap();
    }
    tokio::task::yield_now().await;
    let handled = set.journal.of_kind("handled").len();
    assert!((1..1_000).contains(&handled), "{handled} at one go");
    running.idle().await;
    running.stop().await;
}
