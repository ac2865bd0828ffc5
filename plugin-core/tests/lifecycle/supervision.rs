//! What happens when a plugin that ran fails.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use plugin_core::lifecycle::{PluginFailed, Running, State};
use serde_json::json;

use crate::fault::{Set, plugin, restarts};

/// Waits until a plugin's failures have been announced so often.
async fn failures(running: &Running, most: usize) -> Vec<PluginFailed> {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let told = Arc::new(tokio::sync::Notify::new());
    let (events, tell) = (Arc::clone(&seen), Arc::clone(&told));
    let _subscription = running
        .subscriber()
        .subscribe::<PluginFailed, _>(move |event| {
            events.lock().unwrap().push(event.event().clone());
            tell.notify_one();
        })
        .unwrap();
    while seen.lock().unwrap().len() < most {
        told.notified().await;
    }
    seen.lock().unwrap().clone()
}

fn pair() -> Set {
    Set::new([plugin("a", &["b"]), plugin("b", &[])])
}

#[tokio::test(start_paused = true)]
async fn a_failed_task_restarts_its_plugin_until_the_budget_is_used_then_dependants_follow() {
    for fault in ["panic", "error"] {
        let set = pair()
            .tell("b", json!({"task": fault, "after_ms": 100}))
            .set("b", "restart", restarts(2));
        let running = set.configure().start().await.unwrap();
        let failures = failures(&running, 3).await;
        let again: Vec<_> = failures.iter().map(|failure| failure.restarts).collect();
        assert_eq!(again, [true, true, false], "{fault}");
        while running.status().plugins[1].state != State::Stopped {
            tokio::task::yield_now().await;
        }
        let status = running.status();
        assert_eq!(status.plugins[0].name, "b");
        assert_eq!(status.plugins[0].state, State::Failed, "{fault}");
        assert_eq!(status.plugins[0].restarts, 2);
        assert_eq!(
            set.journal
                .of_kind("start")
                .iter()
                .filter(|name| *name == "b")
                .count(),
            3
        );
        running.stop().await;
        assert!(set.alive().is_empty(), "{fault}");
    }
}

#[tokio::test(start_paused = true)]
async fn escalation_stops_the_system() {
    let set = pair()
        .tell("b", json!({"task": "panic", "after_ms": 100}))
        .set(
            "b",
            "restart",
            json!({"policy": "never", "then": "escalate"}),
        );
    let running = set.configure().start().await.unwrap();
    let report = running
        .serve(std::future::pending(), std::future::pending)
        .await;
    assert!(report.escalated.unwrap().contains('b'));
    assert!(set.alive().is_empty());
}

#[tokio::test(start_paused = true)]
async fn b20_failed_is_not_the_end() {
    let set = Set::new([plugin("b", &[])])
        .tell("b", json!({"task": "error", "after_ms": 100}))
        .set("b", "restart", json!({"policy": "never"}));
    let running = set.configure().start().await.unwrap();
    failures(&running, 1).await;
    running.handle().start("b").await.unwrap();
    assert_eq!(running.status().plugins[0].state, State::Running);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn b28_health_is_asked_for_and_three_bad_answers_are_a_failure() {
    for answer in ["unhealthy", "hang"] {
        let set = Set::new([plugin("b", &[])])
            .tell("b", json!({ "health": answer }))
            .set("b", "restart", json!({"policy": "never"}));
        let running = set.configure().start().await.unwrap();
        let failed = failures(&running, 1).await;
        assert!(failed[0].error.contains("3 times"), "{}", failed[0].error);
        assert_eq!(set.journal.of_kind("health").len(), 3, "{answer}");
        assert!(!running.status().ready);
        running.stop().await;
    }
}

#[tokio::test(start_paused = true)]
async fn report_b23_who_does_not_say_how_it_is_is_soon_not_ready() {
    let set = Set::new([plugin("b", &[])])
        .tell("b", json!({"health": "hang"}))
        .set("b", "restart", json!({"policy": "never"}));
    let running = set.configure().start().await.unwrap();
    while set.journal.of_kind("health").is_empty() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert!(running.status().ready, "it may take a moment");
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    let status = running.status();
    assert!(!status.ready);
    let health = &status.plugins[0].health;
    assert_eq!(status.plugins[0].state, State::Running);
    assert!(!health.serves(), "{health:?}");
    let reason = health.reason().unwrap();
    assert!(reason.contains("has not said how it is for 1s"), "{reason}");
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_planned_restart_is_off_when_what_the_plugin_needs_was_stopped() {
    let set = pair()
        .tell("a", json!({"task": "error", "after_ms": 100}))
        .set(
            "a",
            "restart",
            json!({"backoff": {"initial": "5s", "max": "5s"}}),
        );
    let running = set.configure().start().await.unwrap();
    failures(&running, 1).await;
    let next = || running.status().plugins[1].next_attempt;
    while next().is_none() {
        tokio::task::yield_now().await;
    }
    let (within, told) = (next().unwrap().within, next().unwrap());
    assert!(within > Duration::from_secs(4), "{within:?}");
    assert_eq!((told.attempt, told.of), (1, 3));
    running.handle().stop("b").await.unwrap();
    assert_eq!(next(), None);
    tokio::time::sleep(std::time::Duration::from_secs(10)).await;
    let starts = set.journal.of_kind("start");
    assert_eq!(starts, ["b", "a"], "a is not started beside a stopped b");
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_restart_by_the_operator_that_fails_is_followed_up() {
    let set = Set::new([plugin("b", &[])])
        .tell("b", json!({"start": "second"}))
        .set("b", "restart", restarts(2));
    let running = set.configure().start().await.unwrap();
    running.handle().restart("b").await.unwrap_err();
    let runs_again = async {
        while running.status().plugins[0].state != State::Running {
            tokio::time::sleep(std::time::Duration::from_millis(1)).await;
        }
    };
    let limit = std::time::Duration::from_secs(60);
    let followed_up = tokio::time::timeout(limit, runs_again).await;
    followed_up.expect("it is started again");
    running.stop().await;
}
