//! So many answers at once; further requests wait, as long as their deadline lets them.

#![expect(
    clippy::disallowed_methods,
    reason = "a test that asks while something else happens, and awaits its task"
)]

use plugin_core::event::RequestError;
use tokio::time::Instant;

use super::*;

#[tokio::test(start_paused = true)]
async fn who_finds_no_room_waits() {
    let running = rig().start().await;
    let (journal, began) = (journal(&running), Instant::now());
    let requester = running.requester::<Ask>();
    let mut asking = tokio::task::JoinSet::new();
    for _ in 0..5 {
        let requester = requester.clone();
        asking.spawn(async move { requester.request(ask("a second later")).await });
    }
    while let Some(answer) = asking.join_next().await {
        answer.unwrap().unwrap();
    }
    assert_eq!(began.elapsed(), Duration::from_secs(3), "two at a time");
    let most = most_at_once(&journal.lines());
    assert_eq!(most, 2);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn the_wait_for_room_is_part_of_the_limit() {
    let running = rig().start().await;
    let requester = running.requester::<Ask>();
    let busy: Vec<_> = (0..2)
        .map(|_| {
            let requester = requester.clone();
            tokio::spawn(async move { requester.request(ask("never")).await })
        })
        .collect();
    tokio::task::yield_now().await;
    let limit = Duration::from_secs(1);
    let error = requester.request_within(ask("an echo"), limit).await;
    assert!(matches!(error, Err(RequestError::TimedOut { .. })));
    assert_eq!(report(&running, "request.word").received, 2);
    for busy in busy {
        busy.abort();
        busy.await.unwrap_err();
    }
    let answer = requester.request(ask("an echo")).await.unwrap();
    assert_eq!(answer.as_deref(), Some("an echo"), "there is room again");
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn replicas_share_the_requests() {
    let running = rig().set("request-oracle", "replicas", 2).start().await;
    let began = Instant::now();
    let requester = running.requester::<Ask>();
    let mut asking = tokio::task::JoinSet::new();
    for _ in 0..4 {
        let requester = requester.clone();
        asking.spawn(async move { requester.request(ask("a second later")).await });
    }
    while let Some(answer) = asking.join_next().await {
        answer.unwrap().unwrap();
    }
    assert_eq!(began.elapsed(), Duration::from_secs(1));
    let reports = running.bus().handlers();
    let words = reports.iter().filter(|report| report.handler == "word");
    let shares: Vec<_> = words
        .map(|report| (report.plugin, report.received))
        .collect();
    assert_eq!(shares, [("request-oracle#1", 2), ("request-oracle#2", 2)]);
    assert!(running.stop().await.is_clean());
}

/// Most calls that were under way at one time.
fn most_at_once(lines: &[String]) -> usize {
    let mut at_once = 0;
    let counts = lines.iter().map(|line| {
        at_once = if line.starts_with("begin") {
            at_once + 1
        } else {
            at_once - 1
        };
        at_once
    });
    counts.max().unwrap_or(0)
}
