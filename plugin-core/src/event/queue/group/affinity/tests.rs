//! The promises of key affinity, one by one.

use std::future::Future;
use std::pin::{Pin as Pinning, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use super::{AffinityGuard, KeyAffinity, MemberId, Placement};

const A: MemberId = id(1);
const B: MemberId = id(2);
const KEY: u64 = 7;

const fn id(at: usize) -> MemberId {
    MemberId {
        subscription: at as u64,
        mailbox: at,
        seed: at as u64,
    }
}

fn affinity() -> Arc<KeyAffinity> {
    Arc::default()
}

fn entered(entry: Placement) -> (usize, AffinityGuard) {
    match entry {
        Placement::In(at, pin) => (at, pin),
        other => panic!("{other:?}"),
    }
}

fn polled<F: Future>(future: Pinning<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

#[test]
fn a_key_stays_while_it_has_unfinished_events() {
    let affinity = affinity();
    let (_, first) = entered(affinity.enter(KEY, &[A], None));
    // Whoever the hash prefers.
    let (at, second) = entered(affinity.enter(KEY, &[B, A], None));
    assert_eq!(at, 1);
    assert!(matches!(affinity.enter(KEY, &[B], None), Placement::Busy));
    drop(first);
    assert!(matches!(affinity.enter(KEY, &[B], None), Placement::Busy));
    drop(second);
    let (_, moved) = entered(affinity.enter(KEY, &[B], None));
    assert!(matches!(affinity.enter(KEY, &[A], None), Placement::Busy));
    drop(moved);
    assert_eq!(affinity.len(), 0, "nothing is kept of a key that is done");
}

#[test]
fn other_keys_do_not_wait() {
    let affinity = affinity();
    let _here = entered(affinity.enter(KEY, &[A], None));
    let (at, _there) = entered(affinity.enter(KEY + 1, &[B], None));
    assert_eq!(at, 0);
}

#[test]
fn nobody_passes_a_line() {
    let affinity = affinity();
    let (_, here) = entered(affinity.enter(KEY, &[A], None));
    let waiting = affinity.line(KEY);
    assert!(matches!(affinity.enter(KEY, &[A], None), Placement::Busy));
    let (_, own) = entered(affinity.enter(KEY, &[A], Some(1)));
    let mut first = pin!(waiting.first());
    let Poll::Ready(first) = polled(first.as_mut()) else {
        panic!("nobody is before it");
    };
    assert!(matches!(first.enter(&[B], None), Placement::Busy));
    let mut drained = pin!(first.drained());
    assert!(polled(drained.as_mut()).is_pending());
    drop((here, own));
    assert!(polled(drained.as_mut()).is_ready());
    assert!(matches!(affinity.enter(KEY, &[A], None), Placement::Busy));
    let _moved = entered(first.enter(&[B], None));
}

#[test]
fn a_handler_that_would_wait_for_itself_is_told() {
    let affinity = affinity();
    let _here = entered(affinity.enter(KEY, &[A], None));
    assert!(matches!(affinity.enter(KEY, &[B], Some(1)), Placement::Own));
    assert!(matches!(
        affinity.enter(KEY, &[B], Some(2)),
        Placement::Busy
    ));
}

#[test]
fn a_line_moves_on_in_order_and_when_the_first_goes() {
    let affinity = affinity();
    let (_, here) = entered(affinity.enter(KEY, &[A], None));
    let (one, two) = (affinity.line(KEY), affinity.line(KEY));
    {
        let mut first = pin!(one.first());
        let mut second = pin!(two.first());
        let turn = polled(first.as_mut());
        assert!(turn.is_ready());
        assert!(polled(second.as_mut()).is_pending());
        drop(turn);
        assert!(polled(second.as_mut()).is_ready());
    }
    drop(one);
    drop(here);
    {
        let mut last = pin!(two.first());
        let Poll::Ready(first) = polled(last.as_mut()) else {
            panic!("it is the only one left");
        };
        drop(entered(first.enter(&[B], None)));
    }
    assert_eq!(affinity.len(), 1, "it still stands in line");
    drop(two);
    assert_eq!(affinity.len(), 0);
}
