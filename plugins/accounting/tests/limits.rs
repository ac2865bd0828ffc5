//! A plugin that spins, spawns, opens and allocates without end is billed, held to its limits and
//! named; the one beside it answers as fast as without it.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use plugin_accounting::BillingAllocator;
use plugin_core::config::Sources;
use plugin_core::lifecycle::{Manager, PluginStatus, Running, State};
use plugin_core::prelude::*;
use plugin_core::{Composition, Descriptor, Plugin, SpawnError};
use serde_json::json;
use tokio::sync::Semaphore;

#[global_allocator]
static ALLOCATOR: BillingAllocator = BillingAllocator;

/// Processors that the greedy one may keep busy.
const SHARE: f64 = 0.2;
/// For how long it is looked at.
const LOOK: Duration = Duration::from_secs(2);

#[event("limits.ping")]
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
struct Ping {}

/// From now on memory is taken, and not given back.
#[event("limits.hoard")]
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
struct Hoard {}

static HEARD: Semaphore = Semaphore::const_new(0);

struct Quiet;

#[plugin(name = "quiet")]
impl Quiet {
    #[init]
    fn init() -> Self {
        Self
    }

    #[subscribe]
    async fn on_ping(&self, _: &Ping) {
        HEARD.add_permits(1);
    }
}

static REFUSED: Mutex<Vec<String>> = Mutex::new(Vec::new());

struct Greedy {
    files: Files,
    hoard: Arc<Mutex<Vec<Vec<u8>>>>,
}

#[plugin(name = "greedy")]
impl Greedy {
    #[init]
    fn init(files: Files) -> Self {
        let hoard = Arc::default();
        Self { files, hoard }
    }

    #[start]
    async fn start(&self, tasks: Tasks) -> Result<()> {
        let mut refused = loop {
            match tasks.spawn("spins", spin()) {
                Ok(()) => {}
                Err(SpawnError::Limit(limit)) => break vec![SpawnError::Limit(limit).to_string()],
                Err(other) => return Err(Error::bug(other.to_string())),
            }
        };
        // Its directory is open all the time.
        if let Err(error) = self.files.write("one", "text").await {
            refused.push(error.to_string());
        }
        *REFUSED.lock().unwrap() = refused;
        Ok(())
    }

    #[subscribe]
    async fn hoard(&self, _: &Hoard) {
        for _ in 0..70 {
            self.hoard.lock().unwrap().push(vec![1; 1_000_000]);
            tokio::task::yield_now().await;
        }
    }
}

/// Never waits for anything, and leaves others their turn.
async fn spin() {
    loop {
        (0..20_000).for_each(|turn| _ = std::hint::black_box(turn));
        tokio::task::yield_now().await;
    }
}

async fn start(plugins: &[&'static Descriptor]) -> (Running, tempfile::TempDir) {
    let set = Composition::assemble(plugins).unwrap();
    let data = tempfile::tempdir().unwrap();
    let mut sources = Sources::new()
        .data_dir(data.path())
        .set(["plugin_manager", "health_interval"], "100ms");
    if plugins.len() > 1 {
        let resources = json!({
            "cpu": SHARE, "tasks": 4, "file_handles": 1, "memory": 64, "on_breach": "stop",
        });
        sources = sources.set(["greedy", "resources"], resources);
    }
    let configured = Manager::builder(&set).sources(sources).configure();
    (configured.unwrap().start().await.unwrap(), data)
}

fn greedy(running: &Running) -> PluginStatus {
    let mut plugins = running.status().plugins.into_iter();
    plugins.find(|plugin| plugin.name == "greedy").unwrap()
}

/// The median time from publishing to handling, while it is looked.
async fn latency(running: &Running) -> Duration {
    let (began, mut times) = (Instant::now(), Vec::new());
    while began.elapsed() < LOOK {
        let sent = Instant::now();
        running.publisher().publish(Ping {}).await.unwrap();
        HEARD.acquire().await.unwrap().forget();
        times.push(sent.elapsed());
        tokio::task::yield_now().await;
    }
    times.sort_unstable();
    times[times.len() / 2]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_greedy_plugin_is_held_to_its_limits_and_its_neighbour_does_not_notice() {
    let (alone, _data) = start(&[Quiet::DESCRIPTOR]).await;
    let without = latency(&alone).await;
    alone.stop().await;

    let (running, _data) = start(&[Quiet::DESCRIPTOR, Greedy::DESCRIPTOR]).await;
    let (began, before) = (Instant::now(), greedy(&running).cpu);
    let with = latency(&running).await;
    let (took, after) = (began.elapsed(), greedy(&running));
    let share = (after.cpu - before).as_secs_f64() / took.as_secs_f64();
    assert!(share < SHARE * 1.25, "{share} of {SHARE}");
    assert!(share > SHARE * 0.5, "{share}: what it may it gets");
    assert!(after.throttled > took / 4, "{:?}", after.throttled);
    let slack = Duration::from_millis(1);
    assert!(with < 2 * without + slack, "{with:?}, {without:?} alone");

    let refused = REFUSED.lock().unwrap().clone();
    assert_eq!(
        refused,
        [
            "the plugin runs 4 tasks, as many as `resources.tasks` allows",
            "the plugin has 1 file open, as many as `resources.file_handles` allows",
        ]
    );

    running.publisher().publish(Hoard {}).await.unwrap();
    while greedy(&running).state != State::Failed {
        tokio::task::yield_now().await;
    }
    let error = greedy(&running).last_error.unwrap();
    assert!(
        error.ends_with("of the 64 MB that `resources.memory` allows"),
        "{error}"
    );
    latency(&running).await;
    running.stop().await;
}
