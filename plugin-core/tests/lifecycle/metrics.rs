//! What a running system tells of itself as figures.

use std::time::Duration;

use plugin_core::config::Sources;
use plugin_core::event::Event;
use plugin_core::lifecycle::{Manager, PluginMetrics, ReloadOutcome, Running};
use plugin_core::prelude::*;
use plugin_core::{Composition, Counter, Descriptor, OwnValue, Plugin};
use serde_json::json;
use tokio::time::advance;

use crate::fault::{Set, plugin};

/// What is counted.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[event("metrics.tick", crate = plugin_core)]
struct Tick {
    /// Whether the handler fails.
    fails: bool,
}

/// Counts ticks itself, too.
#[derive(Debug)]
struct Ticker {
    own: Counter,
}

/// Counts ticks itself, too.
#[plugin(name = "ticker", crate = plugin_core)]
impl Ticker {
    #[init]
    fn init(meter: Meter) -> Result<Self> {
        meter.observe("ticker_hands", "Hands of a clock.", || 2.0)?;
        let own = meter.counter("ticker_ticks", "Ticks.")?;
        Ok(Self { own })
    }

    #[subscribe(timeout = "1s")]
    async fn tick(&self, tick: &Tick) -> Result<()> {
        self.own.add(1);
        match tick.fails {
            true => Err(Error::external("told to")),
            false => Ok(()),
        }
    }
}

async fn ticking(ticks: &[bool]) -> (tempfile::TempDir, Running) {
    const PLUGINS: [&Descriptor; 1] = [Ticker::DESCRIPTOR];
    let data = tempfile::tempdir().unwrap();
    let configured = Manager::builder(&Composition::assemble(&PLUGINS).unwrap())
        .sources(Sources::new())
        .data_dir(data.path())
        .configure();
    let running = configured.unwrap().start().await.unwrap();
    let publisher = running.publisher::<Tick>();
    for &fails in ticks {
        publisher.publish(Tick { fails }).await.unwrap();
    }
    running.idle().await;
    (data, running)
}

#[tokio::test]
async fn figures_of_an_instance_its_handler_and_its_own_agree() {
    assert_eq!(Tick::DESCRIPTOR.topic, "metrics.tick");
    let (_data, running) = ticking(&[false, false, false, true]).await;
    let metrics = running.handle().metrics();
    let [plugin] = &metrics.plugins().collect::<Vec<_>>()[..] else {
        panic!("one plugin");
    };
    let counts = [
        plugin.events_received,
        plugin.event_errors,
        plugin.events_published,
    ];
    assert_eq!(
        (plugin.name, plugin.status, counts),
        ("ticker", "running", [4, 1, 0])
    );
    assert_eq!(plugin.error_rate, 0.25);
    assert!(plugin.max_process_time >= plugin.avg_process_time && plugin.uptime > Duration::ZERO);
    let system = &metrics.system;
    let plugins = (
        system.total_plugins,
        system.running_plugins,
        system.failed_plugins,
    );
    assert_eq!((plugins, system.event_queue_size), ((1, 1, 0), 0));
    let handler = (metrics.handlers.iter())
        .find(|it| it.handler == "tick")
        .unwrap();
    assert_eq!((handler.received, handler.latency.count()), (4, 4));
    assert!(handler.times_every_call, "it has a time limit");
    assert_eq!(metrics.status.plugins[0].waits.count(), 1, "one in 256");
    let [("ticker", own)] = &metrics.own[..] else {
        panic!("{:?}", metrics.own);
    };
    assert_eq!(own[0].value, OwnValue::Level(2.0));
    assert_eq!(
        (own[1].name, &own[1].value),
        ("ticker_ticks", &OwnValue::Count(4))
    );

    running.handle().stop("ticker").await.unwrap();
    let metrics = running.handle().metrics();
    let plugin = PluginMetrics::of(&metrics.status.plugins[0]);
    assert_eq!((plugin.status, plugin.uptime), ("stopped", Duration::ZERO));
    assert_eq!(metrics.own, [], "they are the instance's");
    running.handle().start("ticker").await.unwrap();
    let metrics = running.handle().metrics();
    assert_eq!(metrics.own[0].1[1].value, OwnValue::Count(0));
    assert_eq!(metrics.status.plugins[0].events.received, 4, "these go on");
    running.stop().await;
}

#[tokio::test]
async fn of_many_events_one_in_256_is_timed_while_it_waits() {
    let (_data, running) = ticking(&[false; 2560]).await;
    let metrics = running.handle().metrics();
    let waits = metrics.status.plugins[0].waits.count();
    assert_eq!(waits, 10);
    assert_eq!(
        metrics.handlers[0].latency.count(),
        2560,
        "of a handler with a time limit all"
    );
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn reloads_are_counted_by_what_comes_of_them() {
    let set = Set::new([plugin("a", &[])]).with_files();
    let running = set.configure().start().await.unwrap();
    let handle = running.handle();
    let before = handle.metrics();
    let mut watched = handle.reloads();
    assert_eq!(before.reloads.last, None);
    assert_eq!(before.config_generation, None, "there is no file");

    set.write("a", json!({"config": {"word": "new"}}));
    handle.reload().await.unwrap();
    assert!(watched.has_changed().unwrap());
    assert_eq!(watched.borrow_and_update().applied, 1);
    set.write("a", json!({"nonsense": 1}));
    handle.reload().await.unwrap_err();
    set.write("a", json!({"config": {"start": "error"}}));
    handle.reload().await.unwrap_err();

    let metrics = handle.metrics();
    let reloads = metrics.reloads;
    assert_eq!(
        (reloads.applied, reloads.refused, reloads.rolled_back),
        (1, 1, 1)
    );
    let last = reloads.last.unwrap().0;
    assert_eq!(
        (last, reloads.is_reloading),
        (ReloadOutcome::RolledBack, false)
    );
    assert_eq!(
        metrics.config_generation,
        Some(1),
        "what failed is not kept"
    );
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_manager_that_looks_for_work_is_alive_and_tells_of_its_stop() {
    let set = Set::new([plugin("a", &[])]);
    let running = set.configure().start().await.unwrap();
    let handle = running.handle();
    for _ in 0..60 {
        advance(Duration::from_secs(2)).await;
        tokio::task::yield_now().await;
        assert!(handle.is_alive());
    }
    // Nobody else has had a turn: the manager could not look.
    advance(Duration::from_secs(60)).await;
    assert!(!handle.is_alive());
    let stopping = handle.stopping();
    let (_, ()) = tokio::join!(running.stop(), stopping);
    assert!(handle.is_alive(), "a stop has a time limit of its own");
}
