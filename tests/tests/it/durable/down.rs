//! What is published while the subscriber does not run comes when it runs again, and before what
//! is newer.

use crate::durable::parcel::{Parcel, parcel, rig, without_keys};
use crate::journal::Journal;

#[tokio::test]
async fn a_plugin_that_is_down_misses_nothing() {
    let running = rig().start().await;
    let journal = running.service::<dyn Journal>().unwrap();
    let (manager, parcels) = (running.handle(), running.publisher::<Parcel>());
    parcels.publish_durable(parcel(1)).await.unwrap();
    running.idle().await;
    manager.stop("durable-receiver").await.unwrap();
    parcels.publish(parcel(2)).await.unwrap();
    parcels.publish_durable(parcel(3)).await.unwrap();
    running.idle().await;
    assert_eq!(without_keys(&journal.lines()), ["handled 1 from host"]);
    manager.start("durable-receiver").await.unwrap();
    parcels.publish(parcel(4)).await.unwrap();
    running.idle().await;
    let expected = [
        "handled 1 from host",
        "handled 2 from host",
        "handled 3 from host",
        "handled 4 from host",
    ];
    assert_eq!(without_keys(&journal.lines()), expected);
    assert!(running.stop().await.is_clean());
}

#[tokio::test]
async fn what_the_filter_keeps_out_is_not_stored() {
    let running = rig().start().await;
    let journal = running.service::<dyn Journal>().unwrap();
    let parcels = running.publisher::<Parcel>();
    running.handle().stop("durable-receiver").await.unwrap();
    parcels.publish_durable(parcel(0)).await.unwrap();
    parcels.publish_durable(parcel(1)).await.unwrap();
    running.handle().start("durable-receiver").await.unwrap();
    running.idle().await;
    assert_eq!(without_keys(&journal.lines()), ["handled 1 from host"]);
    running.stop().await;
}
