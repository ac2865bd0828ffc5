//! A stop waits for retries that come in its time; the others go to the dead letters, and what is
//! behind them is handled.

use std::time::Duration;

use plugin_core::event::{DeadLetter, DeadLetterQuery};
use tokio::time::Instant;

use crate::flaky::{self, ALWAYS, Task, Wide};
use crate::journal::Journal;
use crate::rig::Started;

async fn letters(running: &Started) -> Vec<DeadLetter> {
    let page = running.dead_letters().list(DeadLetterQuery::new()).await;
    page.unwrap().letters
}

#[tokio::test(start_paused = true)]
async fn a_stop_waits_for_retries() {
    let running = flaky::rig().start().await;
    let failing = Task::failing(1, 3, "retriable");
    running.publisher().publish(failing).await.unwrap();
    running.publisher().publish(Task::fine(2)).await.unwrap();
    tokio::time::sleep(Duration::from_millis(10)).await;
    let journal = running.service::<dyn Journal>().unwrap();
    running.handle().stop(flaky::NAME).await.unwrap();
    assert_eq!(journal.lines().last().unwrap(), "patient 2");
    assert!(letters(&running).await.is_empty());
    assert!(running.stop().await.is_clean());
}

#[tokio::test(start_paused = true)]
async fn what_is_left_when_the_time_is_over_goes_to_the_dead_letters() {
    let rig = flaky::rig().set(flaky::NAME, "timeout", "1s");
    let rig = rig.set("plugin_manager", "drain_timeout", "0s");
    let running = rig.start().await;
    let publisher = running.publisher();
    let failing = Task::failing(1, ALWAYS, "retriable");
    publisher.publish(failing).await.unwrap();
    publisher.publish(Task::fine(2)).await.unwrap();
    running
        .publisher()
        .publish(Wide::failing(3, ALWAYS, "hang"))
        .await
        .unwrap();
    tokio::time::sleep(Duration::from_millis(10)).await;
    let view = running.dead_letters();
    let began = Instant::now();
    let report = running.stop().await;
    assert!(began.elapsed() < Duration::from_secs(5), "{report:?}");
    let stop = &report.plugins[0];
    assert_eq!((stop.name, stop.lost), (flaky::NAME, 0), "{stop:?}");
    let page = view.list(DeadLetterQuery::new()).await.unwrap();
    let told: Vec<_> = (page.letters.iter())
        .map(|letter| (letter.data["id"].as_u64().unwrap(), letter.attempts > 0))
        .collect();
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told.contains(&(1, true)) && told.contains(&(3, true)));
    assert!(!report.is_clean());
    assert_eq!(report.dead_letters, 2);
}

#[tokio::test(start_paused = true)]
async fn what_a_restart_cuts_off_can_be_replayed_to_the_new_instance() {
    let rig = flaky::rig().set(flaky::NAME, "timeout", "100ms");
    let running = rig.start().await;
    let failing = Task::failing(1, 1, "retriable");
    running.publisher().publish(failing).await.unwrap();
    running.publisher().publish(Task::fine(2)).await.unwrap();
    tokio::time::sleep(Duration::from_millis(10)).await;
    running.handle().restart(flaky::NAME).await.unwrap();
    let left = letters(&running).await;
    assert_eq!(left.len(), 1, "what was behind it is handled: {left:?}");
    assert!(left[0].error.contains("the plugin stopped"), "{left:?}");
    let desk = running.handle().dead_letters();
    // The new instance counts anew: it fails once more with the first, and then does not.
    desk.replay(left[0].id).await.unwrap();
    assert!(letters(&running).await.is_empty());
    running.stop().await;
}
