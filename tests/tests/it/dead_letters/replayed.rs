//! Replay and drop: to the one handler that failed, and never without a trace.

use plugin_core::event::{DeadLetter, DeadLetterId, DeadLetterQuery};
use plugin_core::lifecycle::{DeadLetterError, State};

use crate::flaky::{self, ALWAYS, Once, Quick, Task};
use crate::journal::Journal;
use crate::rig::Started;

/// The one letter that there is.
async fn letter(running: &Started) -> DeadLetter {
    running.idle().await;
    let page = running.dead_letters().list(DeadLetterQuery::new()).await;
    let mut letters = page.unwrap().letters;
    assert_eq!(letters.len(), 1, "{letters:?}");
    letters.remove(0)
}

#[tokio::test(start_paused = true)]
async fn a_replay_that_ends_well_removes_the_letter() {
    let rig = flaky::rig();
    let running = rig.start().await;
    let desk = running.handle().dead_letters();
    let journal = running.service::<dyn Journal>().unwrap();
    let inline = Quick::failing(1, 1, "external");
    running.publisher().publish(inline).await.unwrap();
    desk.replay(letter(&running).await.id).await.unwrap();
    let queued = Once::failing(2, 1, "external");
    running.publisher().publish(queued).await.unwrap();
    let id = letter(&running).await.id;
    desk.replay(id).await.unwrap();
    assert_eq!(
        journal.lines(),
        ["inline 1", "inline 1", "hasty 2", "hasty 2"]
    );
    let gone = desk.replay(id).await.unwrap_err();
    assert!(matches!(gone, DeadLetterError::Unknown(other) if other == id));
    running.stop().await;
    let audit = rig.audit();
    let said: Vec<_> = (audit.iter())
        .filter(|line| line["action"] == "dead_letters.replay")
        .map(|line| line["outcome"].as_str().unwrap())
        .collect();
    assert_eq!(said, ["done", "done", "denied"]);
}

#[tokio::test(start_paused = true)]
async fn a_replay_that_fails_again_is_a_letter_again() {
    let running = flaky::rig().start().await;
    let desk = running.handle().dead_letters();
    let task = Task::failing(1, ALWAYS, "retriable");
    running.publisher().publish(task).await.unwrap();
    let first = letter(&running).await;
    let failed = desk.replay(first.id).await.unwrap_err();
    assert!(matches!(failed, DeadLetterError::Failed { .. }), "{failed}");
    let second = letter(&running).await;
    assert_eq!((second.id, second.replays), (first.id, 1));
    assert_eq!(second.attempts, 8, "with all its retries");
    assert_eq!(
        (&second.first_at, second.event),
        (&first.first_at, first.event)
    );
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_letter_is_dropped_once() {
    let running = flaky::rig().start().await;
    let desk = running.handle().dead_letters();
    let task = Once::failing(1, ALWAYS, "external");
    running.publisher().publish(task).await.unwrap();
    let id = letter(&running).await.id;
    assert_eq!(desk.show(id).await.unwrap().id, id);
    desk.drop(id).await.unwrap();
    assert!(matches!(
        desk.drop(id).await,
        Err(DeadLetterError::Unknown(_))
    ));
    assert!(matches!(
        desk.show(id).await,
        Err(DeadLetterError::Unknown(_))
    ));
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_letter_that_is_being_replayed_is_left_alone() {
    let running = flaky::rig().start().await;
    let desk = running.handle().dead_letters();
    let task = Task::failing(1, 5, "retriable");
    running.publisher().publish(task).await.unwrap();
    let id = letter(&running).await.id;
    let (replayed, again, dropped) = tokio::join!(desk.replay(id), desk.replay(id), desk.drop(id));
    replayed.unwrap();
    assert!(matches!(again, Err(DeadLetterError::Busy(_))), "{again:?}");
    assert!(
        matches!(dropped, Err(DeadLetterError::Busy(_))),
        "{dropped:?}"
    );
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn nobody_takes_a_letter_whose_plugin_does_not_run() {
    let running = flaky::rig().start().await;
    let desk = running.handle().dead_letters();
    let task = Once::failing(1, 1, "external");
    running.publisher().publish(task).await.unwrap();
    let id = letter(&running).await.id;
    running.handle().stop(flaky::NAME).await.unwrap();
    let refused = desk.replay(id).await.unwrap_err();
    let stopped = Some(State::Stopped);
    assert!(
        matches!(&refused, DeadLetterError::NotRunning { state, .. } if *state == stopped),
        "{refused}"
    );
    running.handle().start(flaky::NAME).await.unwrap();
    assert_eq!(letter(&running).await.id, id, "it stays");
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn an_unknown_id_is_said_to_be_unknown() {
    let running = flaky::rig().start().await;
    let desk = running.handle().dead_letters();
    let id: DeadLetterId = "0000000000000001".parse().unwrap();
    let error = desk.replay(id).await.unwrap_err().to_string();
    assert_eq!(error, "there is no dead letter `0000000000000001`");
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_subscription_of_the_owner_is_found_again_unless_there_are_two() {
    let running = flaky::rig().start().await;
    let desk = running.handle().dead_letters();
    let fail = |_: &plugin_core::event::Envelope<Once>| Err(plugin_core::Error::external("no"));
    let one = running
        .subscriber()
        .subscribe::<Once, plugin_core::Result<()>>(fail);
    running.publisher().publish(Once::fine(1)).await.unwrap();
    let id = letter(&running).await.id;
    let failed = desk.replay(id).await.unwrap_err();
    assert!(matches!(failed, DeadLetterError::Failed { .. }), "{failed}");
    let two = running
        .subscriber()
        .subscribe::<Once, plugin_core::Result<()>>(fail);
    let refused = desk.replay(id).await.unwrap_err();
    assert!(
        matches!(refused, DeadLetterError::Ambiguous { count: 2, .. }),
        "{refused}"
    );
    drop((one, two));
    let refused = desk.replay(id).await.unwrap_err();
    assert!(
        matches!(refused, DeadLetterError::NoHandler { .. }),
        "{refused}"
    );
    running.stop().await;
}
