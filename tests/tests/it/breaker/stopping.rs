//! A stop waits neither for a target that is down nor for a retry that comes too late.

use std::time::Duration;

use plugin_core::Plugin;
use plugin_core::config::Sources;
use plugin_core::event::{DeadLetter, DeadLetterQuery, Event};
use tokio::time::Instant;

use super::{Bare, Courier, Keyed, NAME, Ordered, Packed, Wide, lines, start, turn};
use crate::journal::Notebook;
use crate::rig::{Rig, Started};

const SECOND: Duration = Duration::from_secs(1);

/// Letters in the order of their events.
async fn letters(running: &Started) -> Vec<DeadLetter> {
    let page = running.dead_letters().list(DeadLetterQuery::new()).await;
    let mut letters = page.unwrap().letters;
    letters.sort_by_key(|letter| letter.data["id"].as_u64());
    letters
}

/// Publishes events of which the first calls open the breaker, and restarts the plugin; says what
/// became of them.
async fn restarted<E: Event>(events: u32, event: impl Fn(u32) -> E) -> (Vec<DeadLetter>, usize) {
    let running = start().await;
    turn(&running, true).await;
    for id in 0..events {
        running.publisher().publish(event(id)).await.unwrap();
    }
    tokio::time::sleep(12 * SECOND).await;
    let began = Instant::now();
    running.handle().restart(NAME).await.unwrap();
    assert!(began.elapsed() < SECOND, "{:?}", began.elapsed());
    let (letters, calls) = (letters(&running).await, lines(&running).len());
    assert_eq!(letters.len(), events as usize);
    let said = "the plugin stopped while the circuit breaker of its handler was open";
    for letter in &letters {
        assert!(letter.error.contains(said), "{}", letter.error);
    }
    running.stop().await;
    (letters, calls)
}

fn calls(letters: &[DeadLetter]) -> Vec<u32> {
    letters.iter().map(|letter| letter.attempts).collect()
}

#[tokio::test(start_paused = true)]
async fn report_d_what_waits_for_an_open_breaker_becomes_letters_at_once_with_all_its_calls() {
    let (letters, made) = restarted(20, |id| Ordered { id }).await;
    let mut right = vec![0; 20];
    right[0] = 3 + 2;
    assert_eq!(calls(&letters), right, "three opened it, and two probes");
    assert_eq!(made, 5);
    assert!(letters[0].error.ends_with("the last call: no answer"));
}

#[tokio::test(start_paused = true)]
async fn report_d_so_does_what_waits_for_calls_side_by_side() {
    let (letters, made) = restarted(20, |id| Wide { id }).await;
    assert_eq!(calls(&letters).iter().sum::<u32>() as usize, made);
}

#[tokio::test(start_paused = true)]
async fn report_d_so_does_what_waits_behind_those_of_its_key() {
    let (letters, made) = restarted(20, |id| Keyed { id }).await;
    assert_eq!(calls(&letters).iter().sum::<u32>() as usize, made);
}

#[tokio::test(start_paused = true)]
async fn report_d_so_does_a_batch_and_each_of_its_events_was_called() {
    let (letters, _) = restarted(5, |id| Packed { id }).await;
    assert_eq!(calls(&letters), [3, 3, 0, 0, 0], "one opened it");
}

#[tokio::test(start_paused = true)]
async fn report_d_a_stop_of_the_system_ends_promptly() {
    let running = start().await;
    turn(&running, true).await;
    for id in 0..20 {
        running.publisher().publish(Ordered { id }).await.unwrap();
        running.publisher().publish(Keyed { id }).await.unwrap();
    }
    tokio::time::sleep(SECOND).await;
    let report = running.stop().await;
    assert!(report.took < SECOND, "{report:?}");
    assert_eq!((report.dead_letters, report.late().count()), (40, 0));
    let courier = report.plugins.iter().find(|plugin| plugin.name == NAME);
    let courier = courier.unwrap();
    assert_eq!((courier.dead_lettered, courier.lost), (40, 0));
}

#[tokio::test(start_paused = true)]
async fn report_d_who_waits_for_room_behind_an_open_breaker_holds_up_no_restart() {
    let plugins = [Courier::DESCRIPTOR, Notebook::DESCRIPTOR];
    let running = Rig::new(&plugins).set(NAME, "mailbox", 4).start().await;
    turn(&running, true).await;
    let publisher = running.publisher();
    let publish = async {
        for id in 0..20 {
            // Some may come while the plugin does not run.
            drop(publisher.publish(Ordered { id }).await);
        }
    };
    let mut publishing = std::pin::pin!(publish);
    let waits = tokio::time::timeout(SECOND, &mut publishing).await;
    assert!(waits.is_err(), "four wait, and no more");
    let restart = async {
        let began = Instant::now();
        running.handle().restart(NAME).await.unwrap();
        began.elapsed()
    };
    let (took, ()) = tokio::join!(restart, publishing);
    assert!(took < SECOND, "{took:?}");
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn report_d_a_stop_waits_for_a_retry_if_it_comes_in_time_and_not_else() {
    let retries = "courier: { handlers: { bare: { retry: 3, backoff: 1h, max_backoff: 1h } } }";
    let sources = Sources::new().embedded("courier.yaml", retries);
    let plugins = [Courier::DESCRIPTOR, Notebook::DESCRIPTOR];
    let running = Rig::from_sources(&plugins, sources).start().await;
    turn(&running, true).await;
    for id in 0..3 {
        running.publisher().publish(Bare { id }).await.unwrap();
    }
    tokio::time::sleep(SECOND).await;
    running
        .publisher()
        .publish(Ordered { id: 3 })
        .await
        .unwrap();
    turn(&running, false).await;
    let began = Instant::now();
    running.handle().restart(NAME).await.unwrap();
    assert!(began.elapsed() < SECOND, "{:?}", began.elapsed());
    let letters = letters(&running).await;
    assert_eq!(calls(&letters), [1], "the others ended well");
    let said = "the plugin stopped before the next retry; the last call: no answer";
    assert_eq!(letters[0].error, said);
    running.stop().await;
}
