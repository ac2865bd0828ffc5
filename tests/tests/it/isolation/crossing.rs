//! What crosses the socket: events with their outcomes, requests, runs of schedules, lines of the log.

use plugin_core::event::{DeadLetterQuery, HandlerReport};
use plugin_core::lifecycle::{Operation, ScheduleAction};

use super::{Parcel, Said, WORKER, lines, publish, rig, work};
use crate::rig::{Started, status};

/// What the handlers of the worker did, in numbers.
fn numbers(running: &Started) -> Vec<(&'static str, u64, u64, u64, u64)> {
    let of_worker = |report: &HandlerReport| report.plugin == WORKER;
    let reports = running.bus().handlers().into_iter().filter(of_worker);
    let mut numbers: Vec<_> = reports
        .map(|one| {
            let dead = one.dead_lettered;
            (one.handler, one.received, one.errors, one.retries, dead)
        })
        .collect();
    numbers.sort_unstable();
    numbers
}

#[tokio::test]
async fn report_i15_a_handler_there_does_not_wait_for_room_that_it_fills_itself() {
    let running = rig("process").set(WORKER, "mailbox", 1).start().await;
    // What it says is for a method of its own, too, which is queued there.
    let outcomes = running.publisher().publish_and_wait(work(1, "fine")).await;
    let outcomes = outcomes.unwrap();
    let error = outcomes[0].result.as_ref().unwrap_err();
    assert!(error.to_string().contains("full"), "{error}");
    running.idle().await;
    let said = "1 fine in a process of its own";
    assert_eq!(lines(&running), [said], "others hear of it");
    assert!(running.stop().await.is_clean());
}

/// What comes of the same work, in numbers, letters and lines.
async fn worked(isolation: &str) -> impl PartialEq + std::fmt::Debug {
    let running = rig(isolation).start().await;
    for (number, how) in [(1, "fine"), (2, "retriable"), (3, "external"), (4, "panic")] {
        publish(&running, work(number, how)).await;
    }
    for (number, how) in [(5, "ask"), (0, "ask"), (6, "source")] {
        publish(&running, work(number, how)).await;
    }
    for number in 0..8 {
        running
            .publisher()
            .publish(Parcel { number })
            .await
            .unwrap();
    }
    let refused = Said {
        what: "refuse".to_owned(),
    };
    let outcomes = running.publisher().publish_and_wait(refused).await.unwrap();
    let mut outcomes: Vec<_> = outcomes
        .iter()
        .map(|one| {
            let error = one.result.as_ref().err().map(ToString::to_string);
            (one.plugin, one.handler, error)
        })
        .collect();
    outcomes.sort();
    running.idle().await;
    let letters = running.dead_letters().list(DeadLetterQuery::new()).await;
    let mut letters: Vec<_> = (letters.unwrap().letters.into_iter())
        .map(|one| (one.handler, one.error, one.kind, one.attempts))
        .collect();
    letters.sort();
    let numbers = numbers(&running);
    let counts = status(&running, WORKER).events;
    let counts = (counts.received, counts.published, counts.errors);
    let mut lines = lines(&running);
    lines.iter_mut().for_each(|line| {
        *line = line.replace("a process of its own", "the process of the manager");
    });
    assert!(running.stop().await.is_clean());
    (numbers, counts, letters, lines, outcomes)
}

#[tokio::test]
async fn report_i15_the_same_work_has_the_same_numbers_letters_and_outcomes() {
    let here = worked("in_process").await;
    let there = worked("process").await;
    assert_eq!(format!("{here:#?}"), format!("{there:#?}"));
}

#[tokio::test]
async fn report_i15_it_does_run_there() {
    let running = rig("process").start().await;
    publish(&running, work(1, "fine")).await;
    running.idle().await;
    assert_eq!(lines(&running), ["1 fine in a process of its own"]);
    let status = status(&running, WORKER);
    let process = status.process_id.unwrap();
    assert_ne!(process, std::process::id());
    assert_eq!(
        status.isolation_because,
        "`isolation` of `isolation-worker`"
    );
    assert!(running.stop().await.is_clean());
    let gone = format!("/proc/{process}");
    assert!(!std::path::Path::new(&gone).exists(), "no zombie is left");
}

#[tokio::test]
async fn report_i15_a_trace_and_a_key_cross_both_ways() {
    let running = rig("process").start().await;
    for how in ["trace", "key"] {
        for number in [1, 2] {
            publish(&running, work(number, how)).await;
        }
    }
    running.idle().await;
    let lines = lines(&running);
    let word = |at: usize| lines[at].split(' ').next_back().unwrap().to_owned();
    assert_ne!(word(0), word(1), "two traces: {lines:?}");
    assert_eq!(word(0).len(), 32);
    assert_ne!(word(2), word(3), "two keys: {lines:?}");
    assert_eq!(word(2).len(), 36);
    running.stop().await;
}

#[tokio::test]
async fn report_i15_a_schedule_runs_there() {
    let running = rig("process").start().await;
    let operation = Operation::Schedule {
        plugin: WORKER.to_owned(),
        schedule: "tick".to_owned(),
        action: ScheduleAction::Run,
    };
    running.handle().operate(operation).await.unwrap();
    let journal = || lines(&running);
    while journal().is_empty() {
        tokio::task::yield_now().await;
    }
    assert_eq!(journal(), ["tick in a process of its own"]);
    assert!(running.stop().await.is_clean());
}

#[tokio::test]
async fn report_i15_a_late_call_is_given_up_there_too() {
    let running = rig("process").set(WORKER, "timeout", "2s").start().await;
    publish(&running, work(1, "hang")).await;
    publish(&running, work(2, "fine")).await;
    running.idle().await;
    assert_eq!(lines(&running), ["2 fine in a process of its own"]);
    let letters = running.dead_letters().list(DeadLetterQuery::new()).await;
    let letters = letters.unwrap().letters;
    assert_eq!(letters[0].error, "no answer within 2s");
    assert!(running.stop().await.is_clean());
}
