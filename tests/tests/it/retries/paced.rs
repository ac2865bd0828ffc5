//! The pause before a retry doubles up to a cap, and half of it is chance.

use std::time::Duration;

use plugin_core::{Plugin, Retry};
use tokio::time::Instant;

use crate::flaky::{self, ALWAYS, Flaky, Task};

#[test]
fn what_is_not_said_is_the_default() {
    let subscriptions = Flaky::DESCRIPTOR.subscriptions;
    let of = |handler| {
        let found = subscriptions.iter().find(|other| other.handler == handler);
        found.unwrap().options.retry
    };
    assert_eq!(of("hasty"), None);
    let wide = of("wide").unwrap();
    assert_eq!(wide.backoff.initial.get(), Duration::from_secs(1));
    let default = Retry::new(3).backoff;
    assert_eq!(wide.backoff.max, default.max);
    // The macro compares what is given with these, and names them in its messages.
    assert_eq!(default.initial.get(), Duration::from_millis(200));
    assert_eq!(default.max.get(), Duration::from_secs(10));
}

#[tokio::test(start_paused = true)]
async fn pauses_double_up_to_the_longest_and_at_least_half_of_each_is_kept() {
    let running = flaky::rig().start().await;
    let mut took = Vec::new();
    for id in 0..20 {
        let began = Instant::now();
        let task = Task::failing(id, ALWAYS, "retriable");
        running.publisher().publish_and_wait(task).await.unwrap();
        took.push(began.elapsed());
    }
    // 1 s, 2 s and, as 4 s are more than it may be, 3 s; the timer counts in whole milliseconds.
    let (least, most) = (Duration::from_secs(3), Duration::from_millis(6_003));
    assert!(
        took.iter().all(|&took| took >= least && took <= most),
        "{took:?}"
    );
    assert!(took.iter().any(|&other| other != took[0]), "{took:?}");
    running.stop().await;
}
