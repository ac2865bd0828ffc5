//! A new life of a plugin beside the one that runs, and in its place.

#![expect(
    clippy::disallowed_methods,
    reason = "a test that publishes while something else happens, and awaits its tasks"
)]

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use plugin_core::lifecycle::{
    ChangeAction, Operation, OperationError, PluginStatus, Running, State,
};
use serde_json::{Value, json};

use crate::fault::{Ping, Set, overlapping, plugin, restarts};

/// `b` needs `a`, of which two lives may overlap.
async fn started() -> (Set, Running) {
    let set = Set::new([overlapping("a"), plugin("b", &["a"])]).with_files();
    set.write("a", config(&json!({})));
    let running = set.configure().start().await.unwrap();
    (set, running)
}

fn config(more: &Value) -> Value {
    let mut config = json!({"config": {"leaves": 7}});
    let own = config["config"].as_object_mut().unwrap();
    own.extend(more.as_object().unwrap().clone());
    config
}

fn since(set: &Set, before: usize) -> Vec<String> {
    set.journal.lines().split_off(before)
}

fn status(running: &Running, name: &str) -> PluginStatus {
    let mut plugins = running.status().plugins.into_iter();
    plugins.find(|plugin| plugin.name == name).unwrap()
}

async fn ping(running: &Running, number: u64) {
    let publisher = running.publisher::<Ping>();
    publisher.publish(Ping { number }).await.unwrap();
}

const REPLACED: [&str; 6] = [
    "snapshot a",
    "init a",
    "restored a 7",
    "start a",
    "stop a",
    "drop a",
];

#[tokio::test(start_paused = true)]
async fn the_new_life_is_there_before_the_old_one_goes() {
    let (set, running) = started().await;
    ping(&running, 1).await;
    running.idle().await;
    set.write("a", config(&json!({"word": "new"})));
    let plan = Operation::Plan(Box::new(Operation::Reload { plugin: None }));
    let planned = running.handle().operate(plan).await.unwrap();
    assert_eq!(planned.changes[0].action, ChangeAction::Replace);
    let before = set.journal.lines().len();
    let outcome = running.handle().reload().await.unwrap();
    assert_eq!(outcome.plugins, ["a"]);
    assert_eq!(outcome.changes[0].action, ChangeAction::Replace);
    assert_eq!(outcome.changes[0].action.as_str(), "replace");
    assert_eq!(since(&set, before), REPLACED);
    ping(&running, 2).await;
    running.idle().await;
    let now = status(&running, "a");
    assert_eq!((now.restarts, now.state), (1, State::Running));
    assert_eq!(now.events.received, 2, "counts go on");
    assert!(running.stop().await.is_clean());
    assert!(set.alive().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_restart_does_the_same() {
    let (set, running) = started().await;
    for times in 1..=3 {
        let before = set.journal.lines().len();
        running.handle().restart("a").await.unwrap();
        assert_eq!(since(&set, before), REPLACED);
        assert_eq!(status(&running, "a").restarts, times);
    }
    set.write("a", config(&json!({"start": "error"})));
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_new_life_that_fails_leaves_the_old_one_as_it_was() {
    for hook in ["init", "start"] {
        for fault in ["error", "panic", "hang"] {
            let (set, running) = started().await;
            ping(&running, 1).await;
            running.idle().await;
            let (before, lines) = (status(&running, "a"), set.journal.lines().len());
            set.write("a", config(&json!({hook: fault})));
            let refused = running.handle().reload().await.unwrap_err();
            assert!(
                matches!(&refused, OperationError::RolledBack { plugin: "a", failed, .. } if failed.is_empty()),
                "{refused}"
            );
            let since = since(&set, lines);
            assert!(!since.contains(&"stop a".to_owned()), "{since:?}");
            let mut after = status(&running, "a");
            after.in_state = before.in_state;
            // What the new life took is billed to the instance, whichever life it was.
            after.cpu = before.cpu;
            assert_eq!(format!("{after:?}"), format!("{before:?}"));
            ping(&running, 2).await;
            running.idle().await;
            assert_eq!(set.journal.of_kind("handled"), ["a 1", "a 2"]);
            // The config of now is the one that holds.
            set.write("a", config(&json!({})));
            assert_eq!(running.handle().reload().await.unwrap().changes, []);
            assert!(running.stop().await.is_clean());
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_restart_that_fails_says_that_the_old_life_goes_on() {
    let set = Set::new([overlapping("a")]).tell("a", json!({"leaves": 7, "start": "second"}));
    let running = set.configure().start().await.unwrap();
    let refused = running.handle().restart("a").await.unwrap_err();
    assert_eq!(
        refused.to_string(),
        "`a` goes on as it was, because a new life of it failed: told to fail in its second life"
    );
    assert!(running.status().ready);
    running.handle().restart("a").await.unwrap();
    assert!(running.stop().await.is_clean());
}

#[tokio::test(start_paused = true)]
async fn a_reload_that_is_taken_back_replaces_back() {
    let (set, running) = started().await;
    set.write("a", config(&json!({"word": "new"})));
    set.write("b", json!({"config": {"start": "error"}}));
    let before = set.journal.lines().len();
    let refused = running.handle().reload().await.unwrap_err();
    assert!(
        matches!(&refused, OperationError::RolledBack { plugin: "b", failed, .. } if failed.is_empty()),
        "{refused}"
    );
    assert!(running.status().ready);
    let lines = since(&set, before);
    assert_eq!(lines[..6], REPLACED);
    let of_a = lines.iter().filter(|line| line.ends_with(" a"));
    assert_eq!(of_a.filter(|line| line.starts_with("start")).count(), 2);
    set.write("b", json!({}));
    let outcome = running.handle().reload().await.unwrap();
    assert_eq!(outcome.changes[0].plugin, "a", "the config of before holds");
    running.stop().await;
    assert!(set.alive().is_empty());
}

/// One that can't come up again with the config of before goes by its restart policy.
#[tokio::test(start_paused = true)]
async fn what_does_not_come_back_is_named_and_restarted() {
    let set = Set::new([overlapping("a"), plugin("b", &["a"])]).with_files();
    let section = |more: Value| {
        let mut section = config(&more);
        section["restart"] = restarts(1);
        section
    };
    set.write("a", section(json!({"start": "third"})));
    let running = set.configure().start().await.unwrap();
    set.write("a", section(json!({})));
    set.write("b", json!({"config": {"start": "error"}}));
    let refused = running.handle().reload().await.unwrap_err();
    assert!(
        matches!(&refused, OperationError::RolledBack { plugin: "b", failed, .. } if failed == &["a"]),
        "{refused}"
    );
    while status(&running, "a").state != State::Running {
        tokio::time::sleep(std::time::Duration::from_millis(1)).await;
    }
    assert_eq!(set.alive(), ["b", "a"]);
    running.stop().await;
}

const REPLACEMENTS: usize = 50;

/// Publishes from four tasks while the lives of an instance replace each other, and looks whether
/// each instance has handled each event, and once.
async fn replace_under_load(
    (set, running): (&Set, Running),
    instances: &[&str],
    mut replace: impl AsyncFnMut(usize),
) {
    let done = std::sync::Arc::new(AtomicBool::new(false));
    let publishers: Vec<_> = (0..4u64)
        .map(|task| {
            let (publisher, done) = (running.publisher::<Ping>(), done.clone());
            tokio::spawn(async move {
                let mut number = task;
                while !done.load(Relaxed) {
                    publisher.publish(Ping { number }).await.unwrap();
                    number += 4;
                }
                number
            })
        })
        .collect();
    for time in 0..REPLACEMENTS {
        replace(time).await;
    }
    done.store(true, Relaxed);
    let mut expected = Vec::new();
    for (task, publisher) in (0..).zip(publishers) {
        let end = publisher.await.unwrap();
        expected.extend((task..end).step_by(4));
    }
    running.idle().await;
    expected.sort_unstable();
    let handled = set.journal.of_kind("handled");
    for name in instances {
        let of_it = handled.iter().filter_map(|line| line.split_once(' '));
        let of_it = of_it.filter(|(instance, _)| instance == name);
        let mut numbers: Vec<u64> = of_it.map(|(_, number)| number.parse().unwrap()).collect();
        numbers.sort_unstable();
        assert_eq!(numbers, expected, "{name}");
        let now = status(&running, name);
        assert_eq!(now.events.received, expected.len() as u64, "{name}");
    }
    let replaced = status(&running, instances.last().unwrap());
    assert_eq!(replaced.restarts as usize, REPLACEMENTS);
    assert!(running.stop().await.is_clean());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn no_event_is_lost_and_none_is_handled_twice() {
    let set = Set::new([overlapping("a")])
        .tell("a", json!({"leaves": 7, "handle": "yield"}))
        .set("a", "mailbox", json!(4));
    let running = set.configure().start().await.unwrap();
    let handle = running.handle();
    let replace = async |_| drop(handle.restart("a").await.unwrap());
    replace_under_load((&set, running), &["a"], replace).await;
}

/// The instance beside it goes on, and neither takes an event of the other.
#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn report_i12_no_event_of_a_labelled_instance_is_lost_or_handled_twice() {
    let set = Set::new([overlapping("a")])
        .tell("a", json!({"leaves": 7, "handle": "yield"}))
        .set("a", "mailbox", json!(4))
        .with_files();
    let write = |word: usize| {
        let journal = set.journal.id();
        let config = json!({"leaves": 7, "handle": "yield", "journal": journal, "word": word});
        set.write("a@eu", json!({"mailbox": 4, "config": config}));
    };
    write(REPLACEMENTS);
    let running = set.configure().start().await.unwrap();
    let handle = running.handle();
    let replace = async |time| {
        write(time);
        let outcome = handle.reload().await.unwrap();
        let changes = outcome.changes.iter();
        let changes: Vec<_> = changes.map(|one| (one.plugin, one.action)).collect();
        assert_eq!(changes, [("a@eu", ChangeAction::Replace)]);
    };
    replace_under_load((&set, running), &["a", "a@eu"], replace).await;
}
