//! Circuit breakers: a handler whose target is down is left alone, and its events wait.

mod stopping;
mod stored;

use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::time::Duration;

use plugin_core::Plugin;
use plugin_core::event::{BreakerState, BreakerStatus, DeadLetterQuery};
use plugin_core::prelude::*;

use crate::journal::{Journal, Notebook};
use crate::rig::{Rig, Started, status};

/// An event that a handler brings to its target.
macro_rules! load {
    ($type:ident, $topic:literal) => {
        #[event($topic)]
        #[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
        struct $type {
            id: u32,
        }
    };
}

load!(Ordered, "courier.ordered");
load!(Wide, "courier.wide");
load!(Keyed, "courier.keyed");
load!(Packed, "courier.packed");
load!(Bare, "courier.bare");

/// Whether the target is down from now on.
#[event("courier.target")]
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
struct Target {
    down: bool,
}

const NAME: &str = "courier";
/// Of `id`, with which calls always fail.
const POISON: u32 = 666;

struct Courier {
    journal: Service<dyn Journal>,
    down: AtomicBool,
}

#[plugin(name = "courier")]
impl Courier {
    #[init]
    fn init(journal: Service<dyn Journal>) -> Self {
        let down = AtomicBool::new(false);
        Self { journal, down }
    }

    #[subscribe]
    fn switch(&self, target: &Target) {
        self.down.store(target.down, SeqCst);
    }

    async fn bring(&self, way: &str, id: u32) -> Result<()> {
        let down = self.down.load(SeqCst) || id == POISON;
        self.journal
            .write(format!("{way} {id}{}", if down { " failed" } else { "" }));
        tokio::time::sleep(Duration::from_millis(1)).await;
        match down {
            true => Err(Error::retriable("no answer")),
            false => Ok(()),
        }
    }

    #[subscribe(retry = 3, backoff = "100ms", breaker = 3, open_for = "5s")]
    async fn ordered(&self, event: &Ordered) -> Result<()> {
        self.bring("ordered", event.id).await
    }

    #[subscribe(
        concurrency = 4,
        retry = 3,
        backoff = "100ms",
        breaker = 3,
        open_for = "5s"
    )]
    async fn wide(&self, event: &Wide) -> Result<()> {
        self.bring("wide", event.id).await
    }

    #[subscribe(
        concurrency = 4,
        key = |event| event.id % 2,
        retry = 3,
        backoff = "100ms",
        breaker = 3,
        open_for = "5s"
    )]
    async fn keyed(&self, event: &Keyed) -> Result<()> {
        self.bring("keyed", event.id).await
    }

    #[subscribe(
        batch = 2,
        linger = "10ms",
        retry = 3,
        backoff = "100ms",
        breaker = 1,
        open_for = "5s"
    )]
    async fn packed(&self, events: Batch<Packed>) -> BatchOutcome {
        let mut results = Vec::new();
        for event in events.iter() {
            results.push(self.bring("packed", event.id).await);
        }
        results.into_iter().collect()
    }

    #[subscribe]
    async fn bare(&self, event: &Bare) -> Result<()> {
        self.bring("bare", event.id).await
    }
}

async fn start() -> Started {
    Rig::new(&[Courier::DESCRIPTOR, Notebook::DESCRIPTOR])
        .start()
        .await
}

async fn turn(running: &Started, down: bool) {
    running.publisher().publish(Target { down }).await.unwrap();
}

fn lines(running: &Started) -> Vec<String> {
    running.service::<dyn Journal>().unwrap().lines()
}

async fn letters(running: &Started) -> usize {
    let page = running.dead_letters().list(DeadLetterQuery::new()).await;
    page.unwrap().letters.len()
}

fn breaker(running: &Started, handler: &str) -> BreakerStatus {
    let breakers = status(running, NAME).breakers.into_iter();
    let mut breakers = breakers.filter(|breaker| breaker.handler == handler);
    breakers.next().unwrap()
}

/// Ids of the events that came to their target, in order.
fn brought(running: &Started, way: &str) -> Vec<u32> {
    let lines = lines(running);
    let ids = lines.iter().filter_map(|line| line.strip_prefix(way));
    ids.filter_map(|id| id.trim().parse().ok()).collect()
}

#[tokio::test(start_paused = true)]
async fn report_b22_events_wait_in_order_while_the_target_is_down_and_none_is_lost() {
    let running = start().await;
    turn(&running, true).await;
    for id in 0..20 {
        running.publisher().publish(Ordered { id }).await.unwrap();
    }
    tokio::time::sleep(Duration::from_secs(64)).await;
    let calls = lines(&running).len();
    assert_eq!(
        calls,
        3 + 12,
        "three open it, then a probe every five seconds"
    );
    let open = breaker(&running, "ordered");
    assert_eq!((open.state, open.opened), (BreakerState::Open, 1));
    assert!(open.next_probe.unwrap() <= Duration::from_secs(5));
    turn(&running, false).await;
    running.idle().await;
    assert_eq!(brought(&running, "ordered"), (0..20).collect::<Vec<_>>());
    assert_eq!(letters(&running).await, 0);
    assert_eq!(breaker(&running, "ordered").state, BreakerState::Closed);
    assert!(running.stop().await.is_clean());
}

#[tokio::test(start_paused = true)]
async fn report_b22_of_calls_side_by_side_one_shows_whether_the_target_is_back() {
    let running = start().await;
    turn(&running, true).await;
    for id in 0..100 {
        running.publisher().publish(Wide { id }).await.unwrap();
    }
    tokio::time::sleep(Duration::from_secs(64)).await;
    let calls = lines(&running).len();
    assert_eq!(calls, 4 + 12, "four at once, then one at a time");
    turn(&running, false).await;
    running.idle().await;
    let mut ids = brought(&running, "wide");
    ids.sort_unstable();
    assert_eq!(ids, (0..100).collect::<Vec<_>>());
    assert_eq!(letters(&running).await, 0);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn report_b22_the_events_of_a_key_keep_their_order_while_they_wait() {
    let running = start().await;
    turn(&running, true).await;
    for id in 0..40 {
        running.publisher().publish(Keyed { id }).await.unwrap();
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
    tokio::time::sleep(Duration::from_secs(11)).await;
    turn(&running, false).await;
    running.idle().await;
    let ids = brought(&running, "keyed");
    assert_eq!(ids.len(), 40);
    for key in [0, 1] {
        let of_key: Vec<_> = ids.iter().filter(|id| *id % 2 == key).collect();
        assert!(of_key.is_sorted(), "{of_key:?}");
    }
    assert_eq!(letters(&running).await, 0);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn report_b22_a_batch_waits_as_a_whole() {
    let running = start().await;
    turn(&running, true).await;
    for id in 0..4 {
        running.publisher().publish(Packed { id }).await.unwrap();
    }
    tokio::time::sleep(Duration::from_secs(61)).await;
    turn(&running, false).await;
    running.idle().await;
    assert_eq!(brought(&running, "packed"), [0, 1, 2, 3]);
    assert_eq!(letters(&running).await, 0);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn other_handlers_of_the_plugin_go_on() {
    let running = start().await;
    turn(&running, true).await;
    for id in 0..10 {
        running.publisher().publish(Ordered { id }).await.unwrap();
        running.publisher().publish(Wide { id }).await.unwrap();
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    let bare = running.publisher();
    let outcomes = bare.publish_and_wait(Bare { id: 1 });
    let outcomes = tokio::time::timeout(Duration::from_secs(1), outcomes).await;
    assert!(
        outcomes.unwrap().unwrap()[0].result.is_err(),
        "it is down, and was asked"
    );
    turn(&running, false).await;
    running.idle().await;
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn an_event_that_always_fails_holds_the_others_up_for_so_many_probes_and_no_longer() {
    let running = start().await;
    for id in [POISON, 1] {
        running.publisher().publish(Ordered { id }).await.unwrap();
    }
    tokio::time::sleep(Duration::from_secs(5 * 99)).await;
    assert_eq!(brought(&running, "ordered"), [0; 0]);
    running.idle().await;
    assert_eq!(brought(&running, "ordered"), [1]);
    assert_eq!(letters(&running).await, 1);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_file_gives_a_handler_a_breaker_and_takes_one_away() {
    let sources = plugin_core::config::Sources::new().embedded(
        "courier.yaml",
        "
courier:
  handlers:
    bare: { breaker: { failures: 2, open_for: 3s } }
    ordered: { breaker: { enabled: false } }
",
    );
    let plugins = [Courier::DESCRIPTOR, Notebook::DESCRIPTOR];
    let running = Rig::from_sources(&plugins, sources).start().await;
    turn(&running, true).await;
    for id in 0..5 {
        running.publisher().publish(Bare { id }).await.unwrap();
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(letters(&running).await, 2, "it has no retries");
    turn(&running, false).await;
    running.idle().await;
    assert_eq!(brought(&running, "bare"), [2, 3, 4]);
    let guarded: Vec<_> = (status(&running, NAME).breakers.iter())
        .map(|breaker| breaker.handler)
        .collect();
    assert_eq!(guarded, ["wide", "keyed", "packed", "bare"]);
    running.stop().await;
}
