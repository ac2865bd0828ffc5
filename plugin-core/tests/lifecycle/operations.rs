//! Operations on single plugins of a running system.

use std::time::Duration;

use plugin_core::lifecycle::{OperationError, Running, State};
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

/// Two plugins that do not know each other; the stop of `slow` lasts until its time limit, 30 s.
async fn beside_a_slow_stop(other: serde_json::Value) -> Running {
    let set = Set::new([plugin("other", &[]), plugin("slow", &[])])
        .tell("slow", json!({"stop": "hang"}))
        .tell("other", other)
        .set("other", "restart", json!({"backoff": {"initial": "1ms"}}));
    set.configure().start().await.unwrap()
}

fn state(running: &Running, name: &str) -> State {
    let mut plugins = running.status().plugins.into_iter();
    plugins.find(|plugin| plugin.name == name).unwrap().state
}

#[tokio::test(start_paused = true)]
async fn a_stop_that_lasts_holds_up_no_operation_on_another_plugin() {
    let running = beside_a_slow_stop(json!({})).await;
    let manager = running.handle();
    let meanwhile = async {
        manager.restart("other").await.unwrap();
        assert_eq!(state(&running, "slow"), State::Stopping);
    };
    let (stopped, ()) = tokio::join!(biased; manager.stop("slow"), meanwhile);
    assert_eq!(stopped.unwrap().plugins, ["slow"]);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_stop_that_lasts_holds_up_no_restart_of_what_failed() {
    let running = beside_a_slow_stop(json!({"task": "error", "after_ms": 1000})).await;
    let manager = running.handle();
    let meanwhile = async {
        tokio::time::sleep(Duration::from_millis(1_500)).await;
        assert_eq!(running.status().plugins[0].restarts, 1);
        assert_eq!(state(&running, "other"), State::Running);
        assert_eq!(state(&running, "slow"), State::Stopping);
    };
    let (stopped, ()) = tokio::join!(biased; manager.stop("slow"), meanwhile);
    stopped.unwrap();
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn operations_on_one_plugin_are_carried_out_in_the_order_in_which_they_were_asked_for() {
    let running = beside_a_slow_stop(json!({})).await;
    let manager = running.handle();
    let (stopped, started) = tokio::join!(biased; manager.stop("slow"), manager.start("slow"));
    assert_eq!(stopped.unwrap().plugins, ["slow"]);
    assert_eq!(started.unwrap().plugins, ["slow"]);
    assert_eq!(state(&running, "slow"), State::Running);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn an_operation_waits_for_one_on_what_its_plugin_needs() {
    let set = pair().tell("b", json!({"stop": "hang"}));
    let running = set.configure().start().await.unwrap();
    let manager = running.handle();
    manager.stop("a").await.unwrap();
    let (restarted, started) = tokio::join!(biased; manager.restart("b"), manager.start("a"));
    restarted.unwrap();
    started.unwrap();
    assert!(running.status().ready);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn the_stop_of_the_system_is_noticed_while_an_operation_lasts() {
    let running = beside_a_slow_stop(json!({})).await;
    let (manager, publisher) = (running.handle(), running.publisher());
    let began = tokio::time::Instant::now();
    let stop = async {
        // By then the operation is under way.
        tokio::time::sleep(Duration::from_millis(1)).await;
        let noticed = async {
            tokio::time::sleep(Duration::from_secs(1)).await;
            assert!(publisher.publish(Ping { number: 1 }).await.is_err());
        };
        tokio::join!(biased; running.stop(), noticed).0
    };
    let (stopped, report) = tokio::join!(biased; manager.stop("slow"), stop);
    assert_eq!(stopped.unwrap().plugins, ["slow"]);
    let names: Vec<_> = report.plugins.iter().map(|stop| stop.name).collect();
    assert_eq!(names, ["other"]);
    assert!(began.elapsed() < Duration::from_secs(31));
}
