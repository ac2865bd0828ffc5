//! Who gives way.

use super::*;

const TIMEOUTS: Timeouts = Timeouts {
    header: Duration::from_secs(10),
    write: Duration::from_secs(10),
    idle: Duration::from_secs(30),
};

fn connections(total: u16, per_address: u16) -> Arc<Connections> {
    let room = Room {
        total: NonZeroU16::new(total).unwrap(),
        per_address: NonZeroU16::new(per_address).unwrap(),
    };
    Connections::new(room, TIMEOUTS)
}

fn address(last: u8) -> Option<IpAddr> {
    Some(IpAddr::from([192, 0, 2, last]))
}

/// Whether the place was taken from it.
async fn was_evicted(seat: &Seat) -> bool {
    let told = seat.evicted.notified();
    tokio::time::timeout(Duration::from_millis(1), told)
        .await
        .is_ok()
}

#[tokio::test(start_paused = true)]
async fn the_one_that_waits_longest_gives_way() {
    let connections = connections(2, 2);
    let first = connections.admit(address(1));
    tokio::time::advance(Duration::from_secs(1)).await;
    let second = connections.admit(address(2));
    let third = connections.admit(address(3));
    assert_eq!(third.class, Class::Regular);
    assert!(was_evicted(&first).await);
    assert!(!was_evicted(&second).await);
    // Its place is given away once.
    drop(first);
    assert_eq!(connections.open(), 2);
}

#[tokio::test(start_paused = true)]
async fn who_is_answered_keeps_the_place_and_the_next_is_spare() {
    let connections = connections(1, 1);
    let busy = connections.admit(address(1));
    busy.progress.begun();
    let spare = connections.admit(address(2));
    assert_eq!((busy.class, spare.class), (Class::Regular, Class::Spare));
    assert!(spare.end.is_some() && busy.end.is_none());
    let others: Vec<_> = (0..SPARE).map(|_| connections.admit(address(3))).collect();
    assert!(was_evicted(&spare).await, "the oldest gives way");
    assert!(!was_evicted(&others[0]).await);
    assert!(!was_evicted(&busy).await);
    drop(busy);
    assert_eq!(connections.admit(address(4)).class, Class::Regular);
}

#[tokio::test(start_paused = true)]
async fn one_address_takes_its_own_places_and_no_others() {
    let connections = connections(10, 2);
    let mine: Vec<_> = (0..2).map(|_| connections.admit(address(1))).collect();
    mine.iter().for_each(|seat| seat.progress.begun());
    assert_eq!(connections.admit(address(1)).class, Class::Spare);
    assert_eq!(connections.admit(None).class, Class::Regular);
    assert_eq!(connections.admit(address(2)).class, Class::Regular);
    mine[1].progress.answered();
    mine[1].progress.flushed();
    assert_eq!(connections.admit(address(1)).class, Class::Regular);
    assert!(was_evicted(&mine[1]).await);
}

#[test]
fn a_client_s_network_is_one_address() {
    let of = |text: &str| network_of(text.parse().unwrap());
    assert_eq!(of("2001:db8:1:2:aaaa::1"), of("2001:db8:1:2:bbbb::2"));
    assert_ne!(of("2001:db8:1:2::1"), of("2001:db8:1:3::1"));
    assert_eq!(Some(of("::ffff:192.0.2.1")), address(1));
}
