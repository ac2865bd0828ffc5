//! What a letter says, and how many are kept.

use plugin_core::event::{DeadLetter, DeadLetterId, DeadLetterQuery};
use serde_json::json;

use crate::flaky::{self, ALWAYS, Once, Quick, Task};
use crate::rig::Started;

async fn list(running: &Started, query: DeadLetterQuery) -> Vec<DeadLetter> {
    running.idle().await;
    running.dead_letters().list(query).await.unwrap().letters
}

async fn fail_once(running: &Started, id: u32) {
    let task = Once::failing(id, ALWAYS, "external");
    running.publisher().publish(task).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_letter_says_what_failed_where_and_why() {
    let running = flaky::rig().start().await;
    let task = Task::failing(7, ALWAYS, "retriable");
    running.publisher().publish(task).await.unwrap();
    let letters = list(&running, DeadLetterQuery::new()).await;
    let letter = &letters[0];
    assert_eq!(
        (
            &*letter.topic,
            &*letter.source,
            &*letter.plugin,
            &*letter.handler
        ),
        ("flaky.task", "host", "flaky", "patient")
    );
    assert_eq!(
        letter.data,
        json!({"id": 7, "fails": ALWAYS, "how": "retriable"})
    );
    assert_eq!((&*letter.error, &*letter.kind), ("down", "external"));
    assert_eq!((letter.attempts, letter.replays), (4, 0));
    assert!(letter.first_at <= letter.last_at && letter.last_at.ends_with('Z'));
    let written = serde_json::to_string(letter).unwrap();
    let read: DeadLetter = serde_json::from_str(&written).unwrap();
    assert_eq!(&read, letter);
    let text = letter.id.to_string();
    assert_eq!(text.parse::<DeadLetterId>().unwrap(), letter.id);
    assert!("7".parse::<DeadLetterId>().is_err());
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn an_inline_handler_has_letters_too() {
    let running = flaky::rig().start().await;
    for how in ["external", "panic"] {
        let task = Quick::failing(1, ALWAYS, how);
        running.publisher().publish(task).await.unwrap();
    }
    let letters = list(&running, DeadLetterQuery::new()).await;
    let kinds: Vec<_> = letters.iter().map(|letter| &*letter.kind).collect();
    assert_eq!(kinds, ["external", "bug"]);
    assert_eq!(letters[0].handler, "inline");
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn letters_are_listed_by_page_plugin_and_topic() {
    let running = flaky::rig().start().await;
    for id in 0..5 {
        fail_once(&running, id).await;
    }
    let quick = Quick::failing(9, ALWAYS, "external");
    running.publisher().publish(quick).await.unwrap();
    running.idle().await;
    let view = running.dead_letters();
    let query = DeadLetterQuery::new().topic("flaky.once").limit(2);
    let (mut ids, mut pages, mut after) = (Vec::new(), 0, None);
    loop {
        let mut query = query.clone();
        query.after = after;
        let page = view.list(query).await.unwrap();
        pages += 1;
        ids.extend(
            page.letters
                .into_iter()
                .map(|letter| letter.data["id"].clone()),
        );
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!((pages, ids), (3, [0, 1, 2, 3, 4].map(Into::into).to_vec()));
    let others = list(&running, DeadLetterQuery::new().plugin("other")).await;
    assert!(others.is_empty());
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn the_oldest_gives_way_when_there_is_no_room() {
    let rig = flaky::rig().set("plugin_manager", "dead_letters", json!({"capacity": 3}));
    let running = rig.start().await;
    for id in 0..5 {
        fail_once(&running, id).await;
    }
    let letters = list(&running, DeadLetterQuery::new()).await;
    let ids: Vec<_> = (letters.iter())
        .map(|letter| letter.data["id"].as_u64().unwrap())
        .collect();
    assert_eq!(ids, [2, 3, 4]);
    assert_eq!(running.dead_letters().dropped(), 2);
    running.stop().await;
}
