//! Operations on single plugins of a running system.

use plugin_core::lifecycle::{OperationError, State};
use serde_json::json;

use crate::fault::{Ping, Set, listener, plugin};

fn pair() -> Set {
    Set::new([plugin("a", &["b"]), plugin("b", &[])])
}

#[tokio::test(start_paused = true)]
async fn b15_a_plugin_that_others_need_is_not_stopped_alone() {
    let set = pair();
    let running = set.configure().start().await.unwrap();
    let manager = running.handle();
    let refused = manager.stop("b").await.unwrap_err();
    assert!(
        matches!(&refused, OperationError::Needed { by, .. } if by == &["a"]),
        "{refused}"
    );
    let stopped = manager.stop_cascade("b").await.unwrap();
    assert_eq!(stopped.plugins, ["a", "b"]);
    let refused = manager.start("a").await.unwrap_err();
    assert!(
        matches!(&refused, OperationError::Needs { missing, .. } if missing == &["b"]),
        "{refused}"
    );
    manager.start("b").await.unwrap();
    manager.start("a").await.unwrap();
    assert!(running.status().ready);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn report_4_the_whole_runs_while_one_of_its_plugins_is_stopped() {
    let running = pair().configure().start().await.unwrap();
    let manager = running.handle();
    manager.stop("a").await.unwrap();
    let status = manager.status();
    assert_eq!((status.state, status.ready), (State::Running, false));
    running.stop().await;
    assert_eq!(manager.status().state, State::Stopped);
}

#[tokio::test(start_paused = true)]
async fn unknown_and_senseless_operations_are_refused() {
    let running = pair().configure().start().await.unwrap();
    let manager = running.handle();
    assert!(matches!(
        manager.stop("c").await,
        Err(OperationError::Unknown { .. })
    ));
    assert!(matches!(
        manager.start("a").await,
        Err(OperationError::State { .. })
    ));
    running.stop().await;
    assert!(matches!(
        manager.start("a").await,
        Err(OperationError::Stopping)
    ));
}

#[tokio::test]
async fn b21_concurrent_operations_leave_one_truth() {
    let set = pair();
    let running = set.configure().start().await.unwrap();
    let mut operations = tokio::task::JoinSet::new();
    for round in 0..100 {
        let manager = running.handle();
        operations.spawn(async move {
            // Each may be refused, by turns: what counts is what is left.
            drop(if round % 2 == 0 {
                manager.restart("b").await
            } else {
                manager.stop_cascade("b").await
            });
        });
    }
    operations.join_all().await;
    let manager = running.handle();
    for name in ["b", "a"] {
        let state = running
            .status()
            .plugins
            .iter()
            .find(|plugin| plugin.name == name)
            .unwrap()
            .state;
        if state != State::Running {
            manager.start(name).await.unwrap();
        }
    }
    assert!(running.status().ready);
    assert_eq!(set.alive().len(), 2, "{:?}", set.alive());
    running.stop().await;
    assert!(set.alive().is_empty());
}

#[tokio::test(start_paused = true)]
async fn b07_a_stopped_plugin_hears_nothing_and_a_restarted_one_hears_once() {
    let set = Set::new([listener("a", &[])]);
    let running = set.configure().start().await.unwrap();
    let (manager, publisher) = (running.handle(), running.publisher::<Ping>());
    manager.stop("a").await.unwrap();
    assert!(
        publisher
            .publish_and_wait(Ping { number: 1 })
            .await
            .unwrap()
            .is_empty()
    );
    manager.start("a").await.unwrap();
    assert_eq!(
        publisher
            .publish_and_wait(Ping { number: 2 })
            .await
            .unwrap()
            .len(),
        1
    );
    assert_eq!(set.journal.of_kind("handled"), ["a 2"]);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_restart_that_fails_is_told_to_the_operator() {
    let set = Set::new([plugin("a", &[])]).tell("a", json!({"stop": "error"}));
    let running = set.configure().start().await.unwrap();
    running.handle().restart("a").await.unwrap();
    assert_eq!(set.journal.of_kind("init").len(), 2);
    assert_eq!(running.status().plugins[0].restarts, 1);
    running.stop().await;
}
