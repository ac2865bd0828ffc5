//! Who of a group gets an event.

use std::collections::BTreeMap;

use plugin_core::Plugin;
use plugin_core::event::{PublishError, TryPublishError};

use super::counts;
use super::plugins::{Even, Idle1, Idle2, Listener, North, Odd, Order, Plain, South, Stuck, West};
use crate::journal::{Journal, Notebook};
use crate::rig::{Rig, Started, status};

async fn publish(running: &Started, numbers: impl IntoIterator<Item = u32>) {
    for number in numbers {
        running
            .publisher()
            .publish(Order::new(number))
            .await
            .unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn each_event_goes_to_one_member_in_turn_and_to_everyone_else() {
    let plugins = [
        North::DESCRIPTOR,
        South::DESCRIPTOR,
        West::DESCRIPTOR,
        Plain::DESCRIPTOR,
        Notebook::DESCRIPTOR,
    ];
    let running = Rig::new(&plugins).start().await;
    let journal = running.service::<dyn Journal>().unwrap();
    publish(&running, 0..30).await;
    running.idle().await;
    let expected = [("north", 10), ("south", 10), ("west", 10), ("plain", 30)];
    let expected = expected.map(|(name, count)| (name.to_owned(), count));
    assert_eq!(counts(&journal), BTreeMap::from(expected));
    let mut numbers: Vec<_> = (journal.lines().iter())
        .filter(|line| !line.starts_with("plain"))
        .map(|line| line.split(' ').nth(1).unwrap().parse::<u32>().unwrap())
        .collect();
    numbers.sort_unstable();
    assert!(numbers.into_iter().eq(0..30), "each of them once");
    assert!(running.stop().await.is_clean());
}

#[tokio::test(start_paused = true)]
async fn a_full_member_is_passed_over_and_who_waits_takes_the_first_room() {
    let rig = Rig::new(&[North::DESCRIPTOR, South::DESCRIPTOR, Notebook::DESCRIPTOR])
        .set("north", "mailbox", 1)
        .set("south", "mailbox", 4);
    let running = rig.start().await;
    let publisher = running.publisher();
    for number in 0..5 {
        publisher.try_publish(Order::new(number)).unwrap();
    }
    let refused = publisher.try_publish(Order::new(5)).unwrap_err();
    assert!(matches!(refused, TryPublishError::Full(_)), "both are full");
    publish(&running, 5..20).await;
    running.idle().await;
    let journal = running.service::<dyn Journal>().unwrap();
    let counts = counts(&journal);
    assert_eq!(counts["north"] + counts["south"], 20);
    // Both work all the time, so neither does much more than its half.
    assert!(counts["north"] >= 7 && counts["south"] >= 10, "{counts:?}");
    assert!(running.stop().await.is_clean());
}

#[tokio::test(start_paused = true)]
async fn least_loaded_spares_the_one_that_is_stuck() {
    let plugins = [
        Idle1::DESCRIPTOR,
        Idle2::DESCRIPTOR,
        Stuck::DESCRIPTOR,
        Notebook::DESCRIPTOR,
    ];
    let running = Rig::new(&plugins).start().await;
    let journal = running.service::<dyn Journal>().unwrap();
    // The first round finds three idle ones; each later one, two that are done with theirs.
    for round in 0..6 {
        publish(&running, round * 3..round * 3 + 3).await;
        let nap = std::time::Duration::from_millis(if round == 0 { 0 } else { 1_100 });
        tokio::time::sleep(nap).await;
    }
    running.idle().await;
    let counts = counts(&journal);
    assert_eq!(counts.values().sum::<usize>(), 18);
    let even = counts["idle-1"].abs_diff(counts["idle-2"]);
    assert!(even <= 1, "ties are broken in turn: {counts:?}");
    assert!(counts["idle-stuck"] < counts["idle-1"], "{counts:?}");
    assert!(running.stop().await.is_clean());
}

#[tokio::test(start_paused = true)]
async fn the_outcome_is_that_of_one_member() {
    let plugins = [North::DESCRIPTOR, South::DESCRIPTOR, Notebook::DESCRIPTOR];
    let running = Rig::new(&plugins).start().await;
    let mut who = Vec::new();
    for number in 0..4 {
        let publisher = running.publisher();
        let outcomes = publisher.publish_and_wait(Order::new(number));
        let outcomes = outcomes.await.unwrap();
        assert_eq!(outcomes.len(), 1);
        assert!(outcomes[0].result.is_ok());
        who.push(outcomes[0].plugin);
    }
    assert_eq!(who, ["north", "south", "north", "south"]);
    assert!(running.stop().await.is_clean());
}

#[tokio::test(start_paused = true)]
async fn a_member_whose_filter_refuses_an_event_is_no_candidate() {
    let plugins = [Odd::DESCRIPTOR, Even::DESCRIPTOR, Notebook::DESCRIPTOR];
    let running = Rig::new(&plugins).start().await;
    let journal = running.service::<dyn Journal>().unwrap();
    publish(&running, [1, 3, 5, 2, 4]).await;
    running.idle().await;
    let counts = counts(&journal);
    assert_eq!((counts["odd"], counts["even"]), (3, 2));
    assert!(running.stop().await.is_clean());
}

#[tokio::test(start_paused = true)]
async fn a_member_that_stops_leaves_its_share_to_the_others() {
    let plugins = [North::DESCRIPTOR, South::DESCRIPTOR, Notebook::DESCRIPTOR];
    let rig = Rig::new(&plugins).set("north", "mailbox", 1);
    let running = rig.set("south", "mailbox", 1).start().await;
    let journal = running.service::<dyn Journal>().unwrap();
    let publisher = running.publisher::<Order>();
    let publishing = async {
        for number in 0..12 {
            publisher.publish(Order::new(number)).await.unwrap();
            if number == 5 {
                running.handle().stop("north").await.unwrap();
            }
        }
    };
    publishing.await;
    running.idle().await;
    assert_eq!(journal.lines().len(), 12, "{:?}", journal.lines());
    running.handle().stop("south").await.unwrap();
    publisher.publish(Order::new(99)).await.unwrap();
    running.idle().await;
    assert_eq!(journal.lines().len(), 12, "nobody is there to hear it");
    assert!(running.stop().await.is_clean());
}

/// A publisher that waits for room at one member when that member goes is not told that all have
/// gone: another one takes the event.
#[tokio::test(start_paused = true)]
async fn who_waits_at_a_member_that_goes_is_served_by_another() {
    let plugins = [North::DESCRIPTOR, South::DESCRIPTOR, Notebook::DESCRIPTOR];
    let rig = Rig::new(&plugins).set("north", "mailbox", 1);
    let running = rig.set("south", "mailbox", 1).start().await;
    running.handle().stop("south").await.unwrap();
    let journal = running.service::<dyn Journal>().unwrap();
    let publisher = running.publisher::<Order>();
    publish(&running, 0..2).await;
    let waits = publisher.publish(Order::new(2));
    let changes = async {
        running.handle().start("south").await.unwrap();
        running.handle().stop("north").await.unwrap();
    };
    let (published, ()) = tokio::join!(waits, changes);
    published.unwrap();
    running.idle().await;
    assert_eq!(journal.lines().len(), 3, "{:?}", journal.lines());
    assert!(running.stop().await.is_clean());
}

#[tokio::test(start_paused = true)]
async fn the_last_member_that_goes_ends_the_waiting() {
    let plugins = [North::DESCRIPTOR, Notebook::DESCRIPTOR];
    let running = Rig::new(&plugins).set("north", "mailbox", 1).start().await;
    let publisher = running.publisher::<Order>();
    publish(&running, 0..2).await;
    let waits = publisher.publish(Order::new(2));
    let handle = running.handle();
    let (published, stopped) = tokio::join!(waits, handle.stop("north"));
    stopped.unwrap();
    assert!(matches!(published, Err(PublishError::Stopping)));
    assert!(running.stop().await.is_clean());
}

#[tokio::test(start_paused = true)]
async fn a_pattern_has_groups_too() {
    let rig = Rig::new(&[Listener::DESCRIPTOR, Notebook::DESCRIPTOR]);
    let running = rig.set("listener", "replicas", 3).start().await;
    let journal = running.service::<dyn Journal>().unwrap();
    publish(&running, 0..42).await;
    let data = serde_json::json!({ "number": 99, "user": "user 1" });
    let undeclared = running.publishers();
    let data = data.to_string();
    let sent = undeclared.publish("groups.other", data.as_bytes());
    sent.await.unwrap();
    running.idle().await;
    assert_eq!(journal.lines().len(), 43, "{:?}", journal.lines());
    let of_user_1: std::collections::BTreeSet<_> = (journal.lines().into_iter())
        .filter_map(|line| {
            let (who, number) = line.split_once(' ')?;
            let number: u32 = number.parse().ok()?;
            (number == 99 || number % 7 == 1).then(|| who.to_owned())
        })
        .collect();
    assert_eq!(of_user_1.len(), 1, "one member, whatever the topic");
    assert_eq!(status(&running, "listener#1").name, "listener#1");
    assert!(running.stop().await.is_clean());
}
