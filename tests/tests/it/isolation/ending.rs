//! The end of a process: by itself, by its host, and against its will.

use std::time::Duration;

use plugin_core::event::DeadLetterQuery;
use plugin_core::lifecycle::State;
use serde_json::json;

use super::{WORKER, lines, publish, rig, work};
use crate::rig::{Started, status};

/// Waits until the worker is as it should be.
async fn until(running: &Started, is_so: impl Fn(&plugin_core::lifecycle::PluginStatus) -> bool) {
    while !is_so(&status(running, WORKER)) {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn report_i15_what_was_with_a_process_that_ended_is_delivered_again() {
    let running = rig("process").start().await;
    let numbers = 1..=40;
    for number in numbers.clone() {
        let how = if number == 20 { "die_once" } else { "fine" };
        publish(&running, work(number, how)).await;
    }
    running.idle().await;
    let there = |number: u32| match number {
        20 => "20 die_once in a process of its own".to_owned(),
        number => format!("{number} fine in a process of its own"),
    };
    assert_eq!(lines(&running), numbers.map(there).collect::<Vec<_>>());
    let status = status(&running, WORKER);
    assert_eq!((status.restarts, status.state), (1, State::Running));
    let cause = status.last_error.unwrap();
    assert!(
        cause.contains("its process was ended by signal 6 (SIGABRT)"),
        "{cause}"
    );
    assert_eq!(running.dead_letters().in_memory(), 0);
    assert!(running.stop().await.is_clean());
}

#[tokio::test]
async fn report_i15_an_event_that_ends_each_process_is_a_dead_letter_with_the_cause() {
    let running = rig("process").start().await;
    publish(&running, work(1, "die")).await;
    publish(&running, work(2, "fine")).await;
    running.idle().await;
    assert_eq!(lines(&running), ["2 fine in a process of its own"]);
    let letters = running.dead_letters().list(DeadLetterQuery::new()).await;
    let letters = letters.unwrap().letters;
    assert_eq!(letters.len(), 1);
    assert_eq!(
        letters[0].error,
        "its process was ended by signal 6 (SIGABRT) while it handled the event, and so did the one before"
    );
    until(&running, |status| status.restarts == 2).await;
    assert!(running.stop().await.is_clean());
}

#[tokio::test]
async fn report_i15_one_that_is_given_up_leaves_dead_letters_and_loses_nothing() {
    let running = rig("process")
        .set(WORKER, "restart", json!({"policy": "never"}))
        .start()
        .await;
    for number in 1..=5 {
        publish(&running, work(number, "die")).await;
    }
    until(&running, |status| status.state == State::Failed).await;
    running.idle().await;
    let letters = running.dead_letters().list(DeadLetterQuery::new()).await;
    let letters = letters.unwrap().letters;
    assert_eq!(letters.len(), 5);
    for letter in letters {
        assert!(
            letter.error.contains("signal 6 (SIGABRT)"),
            "{}",
            letter.error
        );
    }
    running.stop().await;
}

#[tokio::test]
async fn report_i15_a_kill_from_outside_is_noticed_at_once() {
    let running = rig("process").start().await;
    let process = status(&running, WORKER).process_id.unwrap();
    let pid = process.to_string();
    let killed = std::process::Command::new("kill")
        .args(["-9", &pid])
        .status();
    assert!(killed.unwrap().success());
    until(&running, |status| {
        status.restarts == 1 && status.process_id.is_some_and(|other| other != process)
    })
    .await;
    publish(&running, work(1, "fine")).await;
    running.idle().await;
    assert_eq!(lines(&running), ["1 fine in a process of its own"]);
    assert!(running.stop().await.is_clean());
}

#[tokio::test]
async fn report_i15_a_task_that_fails_there_is_a_failure_of_the_plugin() {
    let running = rig("process")
        .set(WORKER, "restart", json!({"policy": "never"}))
        .config(WORKER, json!({"fails": true}))
        .start()
        .await;
    until(&running, |status| status.state == State::Failed).await;
    let error = status(&running, WORKER).last_error.unwrap();
    assert!(error.ends_with("task `failing`: no luck"), "{error}");
    running.stop().await;
}

/// A stop that does not come to an end of its own.
async fn deaf(how: &str) {
    let running = rig("process")
        .config(WORKER, json!({"stop": how}))
        .set(WORKER, "timeout", "1s")
        .start()
        .await;
    let process = status(&running, WORKER).process_id.unwrap();
    let report = running.stop().await;
    let stop = report.plugins.iter().find(|stop| stop.name == WORKER);
    let error = stop.unwrap().error.clone().unwrap();
    let told = "`stop` did not return within 750ms, and its process was ended";
    assert_eq!(error, told);
    let gone = format!("/proc/{process}");
    assert!(!std::path::Path::new(&gone).exists());
    assert!(report.took < Duration::from_secs(5), "{:?}", report.took);
}

#[tokio::test]
async fn report_i15_a_process_that_does_not_stop_is_ended() {
    deaf("deaf").await;
}

#[tokio::test]
async fn report_i15_a_process_that_loops_is_ended() {
    deaf("loop").await;
}

#[tokio::test]
async fn report_i15_a_loop_is_found_and_its_process_replaced() {
    let running = rig("process").set(WORKER, "watchdog", "3s").start().await;
    publish(&running, work(1, "spin_once")).await;
    running.idle().await;
    assert_eq!(lines(&running), ["1 spin_once in a process of its own"]);
    let error = status(&running, WORKER).last_error.unwrap();
    let told = "its process gave no sign of life for 3s, and was killed";
    assert!(error.ends_with(told), "{error}");
    assert!(running.stop().await.is_clean());
}

#[tokio::test]
async fn report_i15_memory_is_limited_by_the_system() {
    let running = rig("process")
        .set(WORKER, "resources", json!({"memory": 32}))
        .start()
        .await;
    publish(&running, work(1, "reserve")).await;
    publish(&running, work(2, "allocate")).await;
    publish(&running, work(3, "fine")).await;
    running.idle().await;
    assert_eq!(
        lines(&running),
        ["1 refused: true", "3 fine in a process of its own"]
    );
    let letters = running.dead_letters().list(DeadLetterQuery::new()).await;
    let letters = letters.unwrap().letters;
    let told = "signal 6 (SIGABRT); it may have 32 MB (`resources.memory`) while it handled";
    assert!(letters[0].error.contains(told), "{}", letters[0].error);
    let limits = status(&running, WORKER).limits;
    assert_eq!(limits[0].means.as_str(), "refused");
    assert!(running.stop().await.is_clean());
}
