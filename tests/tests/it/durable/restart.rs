//! What is stored and not handled comes again in the next life: first, in order, with its key.

use crate::durable::parcel::{Parcel, hanging, key, parcel, rig, without_keys};
use crate::journal::Journal;

#[tokio::test]
async fn what_was_not_handled_comes_first_in_the_next_life() {
    let rig = hanging(rig(), Some(3));
    let running = rig.start().await;
    let journal = running.service::<dyn Journal>().unwrap();
    let parcels = running.publisher::<Parcel>();
    for number in 1..=5 {
        parcels.publish_durable(parcel(number)).await.unwrap();
    }
    while journal.lines().len() < 3 {
        tokio::task::yield_now().await;
    }
    let before = journal.lines();
    running.insist();
    let report = running.stop().await;
    assert_eq!(report.unstored, 0);
    let lost: usize = report.plugins.iter().map(|plugin| plugin.lost).sum();
    assert_eq!(lost, 0, "what is stored is not lost: {report:?}");

    let rig = hanging(rig, None);
    let running = rig.start().await;
    let journal = running.service::<dyn Journal>().unwrap();
    running.publisher().publish(parcel(6)).await.unwrap();
    running.idle().await;
    let after = journal.lines();
    let expected = [
        "handled 3 from host",
        "handled 4 from host",
        "handled 5 from host",
        "handled 6 from host",
    ];
    assert_eq!(without_keys(&after), expected);
    assert_eq!(key(&after[0]), key(&before[2]), "{before:?} {after:?}");
    assert!(running.stop().await.is_clean());
}
