//! Who guesses has to wait, and nobody else.

use std::num::NonZeroU32;

use plugin_core::config::Period;
use tokio::time::advance;

use super::*;

const WINDOW: Duration = Duration::from_secs(900);

fn attempts(per_user: u32, per_user_total: u32, per_ip: u32) -> Attempts {
    let number = |number| NonZeroU32::new(number).unwrap();
    Attempts::new(Failures {
        window: Period::new(WINDOW),
        per_user: number(per_user),
        per_user_total: number(per_user_total),
        per_ip: number(per_ip),
    })
}

fn from(user: &str, ip: &str) -> Origin {
    Origin::new(user, Some(ip))
}

/// A wrong password, or the pause.
fn fail(attempts: &Attempts, origin: &Origin) -> Result<bool, Throttled> {
    attempts.begin(origin, false).map(Attempt::failed)
}

fn pause(attempts: &Attempts, origin: &Origin, is_known: bool) -> Duration {
    match attempts.begin(origin, is_known) {
        Err(Throttled::Later(pause)) => pause,
        other => panic!("{other:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn report_a9_pauses_double_up_to_the_window_and_end() {
    let attempts = attempts(3, 1000, 1000);
    let ann = from("ann", "10.0.0.1");
    assert_eq!(fail(&attempts, &ann), Ok(false));
    assert_eq!(fail(&attempts, &ann), Ok(false));
    assert_eq!(fail(&attempts, &ann), Ok(true), "from here on they cost");
    for seconds in [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900] {
        let expected = Duration::from_secs(seconds);
        assert_eq!(pause(&attempts, &ann, false), expected);
        advance(expected).await;
        assert_eq!(fail(&attempts, &ann), Ok(false));
    }
    advance(WINDOW * 2).await;
    assert_eq!(fail(&attempts, &ann), Ok(false), "all is forgotten");
    assert_eq!(fail(&attempts, &ann), Ok(false));
}

#[tokio::test(start_paused = true)]
async fn report_a9_a_stranger_does_not_hold_up_the_user() {
    let attempts = attempts(10, 50, 1000);
    // From one address: a pause for that address alone.
    for _ in 0..10 {
        fail(&attempts, &from("demo", "10.0.0.1")).unwrap();
    }
    assert!(fail(&attempts, &from("demo", "10.0.0.1")).is_err());
    let home = from("demo", "10.0.0.2");
    attempts.begin(&home, false).unwrap().succeeded();
    // From a thousand addresses: strangers wait, and where the user was before nobody does.
    let mut passed = 10;
    for number in 0..1000 {
        let stranger = from("demo", &format!("10.1.{}.{}", number / 250, number % 250));
        passed += u32::from(fail(&attempts, &stranger).is_ok());
    }
    assert_eq!(passed, 50, "no more guesses than the budget");
    attempts.begin(&home, true).unwrap().succeeded();
    // Who comes from somewhere new waits for the next one that comes free.
    let elsewhere = from("demo", "10.0.0.3");
    let wait = pause(&attempts, &elsewhere, false);
    assert!(wait <= WINDOW / 50, "{wait:?}");
    advance(wait).await;
    attempts.begin(&elsewhere, false).unwrap().succeeded();
}

#[tokio::test(start_paused = true)]
async fn report_a9_guesses_at_many_users_do_not_shut_out_all_behind_a_proxy() {
    let attempts = attempts(10, 100, 100);
    for number in 0..100 {
        fail(&attempts, &from(&format!("user {number}"), "10.0.0.1")).unwrap();
    }
    let stranger = from("user 100", "10.0.0.1");
    let wait = pause(&attempts, &stranger, false);
    assert!(wait <= Duration::from_secs(9), "{wait:?}");
    attempts
        .begin(&from("ann", "10.0.0.1"), true)
        .unwrap()
        .succeeded();
    advance(wait).await;
    fail(&attempts, &stranger).unwrap();
    assert!(fail(&attempts, &from("user 101", "10.0.0.1")).is_err());
}

#[tokio::test(start_paused = true)]
async fn report_a9_at_a_known_address_a_pause_is_short() {
    let attempts = attempts(1, 1000, 1000);
    let ann = from("ann", "10.0.0.1");
    for _ in 0..10 {
        attempts.begin(&ann, true).unwrap().failed();
        let pause = pause(&attempts, &ann, true);
        assert!(pause <= LONGEST_KNOWN_PAUSE, "{pause:?}");
        advance(pause).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_success_forgives_the_pair_and_no_more() {
    let attempts = attempts(2, 1000, 3);
    let ann = from("ann", "10.0.0.1");
    fail(&attempts, &ann).unwrap();
    attempts.begin(&ann, false).unwrap().succeeded();
    fail(&attempts, &ann).unwrap();
    assert_eq!(fail(&attempts, &ann), Ok(true));
    assert!(fail(&attempts, &from("bob", "10.0.0.1")).is_err());
}

#[tokio::test(start_paused = true)]
async fn what_is_undecided_does_not_count() {
    let attempts = attempts(1, 1, 1);
    let ann = from("ann", "10.0.0.1");
    for _ in 0..5 {
        attempts.begin(&ann, false).unwrap().undecided();
    }
    assert_eq!(fail(&attempts, &ann), Ok(true));
}

#[tokio::test(start_paused = true)]
async fn guesses_at_once_all_count() {
    let attempts = attempts(3, 100, 100);
    let ann = from("ann", "10.0.0.1");
    let running: Vec<_> = (0..20).map(|_| attempts.begin(&ann, false)).collect();
    assert_eq!(running.iter().filter(|begun| begun.is_ok()).count(), 3);
    drop(running);
    assert!(fail(&attempts, &ann).is_err(), "given up is failed");
}

#[tokio::test(start_paused = true)]
async fn one_network_does_not_take_all_places() {
    let attempts = attempts(100, 100, 1000);
    let running: Vec<_> = (0..AT_ONCE)
        .map(|_| attempts.begin(&from("ann", "2001:db8::1"), false).unwrap())
        .collect();
    let same = attempts.begin(&from("bob", "2001:db8::2"), true);
    assert_eq!(same.err(), Some(Throttled::Busy));
    fail(&attempts, &from("bob", "2001:db8:1::1")).unwrap();
    drop(running);
    fail(&attempts, &from("bob", "2001:db8::2")).unwrap();
}

#[tokio::test(start_paused = true)]
async fn report_a9_the_memory_is_bounded() {
    let attempts = attempts(3, 100, 100);
    for number in 0..150_000_u32 {
        let ip = std::net::Ipv4Addr::from(number + 0x0b00_0000).to_string();
        fail(&attempts, &from(&format!("user {number}"), &ip)).unwrap();
    }
    let state = attempts.state();
    assert!(state.pairs.len() <= PAIRS && state.users.len() <= USERS);
    assert!(state.networks.len() <= NETWORKS);
}
