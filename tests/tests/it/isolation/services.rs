//! Calls of services between processes: both ways, their limits, and the end of a process meanwhile.

use std::sync::Arc;

use plugin_core::ErrorKind;
use plugin_core::config::Sources;
use plugin_core::lifecycle::Operation;
use serde_json::json;
use tokio::task::JoinSet;

use super::desk::{Bell, CLERK, DESK, Desk, DeskError, Errand, Factor, SET, desk};
use super::{child, lines};
use crate::rig::{Rig, Started, status};

/// The desk and the clerk, where it is said.
fn rig(desk: &str, clerk: &str) -> Rig {
    let sources = Sources::new().processes(child::command());
    Rig::from_sources(&SET, sources)
        .set(DESK, "isolation", desk)
        .set(CLERK, "isolation", clerk)
        .set(DESK, "restart", json!({"backoff": {"initial": "1ms"}}))
}

async fn errand(running: &Started, how: &str) {
    let how = how.to_owned();
    running.publisher().publish(Errand { how }).await.unwrap();
    running.idle().await;
}

/// Waits until a line is written down.
async fn said(running: &Started, line: &str) {
    while !lines(running).iter().any(|one| one == line) {
        tokio::task::yield_now().await;
    }
}

/// What the clerk brings from the desk.
async fn brought(desk: &str, clerk: &str) -> Vec<String> {
    let running = rig(desk, clerk).start().await;
    for how in ["sum", "twice", "trace", "retriable", "panic", "fine"] {
        errand(&running, how).await;
    }
    let lines = lines(&running);
    assert!(running.stop().await.is_clean());
    lines
}

#[tokio::test]
async fn report_i15_a_service_does_the_same_from_and_in_every_process() {
    let fine = [
        r#"Err("Short { missing: 94 }")"#,
        "two two ",
        "the same trace: true",
        "External { retriable: true } busy",
    ];
    for (desk, clerk) in [
        ("in_process", "process"),
        ("process", "in_process"),
        ("process", "process"),
    ] {
        let brought = brought(desk, clerk).await;
        assert_eq!(brought[..4], fine, "{desk} {clerk}");
        assert_eq!(brought[4], "Bug `Desk::work`: panicked: no more");
        assert_eq!(brought[5], "fine", "it goes on after a panic");
    }
}

#[tokio::test]
async fn report_i15_it_does_run_where_config_says() {
    let (here, there) = ("the process of the manager", "a process of its own");
    for (desk, clerk, told) in [
        ("in_process", "in_process", format!("{here} to {here}")),
        ("process", "in_process", format!("{here} to {there}")),
        ("in_process", "process", format!("{there} to {here}")),
        ("process", "process", format!("{there} to {there}")),
    ] {
        let running = rig(desk, clerk).start().await;
        errand(&running, "place").await;
        assert_eq!(lines(&running), [told]);
        assert!(running.stop().await.is_clean());
    }
}

#[tokio::test]
async fn report_i15_arguments_and_errors_of_every_form_cross() {
    let running = rig("process", "in_process").start().await;
    let desk = desk(&running);
    let factor = Factor { by: 10 };
    let sum = desk.sum(&[1, 2], Some(&[3]), Some(4), &factor).await;
    assert_eq!(sum.unwrap(), 100);
    let sum = desk.sum(&[1, 2], None, None, &factor).await;
    assert!(matches!(sum, Err(DeskError::Short { missing: 70 })));
    let busy = desk.work("retriable".to_owned()).await.unwrap_err();
    assert_eq!(busy.kind(), ErrorKind::External { retriable: true });
    assert_eq!(busy.retry_after().unwrap().as_secs(), 7);
    assert_eq!(desk.work("plugin".to_owned()).await.unwrap(), DESK);
    assert!(running.stop().await.is_clean());
}

#[tokio::test]
async fn report_i15_a_late_call_of_a_service_is_given_up_on_both_sides() {
    let rig = rig("process", "in_process").set(DESK, "timeout", "2s");
    let running = rig.start().await;
    let late = desk(&running).work("hang".to_owned()).await.unwrap_err();
    assert_eq!(late.kind(), ErrorKind::Timeout);
    assert_eq!(late.to_string(), "`Desk::work`: no answer within 2s");
    said(&running, "given up").await;
    assert!(running.stop().await.is_clean());
}

#[tokio::test]
async fn report_i15_a_call_that_its_caller_drops_is_given_up_there() {
    for (desk_is, clerk) in [("process", "in_process"), ("in_process", "process")] {
        let rig = rig(desk_is, clerk).set(CLERK, "timeout", "2s");
        let running = rig.start().await;
        // The time limit of the handler drops its call.
        errand(&running, "hang").await;
        said(&running, "given up").await;
        errand(&running, "fine").await;
        said(&running, "fine").await;
        assert!(running.stop().await.is_clean());
    }
}

#[tokio::test]
async fn report_i15_the_end_of_a_process_ends_its_calls_with_the_cause_and_none_is_repeated() {
    let rig = rig("process", "in_process");
    let running = rig.start().await;
    let desk = desk(&running);
    let lost = desk.work("die_once".to_owned()).await.unwrap_err();
    assert_eq!(lost.kind(), ErrorKind::External { retriable: true });
    assert_eq!(
        lost.to_string(),
        "`Desk::work`: its process was ended by signal 6 (SIGABRT) during the call"
    );
    // The same handle goes on with the next process, and waits for it.
    assert_eq!(desk.place().await.unwrap(), "a process of its own");
    let noted = rig.path("isolation-desk/die_once");
    assert_eq!(std::fs::read_to_string(noted).unwrap(), "die_once\n");
    assert_eq!(desk.work("die_once".to_owned()).await.unwrap(), "die_once");
    assert_eq!(status(&running, DESK).restarts, 1);
    assert!(running.stop().await.is_clean());
}

#[tokio::test]
async fn report_i15_a_provider_that_is_given_up_says_why() {
    let rig = rig("process", "in_process").set(DESK, "restart", json!({"policy": "never"}));
    let running = rig.start().await;
    let desk = desk(&running);
    desk.work("die".to_owned()).await.unwrap_err();
    let gone = desk.place().await.unwrap_err().to_string();
    assert_eq!(
        gone,
        "`Desk::place`: its process was ended by signal 6 (SIGABRT)"
    );
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn report_i15_no_call_fails_while_its_provider_is_restarted() {
    let running = rig("process", "in_process").start().await;
    let desk = desk(&running);
    let before = status(&running, DESK).process_id;
    let handle = running.handle();
    let mut restart = JoinSet::new();
    restart.spawn(async move {
        let plugin = DESK.to_owned();
        handle.operate(Operation::Restart { plugin }).await.unwrap();
    });
    let mut calls = 0;
    while restart.try_join_next().is_none() {
        assert_eq!(desk.echo("here").await.unwrap(), "here");
        calls += 1;
    }
    assert_ne!(status(&running, DESK).process_id, before);
    assert_eq!(desk.echo("there").await.unwrap(), "there");
    assert!(calls > 0);
    assert!(running.stop().await.is_clean());
}

#[tokio::test]
async fn report_i15_a_big_argument_crosses_and_one_that_is_too_big_is_refused() {
    let running = rig("process", "in_process").start().await;
    let desk = desk(&running);
    let text = "é".repeat(4 << 20);
    assert!(desk.echo(&text).await.unwrap() == text);
    let text = "x".repeat(65 << 20);
    let error = desk.echo(&text).await.unwrap_err().to_string();
    assert_eq!(
        error,
        "`Desk::echo`: it is too long for the way between two processes"
    );
    assert_eq!(desk.echo("short").await.unwrap(), "short");
    assert!(running.stop().await.is_clean());
}

#[tokio::test]
async fn report_i15_a_thousand_calls_at_once_are_answered_and_not_all_are_made_at_once() {
    let running = rig("process", "in_process").start().await;
    let desk = desk(&running);
    let mut calls = JoinSet::new();
    for _ in 0..1000 {
        let desk = Arc::clone(&desk);
        calls.spawn(async move { desk.work("hold".to_owned()).await.unwrap() });
    }
    let bell = async |how: &str| {
        let how = how.to_owned();
        let publisher = running.publisher();
        publisher.publish_and_wait(Bell { how }).await.unwrap();
    };
    let full = "held 256 most 256";
    while !lines(&running).iter().any(|line| line == full) {
        bell("held").await;
    }
    bell("release").await;
    assert_eq!(calls.join_all().await.len(), 1000);
    bell("held").await;
    running.idle().await;
    let last = lines(&running).pop().unwrap();
    assert_eq!(last, "held 0 most 256");
    assert!(running.stop().await.is_clean());
}
