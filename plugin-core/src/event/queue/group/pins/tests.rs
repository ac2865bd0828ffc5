//! The promises of pins, one by one.

use std::future::Future;
use std::pin::{Pin as Pinning, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use super::{Entry, Pin, Pins, Seat};

const A: Seat = seat(1);
const B: Seat = seat(2);
const KEY: u64 = 7;

const fn seat(at: usize) -> Seat {
    Seat {
        subscription: at as u64,
        mailbox: at,
        seed: at as u64,
    }
}

fn pins() -> Arc<Pins> {
    Arc::default()
}

fn entered(entry: Entry) -> (usize, Pin) {
    match entry {
        Entry::In(at, pin) => (at, pin),
        other => panic!("{other:?}"),
    }
}

fn polled<F: Future>(future: Pinning<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

#[test]
fn a_key_stays_while_it_has_unfinished_events() {
    let pins = pins();
    let (_, first) = entered(pins.enter(KEY, &[A], None));
    // Whoever the hash prefers.
    let (at, second) = entered(pins.enter(KEY, &[B, A], None));
    assert_eq!(at, 1);
    assert!(matches!(pins.enter(KEY, &[B], None), Entry::Busy));
    drop(first);
    assert!(matches!(pins.enter(KEY, &[B], None), Entry::Busy));
    drop(second);
    let (_, moved) = entered(pins.enter(KEY, &[B], None));
    assert!(matches!(pins.enter(KEY, &[A], None), Entry::Busy));
    drop(moved);
    assert_eq!(pins.len(), 0, "nothing is kept of a key that is done");
}

#[test]
fn other_keys_do_not_wait() {
    let pins = pins();
    let _here = entered(pins.enter(KEY, &[A], None));
    let (at, _there) = entered(pins.enter(KEY + 1, &[B], None));
    assert_eq!(at, 0);
}

#[test]
fn nobody_passes_a_line() {
    let pins = pins();
    let (_, here) = entered(pins.enter(KEY, &[A], None));
    let waiting = pins.line(KEY);
    assert!(matches!(pins.enter(KEY, &[A], None), Entry::Busy));
    let (_, own) = entered(pins.enter(KEY, &[A], Some(1)));
    let mut first = pin!(waiting.first());
    let Poll::Ready(first) = polled(first.as_mut()) else {
        panic!("nobody is before it");
    };
    assert!(matches!(first.enter(&[B], None), Entry::Busy));
    let mut drained = pin!(first.drained());
    assert!(polled(drained.as_mut()).is_pending());
    drop((here, own));
    assert!(polled(drained.as_mut()).is_ready());
    assert!(matches!(pins.enter(KEY, &[A], None), Entry::Busy));
    let _moved = entered(first.enter(&[B], None));
}

#[test]
fn a_handler_that_would_wait_for_itself_is_told() {
    let pins = pins();
    let _here = entered(pins.enter(KEY, &[A], None));
    assert!(matches!(pins.enter(KEY, &[B], Some(1)), Entry::Own));
    assert!(matches!(pins.enter(KEY, &[B], Some(2)), Entry::Busy));
}

#[test]
fn a_line_moves_on_in_order_and_when_the_first_goes() {
    let pins = pins();
    let (_, here) = entered(pins.enter(KEY, &[A], None));
    let (one, two) = (pins.line(KEY), pins.line(KEY));
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
    assert_eq!(pins.len(), 1, "it still stands in line");
    drop(two);
    assert_eq!(pins.len(), 0);
}
