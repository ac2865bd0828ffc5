//! Events that a durable handler fails with: dead letters that survive, and are replayed under
//! their key.

use plugin_core::event::{DeadLetter, DeadLetterQuery};
use serde_json::{Value, json};

use crate::durable::parcel::{Parcel, key, parcel, rig, without_keys};
use crate::journal::Journal;
use crate::rig::{Rig, Started};

fn failing(rig: Rig, number: &Value) -> Rig {
    rig.config("durable-receiver", json!({ "fail": number }))
}

async fn letters(running: &Started) -> Vec<DeadLetter> {
    let letters = running.dead_letters().list(DeadLetterQuery::new()).await;
    letters.unwrap().letters
}

#[tokio::test]
async fn a_letter_survives_and_is_replayed_under_its_key() {
    let rig = failing(rig(), &json!(2));
    let running = rig.start().await;
    let parcels = running.publisher::<Parcel>();
    for number in 1..=3 {
        parcels.publish_durable(parcel(number)).await.unwrap();
    }
    running.idle().await;
    let journal = running.service::<dyn Journal>().unwrap();
    let expected = ["handled 1 from host", "handled 3 from host"];
    assert_eq!(without_keys(&journal.lines()), expected);
    let [letter] = &letters(&running).await[..] else {
        panic!("one letter");
    };
    assert!(letter.error.contains("told to fail"), "{letter:?}");
    assert!(running.stop().await.is_clean());

    // In the next life it fails once more, and in the one after that it is handled.
    let running = rig.start().await;
    assert_eq!(letters(&running).await, std::slice::from_ref(letter));
    running
        .handle()
        .dead_letters()
        .replay(letter.id)
        .await
        .unwrap();
    running.idle().await;
    let again = &letters(&running).await[0];
    assert_eq!((again.id, again.replays, again.attempts), (letter.id, 1, 2));
    running.stop().await;

    let running = failing(rig, &json!(null)).start().await;
    running
        .handle()
        .dead_letters()
        .replay(letter.id)
        .await
        .unwrap();
    running.idle().await;
    assert_eq!(letters(&running).await, []);
    let journal = running.service::<dyn Journal>().unwrap();
    let lines = journal.lines();
    assert_eq!(without_keys(&lines), ["handled 2 from host"]);
    assert_eq!(key(&lines[0]), letter.key.unwrap().to_string());
    running.stop().await;
}

#[tokio::test]
async fn a_letter_is_revived_while_its_plugin_is_down() {
    let rig = failing(rig(), &json!(1));
    let running = rig.start().await;
    running
        .publisher()
        .publish_durable(parcel(1))
        .await
        .unwrap();
    running.idle().await;
    let letter = letters(&running).await.remove(0);
    running.handle().stop("durable-receiver").await.unwrap();
    running
        .handle()
        .dead_letters()
        .replay(letter.id)
        .await
        .unwrap();
    assert_eq!(letters(&running).await, []);
    running.handle().start("durable-receiver").await.unwrap();
    running.idle().await;
    assert_eq!(letters(&running).await[0].replays, 1);
    running.stop().await;
}
