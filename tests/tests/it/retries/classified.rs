//! Only a failure that may pass is tried again; all end in the dead letters.

use plugin_core::ErrorKind;
use plugin_core::event::DeadLetterQuery;

use crate::flaky::{self, ALWAYS, Once, Task};
use crate::rig::{Started, status};

/// The kind of failure and the calls, as the one dead letter tells.
async fn letter(running: &Started) -> (String, u32) {
    running.idle().await;
    let page = running.dead_letters().list(DeadLetterQuery::new()).await;
    let letters = page.unwrap().letters;
    assert_eq!(letters.len(), 1, "{letters:?}");
    (letters[0].kind.clone(), letters[0].attempts)
}

#[tokio::test(start_paused = true)]
async fn a_failure_that_may_pass_is_tried_again() {
    for (how, kind) in [("retriable", "external"), ("hang", "timeout")] {
        let running = flaky::rig().start().await;
        let task = Task::failing(1, ALWAYS, how);
        running.publisher().publish(task).await.unwrap();
        assert_eq!(letter(&running).await, (kind.to_owned(), 4), "{how}");
        running.stop().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_failure_that_will_not_pass_goes_to_the_dead_letters_at_once() {
    for (how, kind) in [
        ("external", "external"),
        ("config", "config"),
        ("panic", "bug"),
    ] {
        let running = flaky::rig().start().await;
        let task = Task::failing(1, ALWAYS, how);
        running.publisher().publish(task).await.unwrap();
        assert_eq!(letter(&running).await, (kind.to_owned(), 1), "{how}");
        running.stop().await;
    }
}

#[tokio::test(start_paused = true)]
async fn without_retry_the_first_failure_is_the_last() {
    let running = flaky::rig().start().await;
    let task = Once::failing(1, ALWAYS, "retriable");
    running.publisher().publish(task).await.unwrap();
    assert_eq!(letter(&running).await, ("external".to_owned(), 1));
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_publisher_that_waits_learns_the_end_and_not_the_first_failure() {
    let running = flaky::rig().start().await;
    let publisher = running.publisher();
    let healed = Task::failing(1, 2, "retriable");
    let outcomes = publisher.publish_and_wait(healed).await.unwrap();
    assert!(outcomes[0].result.is_ok());
    let lost = Task::failing(2, ALWAYS, "retriable");
    let outcomes = publisher.publish_and_wait(lost).await.unwrap();
    let error = outcomes[0].result.as_ref().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::External { retriable: true });
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn events_are_counted_once_and_retries_apart() {
    let running = flaky::rig().start().await;
    for (id, fails) in [(1, 0), (2, 2), (3, ALWAYS)] {
        let task = Task::failing(id, fails, "retriable");
        running.publisher().publish(task).await.unwrap();
    }
    running.idle().await;
    let events = status(&running, flaky::NAME).events;
    assert_eq!(events.received, 3);
    assert_eq!(events.retries, 2 + 3);
    assert_eq!(events.errors, 2 + 4);
    assert_eq!(events.dead_lettered, 1);
    let handlers = running.bus().handlers();
    let patient = handlers.iter().find(|handler| handler.handler == "patient");
    let patient = patient.unwrap();
    assert_eq!((patient.retries, patient.dead_lettered), (5, 1));
    running.stop().await;
}
