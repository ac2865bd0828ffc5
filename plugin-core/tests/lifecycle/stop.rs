//! The stop goes on after an error, and tells of it.

use plugin_core::lifecycle::Shutdown;
use serde_json::json;

use crate::fault::{Ping, Set, listener, plugin};

#[tokio::test(start_paused = true)]
async fn a_fault_in_stop_is_reported_and_the_rest_stops_all_the_same() {
    for fault in ["error", "panic", "hang"] {
        let set = Set::new([plugin("a", &["b"]), plugin("b", &["c"]), plugin("c", &[])])
            .tell("b", json!({ "stop": fault }));
        let report = set.configure().start().await.unwrap().stop().await;
        assert!(!report.is_clean(), "{fault}");
        assert_eq!(set.journal.of_kind("stop"), ["a", "b", "c"], "{fault}");
        let stop = report.plugins.iter().find(|stop| stop.name == "b").unwrap();
        assert!(stop.error.is_some(), "{fault}");
        assert_eq!(stop.late.contains(&"stop"), fault == "hang", "{fault}");
        assert!(set.alive().is_empty(), "{fault}");
    }
}

#[tokio::test(start_paused = true)]
async fn b06_what_was_accepted_is_handled_before_the_stop() {
    let set = Set::new([listener("a", &[])]).tell("a", json!({"handle": "yield"}));
    let running = set.configure().start().await.unwrap();
    let publisher = running.publisher::<Ping>();
    for number in 0..1_000 {
        publisher.publish(Ping { number }).await.unwrap();
    }
    let report = running.stop().await;
    assert!(report.is_clean(), "{report:?}");
    assert_eq!(set.journal.of_kind("handled").len(), 1_000);
}

#[tokio::test(start_paused = true)]
async fn what_is_not_drained_in_time_goes_to_the_dead_letters() {
    let set = Set::new([listener("a", &[])])
        .tell("a", json!({"handle": "hang"}))
        .set("a", "timeout", json!("10s"));
    let running = set.configure().start().await.unwrap();
    let publisher = running.publisher::<Ping>();
    for number in 0..50 {
        publisher.publish(Ping { number }).await.unwrap();
    }
    let report = running.stop().await;
    let stop = &report.plugins[0];
    assert!(stop.late.contains(&"drain"), "{stop:?}");
    assert!(stop.dead_lettered > 40, "{stop:?}");
    assert_eq!(stop.lost, 0, "{stop:?}");
    assert_eq!(
        report.dead_letters, 50,
        "those that ran out of time are there too"
    );
    assert!(set.alive().is_empty());
}

#[tokio::test(start_paused = true)]
async fn tasks_are_cancelled_and_joined() {
    let set = Set::new([plugin("a", &[])]).tell("a", json!({"task": "hang"}));
    let running = set.configure().start().await.unwrap();
    assert_eq!(running.status().plugins[0].tasks, 1);
    let report = running.stop().await;
    assert!(report.is_clean(), "{report:?}");
}

#[tokio::test]
async fn a_second_signal_insists() {
    let set = Set::new([plugin("a", &["b"]), plugin("b", &[])])
        .tell("a", json!({"stop": "hang"}))
        .set("a", "timeout", json!("1h"));
    let running = set.configure().start().await.unwrap();
    let mut more = vec![Shutdown::Drain];
    let report = running
        .serve(std::future::ready(Some(Shutdown::Drain)), || {
            let signal = more.pop();
            async move {
                if signal.is_some() {
                    signal
                } else {
                    std::future::pending().await
                }
            }
        })
        .await;
    assert_eq!(report.late().collect::<Vec<_>>(), ["a"], "{report:?}");
    assert!(set.alive().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_running_system_that_is_dropped_stops() {
    let set = Set::new([plugin("a", &[])]);
    drop(set.configure().start().await.unwrap());
    while !set.alive().is_empty() {
        tokio::task::yield_now().await;
    }
    assert_eq!(set.journal.of_kind("stop"), ["a"]);
}

#[tokio::test]
async fn no_task_is_left_when_the_last_handle_is_dropped() {
    let metrics = tokio::runtime::Handle::current().metrics();
    let before = metrics.num_alive_tasks();
    let set = Set::new([listener("a", &[])]);
    let running = set.configure().start().await.unwrap();
    let publisher = running.publisher::<Ping>();
    publisher.publish(Ping { number: 1 }).await.unwrap();
    drop(publisher);
    assert!(running.stop().await.is_clean());
    // A task that has heard the end of its channel ends at its next turn.
    for _ in 0..10 {
        tokio::task::yield_now().await;
    }
    assert_eq!(metrics.num_alive_tasks(), before);
}
