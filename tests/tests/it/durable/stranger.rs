//! Events of a subscription that no plugin has any more, and a set without a store.

use plugin_core::event::EventStore;
use plugin_core::{Composition, Plugin};
use plugin_queue::Queue;

use crate::durable::parcel::{Parcel, Receiver, parcel, rig, without_keys};
use crate::journal::{Journal, Notebook};

#[tokio::test]
async fn they_are_kept_until_it_is_back() {
    let rig = rig();
    let running = rig.start().await;
    running.handle().stop("durable-receiver").await.unwrap();
    let parcels = running.publisher::<Parcel>();
    for number in 1..=3 {
        parcels.publish_durable(parcel(number)).await.unwrap();
    }
    running.stop().await;

    let without = rig.with_plugins(&[Notebook::DESCRIPTOR, Queue::DESCRIPTOR]);
    let running = without.start().await;
    let stock = running.service::<dyn EventStore>().unwrap().stock().await;
    let [stock] = &stock.unwrap()[..] else {
        panic!("one subscription");
    };
    assert_eq!(
        stock.subscription.to_string(),
        "durable-receiver.receive(durable.parcel)"
    );
    assert_eq!(stock.pending, 3);
    running.stop().await;

    let running = rig.start().await;
    running.idle().await;
    let journal = running.service::<dyn Journal>().unwrap();
    let expected = [
        "handled 1 from host",
        "handled 2 from host",
        "handled 3 from host",
    ];
    assert_eq!(without_keys(&journal.lines()), expected);
    running.stop().await;
}

#[test]
fn a_set_without_a_store_is_refused() {
    let error = Composition::assemble(&[Receiver::DESCRIPTOR, Notebook::DESCRIPTOR]).unwrap_err();
    let text = error.to_string();
    let expected = "plugin `durable-receiver` requires service `EventStore`, which no plugin of this build provides";
    assert!(text.starts_with(expected), "{text}");
}
