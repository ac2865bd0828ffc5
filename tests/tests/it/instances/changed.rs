//! Instances that come, change and go while the system runs.

use plugin_core::lifecycle::{ChangeAction, Operation, OperationError, OperationOutcome, State};
use serde_json::json;

use super::{Files, noted, publish, read, reads, states, word};
use crate::rig::status;

fn changes(outcome: &OperationOutcome) -> Vec<(&'static str, ChangeAction)> {
    let changes = outcome.changes.iter();
    changes
        .map(|change| (change.plugin, change.action))
        .collect()
}

#[tokio::test(start_paused = true)]
async fn a_reload_adds_changes_and_removes_instances_and_touches_no_other() {
    let files = Files::new([("shelf@a", word("a")), ("shelf@b", word("b"))]);
    let running = files.start().await;
    publish(&running, 1).await;
    files.write("shelf@0", &word("0"));
    files.write("shelf@b", &word("B"));
    files.remove("shelf@a");
    let done = running.handle().reload().await.unwrap();
    let expected = [
        ("shelf@a", ChangeAction::Unload),
        ("shelf@0", ChangeAction::Load),
        ("shelf@b", ChangeAction::Restart),
    ];
    assert_eq!(changes(&done), expected);
    let names: Vec<_> = states(&running).into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["shelf", "shelf@0", "shelf@b", "reader"]);
    assert_eq!(status(&running, "shelf").restarts, 0);
    assert_eq!(status(&running, "shelf").events.received, 2);
    let before = noted(&running, "inline ").len();
    publish(&running, 2).await;
    assert_eq!(
        noted(&running, "inline ")[before..],
        ["shelf 2", "shelf@0 2", "shelf@b 2"]
    );
    assert_eq!(changes(&running.handle().reload().await.unwrap()), []);
    running.stop().await;
}

/// Whatever the order in which they come, instances are called by label.
#[tokio::test(start_paused = true)]
async fn the_order_of_instances_does_not_depend_on_when_they_came() {
    for order in [
        [0, 1, 2],
        [0, 2, 1],
        [1, 0, 2],
        [1, 2, 0],
        [2, 0, 1],
        [2, 1, 0],
    ] {
        let files = Files::new([]);
        let running = files.start().await;
        for label in order {
            files.write(&format!("shelf@{label}"), &word("x"));
            running.handle().reload().await.unwrap();
        }
        running.handle().restart("shelf@1").await.unwrap();
        publish(&running, 7).await;
        let expected = ["shelf 7", "shelf@0 7", "shelf@1 7", "shelf@2 7"];
        assert_eq!(noted(&running, "inline "), expected, "{order:?}");
        running.stop().await;
    }
}

/// The old shelf goes when the reader has left it, and the new one is there before.
#[tokio::test(start_paused = true)]
async fn who_is_bound_anew_moves_before_the_old_instance_goes() {
    let files = Files::new([("shelf@a", word("a")), ("reader@x", reads("shelf@a"))]);
    let running = files.start().await;
    files.remove("shelf@a");
    files.write("shelf@b", &word("b"));
    files.write("reader@x", &reads("shelf@b"));
    let done = running.handle().reload().await.unwrap();
    let expected = [
        ("shelf@b", ChangeAction::Load),
        ("reader@x", ChangeAction::Restart),
        ("shelf@a", ChangeAction::Unload),
    ];
    assert_eq!(changes(&done), expected);
    assert_eq!(read(&running, "reader@x").await.0, "b");
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn an_instance_that_fails_to_come_leaves_all_as_it_was() {
    let files = Files::new([("shelf@a", word("a"))]);
    let running = files.start().await;
    files.remove("shelf@a");
    files.write("shelf@b", &json!({"config": {"word": "b", "fails": true}}));
    let error = running.handle().reload().await.unwrap_err();
    assert!(
        matches!(
            error,
            OperationError::RolledBack {
                plugin: "shelf@b",
                ..
            }
        ),
        "{error}"
    );
    let names: Vec<_> = states(&running).into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["shelf", "shelf@a", "reader"]);
    assert!(running.status().ready);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn an_instance_is_loaded_and_disabled_by_its_name() {
    let files = Files::new([("shelf@a", word("a"))]);
    let running = files.start().await;
    let handle = running.handle();
    let plugin = || "shelf@a".to_owned();
    let disable = Operation::Disable {
        plugin: plugin(),
        cascade: false,
    };
    let done = handle.operate(disable).await.unwrap();
    assert_eq!(changes(&done), [("shelf@a", ChangeAction::Unload)]);
    assert_eq!(changes(&handle.reload().await.unwrap()), []);
    let done = handle
        .operate(Operation::Enable { plugin: plugin() })
        .await
        .unwrap();
    assert_eq!(changes(&done), [("shelf@a", ChangeAction::Load)]);
    assert_eq!(status(&running, "shelf@a").state, State::Running);

    // One that is written by now is brought in by itself; one that nobody wrote is not.
    files.write("shelf@new", &word("new"));
    files.write("shelf@a", &word("A"));
    let load = |name: &str| Operation::Load {
        plugin: name.to_owned(),
    };
    let done = handle.operate(load("shelf@new")).await.unwrap();
    assert_eq!(changes(&done), [("shelf@new", ChangeAction::Load)]);
    for name in ["shelf@nobody", "shelf@", "shelf@a#2", "nobody@a", "shelf#1"] {
        let error = handle.operate(load(name)).await.unwrap_err();
        assert!(
            matches!(error, OperationError::Unknown { .. }),
            "{name}: {error}"
        );
    }
    // Its config holds after the next start, too, and not without the section.
    files.remove("shelf@a");
    running.stop().await;
    let again = files.start().await;
    let names: Vec<_> = states(&again).into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["shelf", "shelf@new", "reader"]);
    again.stop().await;
}
