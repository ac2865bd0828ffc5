//! What a life leaves to the next one of its instance, and when it does not.

use plugin_core::lifecycle::{OperationError, Running, State};
use serde_json::{Value, json};

use crate::fault::{Ping, Set, leaving, plugin, restarts};

async fn started(section: Value) -> (Set, Running) {
    let set = Set::new([leaving("a"), plugin("b", &["a"])]).with_files();
    set.write("a", section);
    let running = set.configure().start().await.unwrap();
    (set, running)
}

fn since(set: &Set, before: usize) -> Vec<String> {
    set.journal.lines().split_off(before)
}

#[tokio::test(start_paused = true)]
async fn a_restart_and_a_reload_hand_it_over_when_all_events_are_handled() {
    let (set, running) = started(json!({"config": {"leaves": 7, "handle": "yield"}})).await;
    let before = set.journal.lines().len();
    let ping = running.publisher::<Ping>();
    ping.publish(Ping { number: 1 }).await.unwrap();
    running.handle().restart("a").await.unwrap();
    let expected = [
        "handle a",
        "handled a 1",
        "snapshot a",
        "stop a",
        "drop a",
        "init a",
        "restored a 7",
        "start a",
    ];
    assert_eq!(since(&set, before), expected);
    let before = set.journal.lines().len();
    set.write("a", json!({"timeout": "9s", "config": {"leaves": 7}}));
    running.handle().reload().await.unwrap();
    assert_eq!(since(&set, before), expected[2..]);
    running.stop().await;
    let taken = set.journal.of_kind("snapshot").len();
    assert_eq!(taken, 2, "nobody comes after the stop of the system");
}

#[tokio::test(start_paused = true)]
async fn after_a_stop_or_a_failure_there_is_none() {
    let config = json!({"leaves": 7, "task": "panic", "after_ms": 1000});
    let (set, running) = started(json!({"restart": restarts(1), "config": config})).await;
    let mut second = std::pin::pin!(async {
        while set.journal.of_kind("start").len() < 3 {
            tokio::time::sleep(std::time::Duration::from_millis(1)).await;
        }
    });
    second.as_mut().await;
    running.handle().stop_cascade("a").await.unwrap();
    running.handle().start("a").await.unwrap();
    assert_eq!(set.journal.of_kind("init"), ["a", "b", "a", "a"]);
    assert_eq!(set.journal.of_kind("snapshot"), [""; 0]);
    assert_eq!(set.journal.of_kind("restored"), [""; 0]);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn without_a_snapshot_that_can_be_read_the_next_life_begins_anew() {
    for (fault, leaves) in [
        ("error", json!(7)),
        ("panic", json!(7)),
        ("hang", json!(7)),
        ("ok", json!("no number")),
    ] {
        let config = json!({"config": {"snapshot": fault, "leaves": leaves}});
        let (set, running) = started(config).await;
        running.handle().restart("a").await.unwrap();
        assert_eq!(set.journal.of_kind("snapshot"), ["a"], "{fault}");
        assert_eq!(set.journal.of_kind("restored"), [""; 0], "{fault}");
        assert!(running.status().ready, "{fault}");
        assert!(running.stop().await.is_clean(), "{fault}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_reload_that_is_taken_back_leaves_it_to_the_config_of_before() {
    for hook in ["init", "start"] {
        let (set, running) = started(json!({"config": {"leaves": 7}})).await;
        set.write("a", json!({"config": {hook: "error", "leaves": 8}}));
        let refused = running.handle().reload().await.unwrap_err();
        assert!(matches!(refused, OperationError::RolledBack { .. }));
        let restored = set.journal.of_kind("restored");
        assert_eq!(restored, ["a 7", "a 7"], "{hook}");
        running.stop().await;
        // It came up, and goes because another one fails.
        let (set, running) = started(json!({"config": {"leaves": 7}})).await;
        set.write("a", json!({"config": {"leaves": 8}}));
        set.write("b", json!({"config": {hook: "error"}}));
        running.handle().reload().await.unwrap_err();
        let restored = set.journal.of_kind("restored");
        assert_eq!(restored, ["a 7", "a 8"], "{hook}");
        running.stop().await;
    }
}

#[tokio::test(start_paused = true)]
async fn each_instance_has_its_own() {
    let set = Set::new([leaving("a")])
        .tell("a", json!({"leaves": 7}))
        .set("a", "replicas", json!(2));
    let running = set.configure().start().await.unwrap();
    running.handle().restart("a#2").await.unwrap();
    assert_eq!(set.journal.of_kind("restored"), ["a#2 7"]);
    running.handle().restart("a").await.unwrap();
    assert_eq!(set.journal.of_kind("restored").len(), 3);
    assert!(
        running
            .status()
            .plugins
            .iter()
            .all(|one| one.state == State::Running)
    );
    running.stop().await;
}
