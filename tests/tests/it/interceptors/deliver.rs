//! The stages `deliver` and `delivered`: before and after each call of a handler.

use plugin_core::ErrorKind;
use plugin_core::event::HandlerOutcome;
use plugin_core::lifecycle::Running;

use super::fixture::{BLOCKS, Job, Load, Order, Timed, rig};
use crate::journal::Journal;
use crate::rig::status;

/// What the interceptors and the handlers wrote, without the stage `publish`.
async fn lines(running: &Running) -> Vec<String> {
    running.idle().await;
    let journal = running.service::<dyn Journal>().unwrap();
    let lines = journal.lines().into_iter();
    journal.clear();
    lines.filter(|line| !line.contains("publish")).collect()
}

async fn order(running: &Running, say: &str) -> HandlerOutcome {
    let publisher = running.publisher();
    let outcomes = publisher.publish_and_wait(Order::new(say));
    outcomes.await.unwrap().remove(0)
}

#[tokio::test(start_paused = true)]
async fn a_refused_delivery_is_the_error_of_the_handler_which_is_not_called() {
    let running = rig().start().await;
    let error = order(&running, "refuse delivery").await.result.unwrap_err();
    let text = "refused by `before` of `test-inner`: not for you";
    assert_eq!(error.to_string(), text);
    let expected = [
        "outer deliver take #1".to_owned(),
        "inner deliver take".to_owned(),
        "inner delivered take 0s".to_owned(),
        format!("outer delivered take {text}"),
    ];
    assert_eq!(lines(&running).await, expected);
    // The way of `publish` and `try_publish` is another one: without outcomes.
    for _ in 0..100 {
        let publisher = running.publisher();
        publisher
            .try_publish(Order::new("refuse delivery"))
            .unwrap();
    }
    let events = status(&running, "test-worker").events;
    assert_eq!((events.received, events.errors), (101, 101));
    assert!(!lines(&running).await.contains(&"take".to_owned()));
    assert!(running.stop().await.is_clean());
}

#[tokio::test(start_paused = true)]
async fn each_attempt_is_asked_and_a_refusal_can_be_tried_again() {
    let running = rig().start().await;
    let publisher = running.publisher();
    publisher.publish(Job::new("refuse once")).await.unwrap();
    let expected = [
        "outer deliver work #1",
        "inner deliver work",
        "inner delivered work 0s",
        "outer delivered work refused by `before` of `test-inner`: not yet",
        "outer deliver work #2",
        "inner deliver work",
        "work",
        "inner delivered work 0s",
        "outer delivered work ok",
    ];
    assert_eq!(lines(&running).await, expected);
    let events = status(&running, "test-worker").events;
    assert_eq!((events.errors, events.retries), (1, 1));
    assert!(running.stop().await.is_clean());
}

#[tokio::test(start_paused = true)]
async fn a_delivery_that_is_refused_for_good_is_a_dead_letter() {
    let running = rig().start().await;
    let (jobs, orders) = (running.publisher(), running.publisher());
    jobs.publish(Job::new("refuse delivery")).await.unwrap();
    orders.publish(Order::new("refuse delivery")).await.unwrap();
    running.idle().await;
    let letters = running.dead_letters().list(Default::default()).await;
    let mut handlers: Vec<_> = (letters.unwrap().letters.into_iter())
        .map(|letter| letter.handler)
        .collect();
    handlers.sort();
    assert_eq!(handlers, ["take", "work"]);
    assert!(running.stop().await.is_clean());
}

#[tokio::test(start_paused = true)]
async fn what_became_of_the_call_is_told_with_its_time() {
    let running = rig().start().await;
    let told = async |job: Option<&str>, say: &str| {
        match job {
            Some(say) => running.publisher().publish(Job::new(say)).await.unwrap(),
            None => running.publisher().publish(Order::new(say)).await.unwrap(),
        }
        let mut lines = lines(&running).await;
        lines.retain(|line| line.contains("delivered"));
        lines.truncate(2);
        lines
    };
    assert_eq!(
        told(Some("slow"), "").await,
        ["inner delivered work 3s", "outer delivered work ok"]
    );
    assert_eq!(
        told(Some("hang"), "").await,
        [
            "inner delivered work 5s",
            "outer delivered work no answer within 5s"
        ]
    );
    assert_eq!(
        told(None, "fail").await,
        ["inner delivered take 0s", "outer delivered take failed"]
    );
    assert_eq!(
        told(None, "panic").await,
        [
            "inner delivered take 0s",
            "outer delivered take panicked: told to panic"
        ]
    );
    assert!(running.stop().await.is_clean());
}

#[tokio::test(start_paused = true)]
async fn a_panic_before_a_call_is_the_handlers_error_and_one_after_it_is_nobodys() {
    let running = rig().start().await;
    let error = order(&running, "panic in deliver").await.result;
    assert_eq!(error.unwrap_err().kind(), ErrorKind::Bug);
    let lines_before = lines(&running).await;
    assert!(!lines_before.contains(&"take".to_owned()));
    assert!(order(&running, "panic in delivered").await.result.is_ok());
    let lines_after = lines(&running).await;
    assert!(lines_after.contains(&"outer delivered take ok".to_owned()));
    assert_eq!(status(&running, "test-inner").events.errors, 2);
    assert_eq!(status(&running, "test-worker").events.errors, 1);
    assert!(running.stop().await.is_clean());
}

#[tokio::test(start_paused = true)]
async fn each_event_of_a_batch_is_asked_and_told() {
    let running = rig().start().await;
    let publisher = running.publisher();
    let batch = async |says: [&str; 2]| {
        for say in says {
            publisher.publish(Load::new(say)).await.unwrap();
        }
        lines(&running).await
    };
    let told = [
        "inner delivered together 0s",
        "outer delivered together ok",
        "inner delivered together 0s",
        "outer delivered together ok",
    ];
    let asked = [
        "outer deliver together #1",
        "inner deliver together",
        "outer deliver together #1",
        "inner deliver together",
    ];
    let whole: Vec<_> = (asked.into_iter().chain(["together 2"]))
        .chain(told)
        .collect();
    assert_eq!(batch(["", ""]).await, whole);

    // The second is refused, and the first with it.
    let refused = batch(["", "refuse delivery"]).await;
    assert_eq!(refused[..4], asked);
    let text = "outer delivered together refused by `before` of `test-inner`: not for you";
    let told = refused[4..].iter().filter(|line| *line == text);
    assert_eq!((refused.len(), told.count()), (8, 2), "{refused:?}");
    let letters = running.dead_letters().list(Default::default()).await;
    assert_eq!(letters.unwrap().letters.len(), 2);
    assert!(running.stop().await.is_clean());
}

#[tokio::test(start_paused = true)]
async fn a_replay_is_asked_like_the_call_before_it() {
    let running = rig().start().await;
    let (jobs, orders) = (running.publisher(), running.publisher());
    jobs.publish(Job::new("refuse delivery")).await.unwrap();
    orders.publish(Order::new("refuse delivery")).await.unwrap();
    lines(&running).await;
    let letters = running.dead_letters().list(Default::default()).await;
    for letter in letters.unwrap().letters {
        let replayed = running.handle().dead_letters().replay(letter.id).await;
        assert!(replayed.is_err(), "it is refused again");
        let handler = letter.handler;
        let lines = lines(&running).await;
        let asked = format!("inner deliver {handler}");
        assert!(lines.contains(&asked), "{lines:?}");
        assert!(!lines.contains(&handler), "it is not called: {lines:?}");
    }
    assert!(running.stop().await.is_clean());
}

#[tokio::test(start_paused = true)]
async fn a_handler_with_a_time_limit_is_timed_inside_its_interceptors() {
    let running = rig().start().await;
    // Every call of it is timed, also when the first ones are not any more.
    for say in std::iter::repeat_n("", 99).chain(["block"]) {
        running.publisher().publish(Timed::new(say)).await.unwrap();
    }
    let handlers = running.bus().handlers();
    let timed = handlers.iter().find(|handler| handler.handler == "timed");
    let timed = timed.unwrap();
    assert_eq!((timed.received, timed.errors), (100, 0));
    assert!(
        u128::from(timed.max_nanos) >= BLOCKS.as_nanos(),
        "{timed:?}"
    );
    assert!(running.stop().await.is_clean());
}

#[tokio::test(start_paused = true)]
async fn a_plugin_does_not_intercept_its_own_events_and_handlers() {
    let running = rig().start().await;
    running
        .publisher()
        .publish(Order::new("echo"))
        .await
        .unwrap();
    running.idle().await;
    let journal = running.service::<dyn Journal>().unwrap();
    let mut lines = journal.lines();
    let echoed = lines.split_off(lines.iter().position(|line| line.contains("echo")).unwrap());
    let expected = [
        "outer publish gate.echo",
        "outer deliver own #1",
        "own",
        "outer delivered own ok",
        "outer delivered take ok",
    ];
    assert_eq!(echoed, expected);
    assert!(running.stop().await.is_clean());
}
