//! Keys while members come and go: random operations, against what was promised.
//!
//! While events are published, instances stop, start, restart and fail. Whatever happens, each
//! event is handled once, and of each key no two are handled at once or out of order.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use plugin_core::Plugin;
use plugin_core::lifecycle::State;
use plugin_core::prelude::*;
use proptest::prelude::*;
use tokio::sync::Notify;

use super::instance;
use crate::rig::{Rig, Started, status};

/// Of a key, the number-th event that its publisher publishes.
#[event("moves.item")]
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
struct Item {
    key: u8,
    number: u32,
    millis: u64,
}

/// Tells one instance that it fails.
#[event("moves.break")]
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
struct Break {
    instance: String,
}

/// What happened to the items, by key: the number, and whether that was the begin.
#[derive(Default)]
struct Book(Mutex<BTreeMap<u8, Vec<(u32, bool)>>>);

/// Keeps the book, and tells instances to fail.
#[service]
trait Ledger {
    fn note(&self, key: u8, number: u32, begins: bool);
    fn pages(&self) -> BTreeMap<u8, Vec<(u32, bool)>>;
    fn fuse(&self, instance: &str) -> Arc<Notify>;
}

#[derive(Default)]
struct Keeper {
    book: Book,
    fuses: Mutex<BTreeMap<String, Arc<Notify>>>,
}

#[plugin(name = "moves-keeper", provides(Ledger))]
impl Keeper {
    #[init]
    fn init() -> Self {
        Self::default()
    }

    #[subscribe]
    fn break_one(&self, event: &Break) {
        self.fuse(&event.instance).notify_one();
    }
}

#[service]
impl Ledger for Keeper {
    fn note(&self, key: u8, number: u32, begins: bool) {
        let mut book = self.book.0.lock().unwrap_or_else(PoisonError::into_inner);
        book.entry(key).or_default().push((number, begins));
    }

    fn pages(&self) -> BTreeMap<u8, Vec<(u32, bool)>> {
        let book = self.book.0.lock().unwrap_or_else(PoisonError::into_inner);
        book.clone()
    }

    fn fuse(&self, instance: &str) -> Arc<Notify> {
        let mut fuses = self.fuses.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(fuses.entry(instance.to_owned()).or_default())
    }
}

struct Mover {
    ledger: Service<dyn Ledger>,
    fuse: Arc<Notify>,
}

#[plugin(name = "mover")]
impl Mover {
    #[init]
    fn init(ledger: Service<dyn Ledger>) -> Self {
        let fuse = ledger.fuse(instance());
        Self { ledger, fuse }
    }

    #[start]
    fn start(&self, tasks: Tasks) -> Result<()> {
        let fuse = Arc::clone(&self.fuse);
        tasks.spawn("fuse", async move {
            fuse.notified().await;
            Err::<(), _>(Error::retriable("told to fail"))
        })?;
        Ok(())
    }

    #[subscribe(key = |item| item.key, concurrency = 2)]
    async fn take(&self, item: &Item) {
        self.ledger.note(item.key, item.number, true);
        if item.millis > 0 {
            tokio::time::sleep(Duration::from_millis(item.millis)).await;
        }
        self.ledger.note(item.key, item.number, false);
    }
}

#[derive(Debug, Clone, Copy)]
enum Move {
    Stop(usize),
    Start(usize),
    Restart(usize),
    Break(usize),
}

const REPLICAS: usize = 3;

fn name(at: usize) -> String {
    format!("mover#{}", at + 1)
}

fn runs(running: &Started, at: usize) -> bool {
    status(running, &name(at)).state == State::Running
}

/// The replicas that run.
fn serving(running: &Started) -> usize {
    (0..REPLICAS).filter(|&at| runs(running, at)).count()
}

/// Makes a move, unless nobody would be left.
async fn make(running: &Started, step: Move) {
    let manager = running.handle();
    if !matches!(step, Move::Start(_)) && serving(running) < 2 {
        return;
    }
    // A move that the state does not allow is refused, and changes nothing.
    match step {
        Move::Stop(at) => drop(manager.stop(&name(at)).await),
        Move::Start(at) => drop(manager.start(&name(at)).await),
        Move::Restart(at) => drop(manager.restart(&name(at)).await),
        Move::Break(at) => {
            let instance = name(at);
            if !runs(running, at) {
                return;
            }
            running
                .publisher()
                .publish(Break { instance })
                .await
                .unwrap();
            while runs(running, at) {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        }
    }
}

/// Publishes items of the keys, in the order of each; `offset` makes keys of one publisher.
async fn publish(running: &Started, items: &[(u8, u64)], offset: u8) {
    let publisher = running.publisher();
    let mut numbers = BTreeMap::new();
    for &(key, millis) in items {
        let number = numbers.entry(key).or_insert(0_u32);
        *number += 1;
        let item = Item {
            key: key + offset,
            number: *number,
            millis,
        };
        publisher.publish(item).await.unwrap();
        if millis % 3 == 0 {
            tokio::time::sleep(Duration::from_millis(millis)).await;
        }
    }
}

/// Each item began and ended once, one after the other, in the order of its publisher.
fn check(pages: BTreeMap<u8, Vec<(u32, bool)>>, items: usize) {
    let mut handled = 0;
    for (key, page) in pages {
        let expected = (1..).flat_map(|number| [(number, true), (number, false)]);
        let expected: Vec<_> = expected.take(page.len()).collect();
        assert_eq!(page, expected, "key {key}");
        assert_eq!(page.len() % 2, 0, "key {key}");
        handled += page.len() / 2;
    }
    assert_eq!(handled, items);
}

fn rig(mailbox: usize) -> Rig {
    Rig::new(&[Mover::DESCRIPTOR, Keeper::DESCRIPTOR])
        .set("mover", "replicas", REPLICAS)
        .set("mover", "mailbox", mailbox)
}

async fn run(mailbox: usize, items: [Vec<(u8, u64)>; 2], moves: Vec<(Move, u64)>) {
    let running = rig(mailbox).start().await;
    let moving = async {
        for (step, pause) in moves {
            tokio::time::sleep(Duration::from_millis(pause)).await;
            make(&running, step).await;
        }
    };
    tokio::join!(
        moving,
        publish(&running, &items[0], 0),
        publish(&running, &items[1], 100)
    );
    running.idle().await;
    let ledger = running.service::<dyn Ledger>().unwrap();
    check(ledger.pages(), items[0].len() + items[1].len());
    // A plugin that failed and was given up is no clean stop; nothing hangs all the same.
    drop(running.stop().await);
}

fn a_move() -> impl Strategy<Value = Move> {
    let at = 0..REPLICAS;
    prop_oneof![
        at.clone().prop_map(Move::Stop),
        at.clone().prop_map(Move::Start),
        at.clone().prop_map(Move::Restart),
        at.prop_map(Move::Break),
    ]
}

fn items() -> impl Strategy<Value = Vec<(u8, u64)>> {
    proptest::collection::vec((0..5_u8, 0..40_u64), 0..60)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn each_event_is_handled_once_and_each_key_in_order(
        mailbox in 1..6_usize,
        items in [items(), items()],
        moves in proptest::collection::vec((a_move(), 0..60_u64), 0..24),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .start_paused(true)
            .build()
            .unwrap();
        runtime.block_on(run(mailbox, items, moves));
    }
}

/// The same with threads that really run at once.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn threads_keep_the_promise_too() {
    let items =
        |salt: u64| (0..2_000).map(move |at: u64| ((at * 7 % 5) as u8, (at * salt) % 17 / 16));
    let moves = (0..60).map(|at| {
        let step = match at % 3 {
            0 => Move::Stop(at / 3 % REPLICAS),
            1 => Move::Restart((at / 3 + 1) % REPLICAS),
            _ => Move::Start(at / 3 % REPLICAS),
        };
        (step, 3)
    });
    run(8, [items(3).collect(), items(5).collect()], moves.collect()).await;
}
