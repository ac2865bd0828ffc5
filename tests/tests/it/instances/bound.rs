//! Services and answers that are taken from the instance that config names.

use plugin_core::lifecycle::{Operation, OperationError, State};
use serde_json::json;

use crate::journal::Journal;

use super::{Files, noted, read, reads, states, word};

fn pair(text: &str) -> (String, String) {
    (text.to_owned(), text.to_owned())
}

fn two() -> Files {
    Files::new([
        ("shelf", word("none")),
        ("shelf@eu", word("eu")),
        ("reader@eu", reads("shelf@eu")),
    ])
}

#[tokio::test(start_paused = true)]
async fn a_service_and_an_answer_are_of_the_instance_that_is_named_else_of_the_one_without_a_label()
{
    let files = two();
    let running = files.start().await;
    assert_eq!(read(&running, "reader@eu").await, pair("eu"));
    assert_eq!(read(&running, "reader").await, pair("none"));
    running.handle().restart("shelf@eu").await.unwrap();
    assert_eq!(read(&running, "reader@eu").await, pair("eu"));
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn an_instance_takes_those_bound_to_it_along_and_no_others() {
    let files = two();
    let running = files.start().await;
    let handle = running.handle();
    match handle.stop("shelf@eu").await.unwrap_err() {
        OperationError::Needed { plugin, by } => {
            assert_eq!((plugin, by), ("shelf@eu", vec!["reader@eu"]));
        }
        error => panic!("{error}"),
    }
    let stopped = handle.stop_cascade("shelf@eu").await.unwrap();
    assert_eq!(stopped.plugins, ["reader@eu", "shelf@eu"]);
    assert_eq!(
        states(&running),
        [
            ("shelf", State::Running),
            ("shelf@eu", State::Stopped),
            ("reader", State::Running),
            ("reader@eu", State::Stopped)
        ]
    );
    assert_eq!(read(&running, "reader").await, pair("none"));
    match handle.start("reader@eu").await.unwrap_err() {
        OperationError::Needs { plugin, missing } => {
            assert_eq!((plugin, missing), ("reader@eu", vec!["shelf@eu"]));
        }
        error => panic!("{error}"),
    }
    // The one without a label has nothing to do with it.
    let stopped = handle.stop_cascade("shelf").await.unwrap();
    assert_eq!(stopped.plugins, ["reader", "shelf"]);
    handle.start("shelf@eu").await.unwrap();
    handle.start("reader@eu").await.unwrap();
    assert_eq!(read(&running, "reader@eu").await, pair("eu"));
    running.stop().await;
}

/// What is bound starts after what it is bound to and stops before it, whatever else there is.
#[tokio::test(start_paused = true)]
async fn the_order_goes_by_bindings() {
    let files = Files::new([
        ("shelf@a", word("a")),
        ("shelf@b", word("b")),
        ("reader@x", reads("shelf@b")),
        ("reader@y", reads("shelf@a")),
    ]);
    let running = files.start().await;
    let began = noted(&running, "init ");
    let journal = running.service::<dyn Journal>().unwrap();
    running.stop().await;
    let lines = journal.lines();
    let ended: Vec<_> = lines
        .iter()
        .filter_map(|line| line.strip_prefix("stop "))
        .collect();
    let at = |lines: &[&str], name: &str| lines.iter().position(|line| *line == name).unwrap();
    let began: Vec<_> = began.iter().map(String::as_str).collect();
    for (reader, shelf) in [
        ("reader", "shelf"),
        ("reader@x", "shelf@b"),
        ("reader@y", "shelf@a"),
    ] {
        assert!(at(&began, shelf) < at(&began, reader), "{began:?}");
        assert!(at(&ended, reader) < at(&ended, shelf), "{ended:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_build_may_run_labelled_instances_alone() {
    let files = Files::new([
        ("shelf", json!({"enabled": false})),
        ("reader", json!({"enabled": false})),
        ("shelf@eu", word("eu")),
        ("reader@eu", reads("shelf@eu")),
    ]);
    let running = files.start().await;
    assert_eq!(states(&running).len(), 2);
    assert_eq!(read(&running, "reader@eu").await, pair("eu"));
    let refused = running.handle().restart("shelf").await.unwrap_err();
    assert!(
        matches!(refused, OperationError::NotLoaded { plugin: "shelf" }),
        "{refused}"
    );
    let refused = running.handle().restart("shelf@us").await.unwrap_err();
    assert!(
        matches!(refused, OperationError::Unknown { .. }),
        "{refused}"
    );
    // Who asks from outside of all plugins asks the one without a label.
    let asked = running.request(super::AskWord {}).await;
    assert!(asked.unwrap_err().to_string().contains("instances.ask"));
    running.stop().await;
}

#[test]
fn who_needs_an_answer_has_to_name_who_gives_it_if_there_is_no_instance_without_a_label() {
    let files = Files::new([
        ("shelf", json!({"enabled": false})),
        ("shelf@eu", word("eu")),
        ("reader", json!({"services": {"Word": "shelf@eu"}})),
    ]);
    let refused = files.rig.configure().unwrap_err().to_string();
    let remedy = "reader.requests.instances.ask: it is taken from `shelf`, which is not enabled: name one of `shelf@eu`, as in `requests: { instances.ask: shelf@eu }`";
    assert!(refused.contains(remedy), "{refused}");
}

#[tokio::test(start_paused = true)]
async fn an_unload_names_those_bound_to_it() {
    let files = two();
    let running = files.start().await;
    let unload = |cascade| Operation::Unload {
        plugin: "shelf@eu".to_owned(),
        cascade,
    };
    let refused = running.handle().operate(unload(false)).await.unwrap_err();
    let OperationError::Required { by, .. } = refused else {
        panic!("{refused}");
    };
    assert_eq!(by, ["reader@eu"]);
    let done = running.handle().operate(unload(true)).await.unwrap();
    assert_eq!(done.plugins, ["reader@eu", "shelf@eu"]);
    assert_eq!(states(&running).len(), 2);
    assert_eq!(read(&running, "reader").await, pair("none"));
    running.stop().await;
}
