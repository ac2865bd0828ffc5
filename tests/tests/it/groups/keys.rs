//! `key`: events of one key are handled by one member, in order.

use std::collections::{BTreeMap, BTreeSet};

use plugin_core::Plugin;
use plugin_core::prelude::*;
use tokio::time::Instant;

use super::plugins::{Chain, KeyedNorth, KeyedSouth, KeyedWest, Lanes, Order};
use crate::journal::{Journal, Notebook};
use crate::rig::{Rig, Started};

const KEYED: [&plugin_core::Descriptor; 4] = [
    KeyedNorth::DESCRIPTOR,
    KeyedSouth::DESCRIPTOR,
    KeyedWest::DESCRIPTOR,
    Notebook::DESCRIPTOR,
];

/// The members of each key, and whether its numbers came in order.
fn members(journal: &Service<dyn Journal>) -> BTreeMap<u32, BTreeSet<String>> {
    let mut members = BTreeMap::<u32, BTreeSet<String>>::new();
    let mut last = BTreeMap::new();
    for line in journal.lines() {
        let (who, number) = line.split_once(' ').unwrap();
        let number: u32 = number.parse().unwrap();
        let key = number % 7;
        let before = last.insert(key, number);
        assert!(before < Some(number), "{before:?} came before {number}");
        members.entry(key).or_default().insert(who.to_owned());
    }
    members
}

async fn publish(running: &Started, numbers: std::ops::Range<u32>) {
    for number in numbers {
        let order = Order::new(number);
        running.publisher().publish(order).await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_key_stays_with_its_member_and_only_those_of_one_that_leaves_move() {
    let running = Rig::new(&KEYED).start().await;
    let journal = running.service::<dyn Journal>().unwrap();
    publish(&running, 0..35).await;
    running.idle().await;
    let before = members(&journal);
    assert!(before.values().all(|members| members.len() == 1));
    let leaves = before.values().flatten().next().unwrap().clone();
    running.handle().stop(&leaves).await.unwrap();
    journal.clear();
    publish(&running, 35..70).await;
    running.idle().await;
    let after = members(&journal);
    for (key, member) in &before {
        let moved = member != &after[key];
        assert_eq!(moved, member.contains(&leaves), "key {key}");
    }
    running.handle().start(&leaves).await.unwrap();
    journal.clear();
    publish(&running, 70..105).await;
    running.idle().await;
    assert_eq!(
        members(&journal),
        before,
        "who comes back gets its keys back"
    );
    assert!(running.stop().await.is_clean());
}

/// While a member drains, the later events of its keys wait, and those of other keys do not.
#[tokio::test(start_paused = true)]
async fn a_key_moves_when_its_earlier_events_are_done() {
    let running = Rig::new(&KEYED).start().await;
    let journal = running.service::<dyn Journal>().unwrap();
    publish(&running, 0..7).await;
    running.idle().await;
    // The one with the most keys has the most to drain: the others would be ahead of it.
    let mut keys = BTreeMap::<String, usize>::new();
    for member in members(&journal).into_values().flatten() {
        *keys.entry(member).or_default() += 1;
    }
    let leaves = keys.iter().max_by_key(|(_, keys)| **keys).unwrap().0;
    journal.clear();
    publish(&running, 7..28).await;
    let handle = running.handle();
    let later = async {
        // By now it has left the table, and drains.
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        publish(&running, 28..49).await;
    };
    let (stopped, ()) = tokio::join!(handle.stop(leaves), later);
    stopped.unwrap();
    running.idle().await;
    assert_eq!(journal.lines().len(), 42);
    members(&journal);
    assert!(running.stop().await.is_clean());
}

#[tokio::test(start_paused = true)]
async fn try_publish_refuses_an_event_whose_key_can_not_move_yet() {
    let running = Rig::new(&KEYED).start().await;
    let journal = running.service::<dyn Journal>().unwrap();
    publish(&running, 1..2).await;
    tokio::task::yield_now().await;
    let member = journal.lines()[0].split(' ').next().unwrap().to_owned();
    let handle = running.handle();
    let publisher = running.publisher::<Order>();
    let tried = async {
        tokio::task::yield_now().await;
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        let same_key = publisher.try_publish(Order::new(8)).is_err();
        let others = (2..7).all(|number| publisher.try_publish(Order::new(number)).is_ok());
        (same_key, others)
    };
    let (stopped, tried) = tokio::join!(handle.stop(&member), tried);
    stopped.unwrap();
    assert_eq!(tried, (true, true), "only the key that is busy there");
    publisher.try_publish(Order::new(8)).unwrap();
    assert!(running.stop().await.is_clean());
}

#[tokio::test(start_paused = true)]
async fn different_keys_run_side_by_side_and_one_in_order() {
    let running = Rig::new(&[Lanes::DESCRIPTOR, Notebook::DESCRIPTOR])
        .start()
        .await;
    let journal = running.service::<dyn Journal>().unwrap();
    let began = Instant::now();
    // Four events each of the keys 0, 1 and 2.
    for number in [0, 7, 14, 21, 1, 8, 15, 22, 2, 9, 16, 23] {
        running
            .publisher()
            .publish(Order::new(number))
            .await
            .unwrap();
    }
    running.idle().await;
    assert_eq!(began.elapsed().as_secs(), 4, "three keys at once");
    let lines = journal.lines();
    assert_eq!(lines.len(), 12);
    assert_eq!(lines[..3], ["lanes 0", "lanes 1", "lanes 2"]);
    members(&journal);
    assert!(running.stop().await.is_clean());
}

#[tokio::test(start_paused = true)]
async fn a_stop_handles_what_waits_in_lanes() {
    let running = Rig::new(&[Lanes::DESCRIPTOR, Notebook::DESCRIPTOR])
        .start()
        .await;
    let journal = running.service::<dyn Journal>().unwrap();
    publish(&running, 0..20).await;
    running.handle().stop("lanes").await.unwrap();
    assert_eq!(journal.lines().len(), 20);
    assert!(running.stop().await.is_clean());
}

/// What waits in lanes keeps its place in the mailbox: memory is bounded.
#[tokio::test(start_paused = true)]
async fn lanes_are_no_second_mailbox() {
    let rig = Rig::new(&[Lanes::DESCRIPTOR, Notebook::DESCRIPTOR]);
    let running = rig.set("lanes", "mailbox", 5).start().await;
    let publisher = running.publisher::<Order>();
    let mut accepted = 0;
    for _ in 0..100 {
        accepted += usize::from(publisher.try_publish(Order::new(0)).is_ok());
        tokio::task::yield_now().await;
    }
    assert_eq!(accepted, 6, "one in its handler, five wait");
    assert!(running.stop().await.is_clean());
}

/// A handler whose events and publications meet in one group never waits for itself.
#[tokio::test(start_paused = true)]
async fn a_handler_does_not_wait_for_its_own_key() {
    let rig = Rig::new(&[Chain::DESCRIPTOR, Notebook::DESCRIPTOR]);
    let running = rig
        .set("chain", "mailbox", 2)
        .set("chain", "replicas", 2)
        .start()
        .await;
    let journal = running.service::<dyn Journal>().unwrap();
    let began = Instant::now();
    let publisher = running.publisher();
    let outcomes = publisher.publish_and_wait(Order::new(100));
    let outcomes = outcomes.await.unwrap();
    assert!(outcomes.iter().all(|outcome| outcome.result.is_ok()));
    assert!(journal.lines().contains(&"repeated".to_owned()));
    assert_eq!(began.elapsed().as_secs(), 0);
    assert!(running.stop().await.is_clean());
}

#[tokio::test(start_paused = true)]
async fn a_handler_that_waits_for_an_outcome_asks_another_member() {
    let rig = Rig::new(&[Chain::DESCRIPTOR, Notebook::DESCRIPTOR]);
    let running = rig.set("chain", "replicas", 2).start().await;
    let journal = running.service::<dyn Journal>().unwrap();
    for number in 0..4 {
        let publisher = running.publisher();
        let outcomes = publisher.publish_and_wait(Order::new(number));
        assert!(outcomes.await.unwrap().iter().all(|it| it.result.is_ok()));
    }
    let failed = (journal.lines().iter())
        .filter(|line| line.ends_with("false"))
        .count();
    assert!(
        failed <= 4,
        "only the key of `repeat` may choose its own: {failed}"
    );
    let answered = (journal.lines().iter())
        .filter(|line| line.ends_with("true"))
        .count();
    assert!(answered >= 4, "{:?}", journal.lines());
    assert!(running.stop().await.is_clean());
}
