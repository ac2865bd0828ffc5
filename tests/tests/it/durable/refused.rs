//! A store that fails: publishers are told, what was accepted is kept, and what is never stored
//! is counted.

use std::future::Future;
use std::task::Poll;
use std::time::Duration;

use plugin_core::Plugin;
use plugin_core::event::{PublishError, TryPublishError};
use plugin_core::lifecycle::WaitsFor;
use tokio::time::Instant;

use crate::durable::parcel::{Parcel, Receiver, parcel, without_keys};
use crate::durable::shaky::{Shaking, Shaky};
use crate::journal::{Journal, Notebook};
use crate::rig::{Rig, status};

fn rig() -> Rig {
    Rig::new(&[
        Receiver::DESCRIPTOR,
        Notebook::DESCRIPTOR,
        Shaky::DESCRIPTOR,
    ])
}

fn reason(result: Result<(), PublishError>) -> String {
    match result {
        Err(PublishError::Store { plugin, reason, .. }) => {
            assert_eq!(plugin, "durable-receiver");
            reason
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn publishers_are_told_until_it_works_again() {
    let running = rig().start().await;
    let (shaky, journal) = (
        running.service::<dyn Shaking>().unwrap(),
        running.service::<dyn Journal>().unwrap(),
    );
    let parcels = running.publisher::<Parcel>();
    shaky.fail(Some("no space"));
    let error = reason(parcels.publish_durable(parcel(1)).await);
    assert!(error.contains("no space"), "{error}");
    // Accepted, and not stored yet: it is kept.
    parcels.publish(parcel(2)).await.unwrap();
    while parcels.publish(parcel(3)).await.is_ok() {
        tokio::task::yield_now().await;
    }
    assert!(reason(parcels.publish(parcel(3)).await).contains("no space"));
    let back = parcels.try_publish(parcel(3)).unwrap_err();
    assert!(matches!(back, TryPublishError::Store(_)), "{back:?}");
    // The one whose publisher waited for the store, and three that were not accepted.
    let handlers = running.bus().handlers();
    let of_handler: u64 = (handlers.iter()).map(|report| report.dropped.store).sum();
    let of_plugin = status(&running, "durable-receiver").events.dropped.store;
    assert_eq!((of_handler, of_plugin), (4, 4));
    shaky.fail(None);
    running.idle().await;
    parcels.publish_durable(parcel(4)).await.unwrap();
    running.idle().await;
    let lines = journal.lines();
    let handled = without_keys(&lines);
    assert_eq!(handled.first(), Some(&"handled 2 from host"));
    assert_eq!(handled.last(), Some(&"handled 4 from host"));
    assert!(!handled.contains(&"handled 1 from host"), "{handled:?}");
    assert!(running.stop().await.is_clean());
}

#[tokio::test(start_paused = true)]
async fn what_is_never_stored_is_counted() {
    let running = rig().start().await;
    let shaky = running.service::<dyn Shaking>().unwrap();
    let parcels = running.publisher::<Parcel>();
    shaky.fail(Some("no space"));
    parcels.publish(parcel(1)).await.unwrap();
    let report = running.stop().await;
    assert_eq!(report.unstored, 1);
    assert!(!report.is_clean());
}

#[tokio::test(start_paused = true)]
async fn report_b17_no_publisher_waits_for_a_store_that_fails() {
    let running = rig().start().await;
    let shaky = running.service::<dyn Shaking>().unwrap();
    let parcels = running.publisher::<Parcel>();
    shaky.fail(Some("no space"));
    // More than the intake has room for, before it could find out that the store fails.
    let mut waiting: Vec<_> = (0..2_000)
        .map(|id| Box::pin(parcels.publish(parcel(id))))
        .collect();
    let all = std::future::poll_fn(|context| {
        waiting.retain_mut(|one| one.as_mut().poll(context).is_pending());
        match waiting.is_empty() {
            true => Poll::Ready(()),
            false => Poll::Pending,
        }
    });
    let all = tokio::time::timeout(Duration::from_secs(5), all).await;
    assert!(all.is_ok(), "somebody waits for room");
    assert!(!running.stop().await.is_clean());
}

#[tokio::test(start_paused = true)]
async fn report_b17_the_end_of_all_work_is_not_waited_for_where_the_store_fails() {
    let running = rig().start().await;
    let (shaky, journal) = (
        running.service::<dyn Shaking>().unwrap(),
        running.service::<dyn Journal>().unwrap(),
    );
    let parcels = running.publisher::<Parcel>();
    shaky.keep(Some("no space"));
    parcels.publish(parcel(1)).await.unwrap();
    let began = Instant::now();
    let waiting = tokio::time::timeout(Duration::from_secs(60), running.idle_or_waiting());
    let waiting = waiting.await.expect("it ends");
    assert_eq!(waiting.len(), 1, "{waiting:?}");
    assert_eq!(waiting[0].plugin, "durable-receiver");
    assert_eq!(waiting[0].wait, WaitsFor::Store);
    let took = began.elapsed();
    assert!(
        took >= Duration::from_secs(10) && took < Duration::from_secs(12),
        "as long as a drain may take: {took:?}"
    );
    assert_eq!(without_keys(&journal.lines()), ["handled 1 from host"]);

    let began = Instant::now();
    let report = running.stop().await;
    let late: Vec<_> = report.late().collect();
    assert_eq!(late, ["durable-receiver"]);
    let took = began.elapsed();
    assert!(took < Duration::from_secs(12), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn report_b17_what_is_never_stored_is_not_waited_for() {
    let running = rig().start().await;
    let shaky = running.service::<dyn Shaking>().unwrap();
    let parcels = running.publisher::<Parcel>();
    shaky.fail(Some("no space"));
    parcels.publish(parcel(1)).await.unwrap();
    let waiting = tokio::time::timeout(Duration::from_secs(60), running.idle_or_waiting());
    let waiting = waiting.await.expect("it ends");
    assert_eq!(waiting[0].wait, WaitsFor::Store);
    assert_eq!(running.stop().await.unstored, 1);
}

#[tokio::test(start_paused = true)]
async fn an_event_that_can_not_be_read_any_more_is_a_dead_letter() {
    let running = rig().start().await;
    let (shaky, journal) = (
        running.service::<dyn Shaking>().unwrap(),
        running.service::<dyn Journal>().unwrap(),
    );
    let (manager, parcels) = (running.handle(), running.publisher::<Parcel>());
    manager.stop("durable-receiver").await.unwrap();
    parcels.publish_durable(parcel(1)).await.unwrap();
    shaky.garble(Some(r#"{"number": "one"}"#));
    manager.start("durable-receiver").await.unwrap();
    running.idle().await;
    assert_eq!(journal.lines(), [""; 0]);
    let dead = shaky.dead();
    assert_eq!(dead.len(), 1);
    assert_eq!((dead[0].attempts, dead[0].handler.as_str()), (0, "receive"));
    assert!(
        dead[0].error.contains("`number`: invalid type"),
        "{}",
        dead[0].error
    );
    assert_eq!(dead[0].data, serde_json::json!({ "number": "one" }));
    shaky.garble(None);
    parcels.publish_durable(parcel(2)).await.unwrap();
    running.idle().await;
    assert_eq!(without_keys(&journal.lines()), ["handled 2 from host"]);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn report_b7_a_stop_ends_the_waiting_of_the_store_for_more() {
    let running = rig().start().await;
    let shaky = running.service::<dyn Shaking>().unwrap();
    let journal = running.service::<dyn Journal>().unwrap();
    shaky.wait_for_more();
    running.publisher().publish(parcel(1)).await.unwrap();
    let began = tokio::time::Instant::now();
    let stopped = running.stop().await;
    assert!(stopped.is_clean(), "{stopped:?}");
    assert!(began.elapsed() < std::time::Duration::from_secs(1));
    assert_eq!(without_keys(&journal.lines()), ["handled 1 from host"]);
}
