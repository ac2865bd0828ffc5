//! Replays that a command asks for, before anybody is there to take the letter: they are carried out
//! as soon as its plugin runs.

use plugin_core::Plugin;
use plugin_core::event::{DeadLetter, DeadLetterQuery};
use plugin_queue::{Letters, Queue, QueueFile};

use crate::flaky::{ALWAYS, Flaky, NAME, Once};
use crate::journal::{Journal, Notebook};
use crate::rig::{Rig, Started};

/// The handler is not durable: there is no queue that waits for it.
fn rig() -> Rig {
    Rig::new(&[Flaky::DESCRIPTOR, Notebook::DESCRIPTOR, Queue::DESCRIPTOR])
}

/// A life in which one event failed.
async fn failed(rig: &Rig, fails: u32) {
    let running = rig.start().await;
    let once = Once::failing(1, fails, "external");
    running.publisher().publish(once).await.unwrap();
    running.idle().await;
    assert_eq!(letters(&running).await.len(), 1);
    assert!(running.stop().await.is_clean());
}

/// What the command does.
async fn ask(rig: &Rig) {
    let path = rig.path("queue-plugin/queue.db");
    let mut file = QueueFile::open(&path).await.unwrap().unwrap();
    let all = Letters::Wanted(DeadLetterQuery::new());
    assert_eq!(file.replay(&all).await.unwrap().len(), 1);
    file.close().await.unwrap();
}

async fn letters(running: &Started) -> Vec<DeadLetter> {
    let letters = running.dead_letters().list(DeadLetterQuery::new()).await;
    letters.unwrap().letters
}

/// Waits until the handler was called so often.
async fn called(running: &Started, times: usize) {
    let journal = running.service::<dyn Journal>().unwrap();
    let called = async {
        while journal.lines().len() < times {
            tokio::task::yield_now().await;
        }
    };
    let limit = std::time::Duration::from_secs(20);
    tokio::time::timeout(limit, called)
        .await
        .expect("not replayed");
    running.idle().await;
}

#[tokio::test]
async fn report_b2_a_replay_that_was_asked_for_while_nothing_ran_is_carried_out() {
    let rig = rig();
    failed(&rig, ALWAYS).await;
    ask(&rig).await;
    // The letter stays with the count of its replays, and nothing is asked for any more.
    let running = rig.start().await;
    called(&running, 1).await;
    let [letter] = &letters(&running).await[..] else {
        panic!("one letter");
    };
    assert_eq!((letter.replays, letter.attempts), (1, 2));
    assert!(running.stop().await.is_clean());
    let running = rig.start().await;
    let once = Once::fine(2);
    running.publisher().publish(once).await.unwrap();
    called(&running, 1).await;
    assert!(running.stop().await.is_clean());
    ask(&rig).await;
    let running = rig.start().await;
    called(&running, 1).await;
    assert_eq!(letters(&running).await[0].replays, 2);
    assert!(running.stop().await.is_clean());
}

#[tokio::test]
async fn report_b2_a_request_outlives_a_process_without_the_plugin() {
    let rig = rig();
    failed(&rig, ALWAYS).await;
    ask(&rig).await;
    let without = rig.with_plugins(&[Notebook::DESCRIPTOR, Queue::DESCRIPTOR]);
    let running = without.start().await;
    assert_eq!(letters(&running).await[0].replays, 0);
    assert!(running.stop().await.is_clean());
    let running = rig.start().await;
    called(&running, 1).await;
    assert_eq!(letters(&running).await[0].replays, 1);
    assert!(running.stop().await.is_clean());
}

#[tokio::test]
async fn report_b2_a_request_waits_for_a_plugin_that_an_operator_stopped() {
    let rig = rig();
    failed(&rig, ALWAYS).await;
    let running = rig.start().await;
    running.handle().stop(NAME).await.unwrap();
    ask(&rig).await;
    running.handle().start(NAME).await.unwrap();
    called(&running, 1).await;
    assert_eq!(letters(&running).await[0].replays, 1);
    assert!(running.stop().await.is_clean());
}
