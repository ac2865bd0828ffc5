//! Who waits for a retry: the later events of that handler, and nobody else.

use std::time::Duration;

use crate::flaky::{self, Item, Latest, Once, Task, Wide};
use crate::journal::Journal;
use crate::rig::Started;

async fn end(running: Started) -> Vec<String> {
    running.idle().await;
    let journal = running.service::<dyn Journal>().unwrap();
    assert!(running.stop().await.is_clean());
    journal.lines()
}

#[tokio::test(start_paused = true)]
async fn later_events_of_the_handler_wait_and_those_of_others_do_not() {
    let running = flaky::rig().start().await;
    let failing = Task::failing(1, 2, "retriable");
    running.publisher().publish(failing).await.unwrap();
    for id in [2, 3] {
        running.publisher().publish(Task::fine(id)).await.unwrap();
    }
    tokio::time::sleep(Duration::from_millis(10)).await;
    running.publisher().publish(Task::fine(4)).await.unwrap();
    running.publisher().publish(Once::fine(9)).await.unwrap();
    let lines = end(running).await;
    let expected = [
        "patient 1",
        "hasty 9",
        "patient 1",
        "patient 1",
        "patient 2",
        "patient 3",
        "patient 4",
    ];
    assert_eq!(lines, expected);
}

#[tokio::test(start_paused = true)]
async fn one_after_the_other_may_fail() {
    let running = flaky::rig().start().await;
    for id in 1..=3 {
        let failing = Task::failing(id, 1, "retriable");
        running.publisher().publish(failing).await.unwrap();
    }
    running.publisher().publish(Task::fine(4)).await.unwrap();
    let lines = end(running).await;
    let ids: Vec<_> = (lines.iter())
        .map(|line| line.trim_start_matches("patient "))
        .collect();
    assert_eq!(ids, ["1", "1", "2", "2", "3", "3", "4"]);
}

#[tokio::test(start_paused = true)]
async fn a_handler_without_order_goes_on() {
    let running = flaky::rig().start().await;
    let failing = Wide::failing(1, 1, "retriable");
    running.publisher().publish(failing).await.unwrap();
    for id in 2..=4 {
        running.publisher().publish(Wide::fine(id)).await.unwrap();
    }
    let mut lines = end(running).await;
    assert_eq!(lines.pop().as_deref(), Some("wide 1"), "after the others");
    lines.sort_unstable();
    assert_eq!(lines, ["wide 1", "wide 2", "wide 3", "wide 4"]);
}

#[tokio::test(start_paused = true)]
async fn a_batch_is_tried_again_as_it_is_and_the_next_one_waits() {
    let running = flaky::rig().start().await;
    running.publisher().publish(Item::fine(1)).await.unwrap();
    let failing = Item::failing(2, 1, "retriable");
    running.publisher().publish(failing).await.unwrap();
    running.publisher().publish(Item::fine(3)).await.unwrap();
    let lines = end(running).await;
    let batches: Vec<_> = (lines.iter())
        .filter(|line| line.starts_with("batch"))
        .collect();
    assert_eq!(batches, ["batch 1+2", "batch 1+2", "batch 3"]);
}

#[tokio::test(start_paused = true)]
async fn what_waits_for_a_retry_keeps_its_place_in_the_mailbox() {
    let running = flaky::rig().set(flaky::NAME, "mailbox", 2).start().await;
    let publisher = running.publisher();
    let failing = Task::failing(1, 1, "retriable");
    publisher.publish(failing).await.unwrap();
    tokio::time::sleep(Duration::from_millis(10)).await;
    publisher.try_publish(Task::fine(2)).unwrap();
    tokio::time::sleep(Duration::from_millis(10)).await;
    assert!(publisher.try_publish(Task::fine(3)).is_err());
    let lines = end(running).await;
    assert_eq!(lines, ["patient 1", "patient 1", "patient 2"]);
}

#[tokio::test(start_paused = true)]
async fn the_oldest_that_waits_behind_a_retry_gives_way() {
    let running = flaky::rig().set(flaky::NAME, "mailbox", 3).start().await;
    let failing = Latest::failing(1, 1, "retriable");
    running.publisher().publish(failing).await.unwrap();
    for id in 2..=5 {
        tokio::time::sleep(Duration::from_millis(10)).await;
        running.publisher().publish(Latest::fine(id)).await.unwrap();
    }
    let lines = end(running).await;
    assert_eq!(lines, ["latest 1", "latest 1", "latest 4", "latest 5"]);
}
