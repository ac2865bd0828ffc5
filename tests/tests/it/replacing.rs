//! A new life of a plugin takes the place of the old one while all that it does is in use: events,
//! stored events, requests, calls of its service, interceptors and schedules.

#![expect(
    clippy::disallowed_methods,
    reason = "tests that ask while something else happens, and await their tasks"
)]

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex};

use plugin_core::Plugin;
use plugin_core::lifecycle::{PluginReplaced, PluginStopped, Running};
use plugin_core::prelude::*;
use plugin_core::schedule::ScheduleState;
use plugin_queue::Queue;

use crate::heard::Heard;
use crate::journal::{Journal, Notebook};
use crate::rig::{Rig, Started, status};

/// Something that all kinds of handlers hear.
#[event("replacing.item")]
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
struct Item {
    number: u64,
}

/// Asks which life answers; it waits until the journal says that it may.
#[event("replacing.which", answer = u64)]
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
struct Which {
    waits_for: Option<String>,
}

/// Says which life is called.
#[service]
trait Desk {
    /// At once.
    fn now(&self) -> u64;

    /// When the journal says that it may.
    async fn later(&self, word: &str) -> u64;
}

struct Clerk {
    life: u64,
    journal: Service<dyn Journal>,
    seen: Mutex<Vec<u64>>,
}

#[plugin(name = "replacing-clerk", overlap, provides(Desk))]
impl Clerk {
    #[init]
    fn init(journal: Service<dyn Journal>, before: Option<Snapshot<u64>>) -> Self {
        Self {
            life: before.map_or(0, |Snapshot(life)| life) + 1,
            journal,
            seen: Mutex::default(),
        }
    }

    #[snapshot]
    fn snapshot(&self) -> u64 {
        self.life
    }

    #[stop]
    fn stop(&self) {
        self.write("stopped", self.life);
    }

    #[subscribe]
    fn inline(&self, item: &Item) {
        self.seen.lock().unwrap().push(item.number);
        self.write("inline", item.number);
    }

    #[subscribe(key = |item| item.number % 3)]
    async fn keyed(&self, item: &Item) {
        tokio::task::yield_now().await;
        self.write("keyed", item.number);
    }

    #[subscribe(durable)]
    async fn stored(&self, item: &Item) {
        self.write("stored", item.number);
    }

    #[respond(concurrency = 1)]
    async fn which(&self, which: &Which) -> u64 {
        if let Some(word) = &which.waits_for {
            self.write("asked", self.life);
            self.wait_for(word).await;
        }
        self.life
    }

    #[intercept(publish, topics = "replacing.*")]
    fn around(&self, event: &AnyEvent<'_>) {
        assert_eq!(event.topic(), "replacing.item");
        self.write("around", self.life);
    }

    #[schedule(every = "1h")]
    fn hourly(&self) {}
}

impl Clerk {
    fn write(&self, what: &str, number: u64) {
        self.journal.write(format!("{what} {number}"));
    }

    async fn wait_for(&self, word: &str) {
        while !self.journal.lines().iter().any(|line| line == word) {
            tokio::task::yield_now().await;
        }
    }
}

#[service]
impl Desk for Clerk {
    fn now(&self) -> u64 {
        self.life
    }

    async fn later(&self, word: &str) -> u64 {
        self.wait_for(word).await;
        self.life
    }
}

const CLERK: &str = "replacing-clerk";

async fn started() -> (Started, Service<dyn Journal>) {
    let rig = Rig::new(&[Clerk::DESCRIPTOR, Notebook::DESCRIPTOR, Queue::DESCRIPTOR]);
    let running = rig.start().await;
    let journal = running.service::<dyn Journal>().unwrap();
    (running, journal)
}

/// Begins a restart, and waits until the new life is called.
async fn begin_restart(
    running: &Running,
    life: u64,
) -> tokio::task::JoinHandle<plugin_core::Result<()>> {
    let handle = running.handle();
    let restart = tokio::spawn(async move {
        handle.restart(CLERK).await?;
        Ok(())
    });
    let desk = running.service::<dyn Desk>().unwrap();
    while desk.now() != life {
        tokio::task::yield_now().await;
    }
    restart
}

async fn until(journal: &Service<dyn Journal>, line: &str) {
    while !journal.lines().iter().any(|one| one == line) {
        tokio::task::yield_now().await;
    }
}

fn of_kind(lines: &[String], kind: &str) -> Vec<u64> {
    let numbers = lines.iter().filter_map(|line| line.strip_prefix(kind));
    numbers
        .map(|number| number.trim().parse().unwrap())
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn every_event_is_handled_once_by_one_of_the_lives() {
    const LIVES: u64 = 40;
    let (running, journal) = started().await;
    let done = Arc::new(AtomicBool::new(false));
    let publisher = tokio::spawn({
        let (items, done) = (running.publisher::<Item>(), Arc::clone(&done));
        async move {
            let mut number = 0;
            while !done.load(Relaxed) {
                items.publish(Item { number }).await.unwrap();
                number += 1;
                tokio::task::yield_now().await;
            }
            number
        }
    });
    let replaced = Heard::<PluginReplaced>::on(&running);
    let stopped = Heard::<PluginStopped>::on(&running);
    for _ in 1..LIVES {
        let outcome = running.handle().restart(CLERK).await.unwrap();
        assert_eq!((outcome.dead_lettered, outcome.lost), (0, 0));
    }
    done.store(true, Relaxed);
    let published = publisher.await.unwrap();
    running.idle().await;
    let lines = journal.lines();
    let all: Vec<u64> = (0..published).collect();
    assert_eq!(of_kind(&lines, "inline"), all, "in order");
    assert_eq!(of_kind(&lines, "stored"), all, "in order");
    assert_eq!(of_kind(&lines, "around").len() as u64, published);
    let keyed = of_kind(&lines, "keyed");
    assert_eq!(keyed.len() as u64, published);
    for key in 0..3 {
        let of_key: Vec<_> = keyed.iter().filter(|number| **number % 3 == key).collect();
        assert!(of_key.is_sorted(), "in order by key");
    }
    assert_eq!(of_kind(&lines, "stopped"), (1..LIVES).collect::<Vec<_>>());
    let clerk = status(&running, CLERK);
    assert_eq!(
        clerk.events.received,
        3 * published,
        "exact through all lives"
    );
    running.idle().await;
    assert_eq!(replaced.take().len() as u64, LIVES - 1);
    assert!(stopped.take().is_empty(), "nobody was without it");
    assert!(running.stop().await.is_clean());
}

#[tokio::test]
async fn a_request_is_answered_by_the_life_that_took_it() {
    let (running, journal) = started().await;
    let ask = |waits_for: Option<&str>| {
        let requester = running.requester::<Which>();
        let waits_for = waits_for.map(str::to_owned);
        tokio::spawn(async move { requester.request(Which { waits_for }).await.unwrap() })
    };
    let taken = ask(Some("go"));
    until(&journal, "asked 1").await;
    let waits_for_room = ask(None);
    tokio::task::yield_now().await;
    let restart = begin_restart(&running, 2).await;
    assert_eq!(
        ask(None).await.unwrap(),
        2,
        "the new life takes the new ones"
    );
    assert_eq!(waits_for_room.await.unwrap(), 2, "and who still waited");
    assert_eq!(of_kind(&journal.lines(), "stopped"), [0; 0]);
    journal.write("go".to_owned());
    assert_eq!(taken.await.unwrap(), 1);
    restart.await.unwrap().unwrap();
    assert_eq!(of_kind(&journal.lines(), "stopped"), [1]);
    assert!(running.stop().await.is_clean());
}

#[tokio::test]
async fn a_call_is_finished_by_the_life_that_it_began_with() {
    let (running, journal) = started().await;
    let desk = running.service::<dyn Desk>().unwrap();
    let call = {
        let desk = desk.clone();
        tokio::spawn(async move { desk.later("go").await })
    };
    tokio::task::yield_now().await;
    let restart = begin_restart(&running, 2).await;
    assert_eq!(desk.now(), 2);
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    assert_eq!(
        of_kind(&journal.lines(), "stopped"),
        [0; 0],
        "it is still called"
    );
    journal.write("go".to_owned());
    assert_eq!(call.await.unwrap(), 1);
    restart.await.unwrap().unwrap();
    assert_eq!(of_kind(&journal.lines(), "stopped"), [1]);
    assert!(running.stop().await.is_clean());
}

#[tokio::test]
async fn what_an_operator_did_to_a_schedule_stays_and_its_counts_go_on() {
    let (running, _journal) = started().await;
    let handle = running.handle();
    handle.run_schedule(CLERK, "hourly").await.unwrap();
    let hourly = || {
        let mut all = handle.schedules().into_iter();
        all.find(|one| one.schedule == "hourly").unwrap()
    };
    while hourly().counts.completed == 0 {
        tokio::task::yield_now().await;
    }
    handle.pause_schedule(CLERK, "hourly").await.unwrap();
    handle.restart(CLERK).await.unwrap();
    assert_eq!(hourly().state, ScheduleState::Paused);
    assert_eq!(hourly().counts.completed, 1);
    handle.resume_schedule(CLERK, "hourly").await.unwrap();
    assert!(hourly().next.is_some());
    assert!(running.stop().await.is_clean());
}
