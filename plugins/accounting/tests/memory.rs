//! What plugins allocate is on the account of who allocated it, and is taken off there, whoever
//! frees it; a limit that is reached is told, and its policy decides.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::Mutex;
use std::time::Duration;

use plugin_accounting::BillingAllocator;
use plugin_core::config::Sources;
use plugin_core::lifecycle::{Manager, PluginStatus, Running, State};
use plugin_core::prelude::*;
use plugin_core::{Composition, Plugin};
use serde_json::{Value, json};
use tokio::sync::Semaphore;

#[global_allocator]
static ALLOCATOR: BillingAllocator = BillingAllocator;

const MB: u64 = 1_000_000;

/// So many bytes are to be kept from now on.
#[event("memory.keep")]
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
struct Keep {
    bytes: usize,
}

#[event("memory.parcel")]
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
struct Parcel {
    content: Vec<u8>,
}

/// Keeps what it is told to, as the operating system sees it: every page is written to.
struct Hoarder(Mutex<Vec<u8>>);

#[plugin(name = "hoarder")]
impl Hoarder {
    #[init]
    fn init() -> Self {
        Self(Mutex::default())
    }

    #[subscribe]
    async fn keep(&self, event: &Keep) {
        *self.0.lock().unwrap() = vec![1; event.bytes];
    }
}

/// As the hoarder, on the task of the publisher.
struct Inline(Mutex<Vec<u8>>);

#[plugin(name = "inline")]
impl Inline {
    #[init]
    fn init() -> Self {
        Self(Mutex::default())
    }

    #[subscribe]
    fn keep(&self, event: &Keep) {
        *self.0.lock().unwrap() = vec![1; event.bytes];
    }
}

/// Sends a parcel of as many bytes as it is told to keep.
struct Sender(Publisher<Parcel>);

#[plugin(name = "sender")]
impl Sender {
    #[init]
    fn init(parcels: Publisher<Parcel>) -> Self {
        Self(parcels)
    }

    #[subscribe]
    async fn keep(&self, event: &Keep) -> Result<()> {
        let content = vec![1; event.bytes];
        Ok(self.0.publish(Parcel { content }).await?)
    }
}

static OPENED: Semaphore = Semaphore::const_new(0);
static ARRIVED: Semaphore = Semaphore::const_new(0);

/// Holds a parcel until it is opened.
struct Receiver;

#[plugin(name = "receiver")]
impl Receiver {
    #[init]
    fn init() -> Self {
        Self
    }

    #[subscribe]
    async fn receive(&self, parcel: &Parcel) -> Result<()> {
        ARRIVED.add_permits(1);
        assert!(!parcel.content.is_empty());
        OPENED.acquire().await?.forget();
        Ok(())
    }
}

async fn start(set: &Composition, resources: Value) -> (Running, tempfile::TempDir) {
    let data = tempfile::tempdir().unwrap();
    let sources = Sources::new().set(["hoarder", "resources"], resources);
    let running = Manager::builder(set)
        .sources(sources.data_dir(data.path()))
        .configure()
        .unwrap()
        .start()
        .await
        .unwrap();
    (running, data)
}

async fn keep(running: &Running, bytes: u64) {
    let bytes = usize::try_from(bytes).unwrap();
    running.publisher().publish(Keep { bytes }).await.unwrap();
}

fn status(running: &Running, plugin: &str) -> PluginStatus {
    let mut plugins = running.status().plugins.into_iter();
    plugins.find(|status| status.name == plugin).unwrap()
}

/// In whole megabytes, and less than one more.
fn memory(running: &Running, plugin: &str) -> u64 {
    status(running, plugin).memory.unwrap() / MB
}

#[tokio::test]
async fn what_a_plugin_keeps_is_on_its_account_alone_until_it_is_freed() {
    let plugins = [Hoarder::DESCRIPTOR, Inline::DESCRIPTOR, Sender::DESCRIPTOR];
    let set = Composition::assemble(&plugins[..2]).unwrap();
    let (running, _data) = start(&set, json!({})).await;
    for kept in [50, 20, 0] {
        keep(&running, kept * MB).await;
        running.idle().await;
        assert_eq!(memory(&running, "hoarder"), kept);
        assert_eq!(memory(&running, "inline"), kept);
    }
    running.stop().await;
}

#[tokio::test]
async fn an_event_is_on_the_account_of_its_publisher_until_it_is_dropped() {
    let set = Composition::assemble(&[Sender::DESCRIPTOR, Receiver::DESCRIPTOR]).unwrap();
    let data = tempfile::tempdir().unwrap();
    let configured = Manager::builder(&set).data_dir(data.path()).configure();
    let running = configured.unwrap().start().await.unwrap();
    keep(&running, 30 * MB).await;
    ARRIVED.acquire().await.unwrap().forget();
    assert_eq!(memory(&running, "sender"), 30);
    assert_eq!(memory(&running, "receiver"), 0);
    OPENED.add_permits(1);
    running.idle().await;
    assert_eq!(memory(&running, "sender"), 0);
    running.stop().await;
}

/// Runs a hoarder that takes more than it may, until it is in a state.
async fn breach(on_breach: &str, until: State) -> (Running, tempfile::TempDir) {
    let set = Composition::assemble(&[Hoarder::DESCRIPTOR]).unwrap();
    let (running, data) = start(&set, json!({"memory": 64, "on_breach": on_breach})).await;
    keep(&running, 65 * MB).await;
    running.idle().await;
    while status(&running, "hoarder").state != until {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    (running, data)
}

#[tokio::test(start_paused = true)]
async fn one_that_takes_more_than_it_may_is_restarted_if_that_is_its_policy() {
    let (running, _data) = breach("restart", State::Failed).await;
    let failed = status(&running, "hoarder");
    assert_eq!(
        failed.last_error.as_deref(),
        Some("it has taken 65 MB of the 64 MB that `resources.memory` allows")
    );
    while status(&running, "hoarder").state != State::Running {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let again = status(&running, "hoarder");
    assert_eq!((again.restarts, again.memory.unwrap() / MB), (1, 0));
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn one_that_takes_more_than_it_may_is_stopped_if_that_is_its_policy() {
    let (running, _data) = breach("stop", State::Failed).await;
    tokio::time::sleep(Duration::from_secs(600)).await;
    let stopped = status(&running, "hoarder");
    assert_eq!((stopped.state, stopped.restarts), (State::Failed, 0));
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn without_a_policy_it_goes_on_and_its_limit_says_that_it_is_observed() {
    let (running, _data) = breach("warn", State::Running).await;
    tokio::time::sleep(Duration::from_secs(600)).await;
    let goes_on = status(&running, "hoarder");
    assert_eq!((goes_on.state, goes_on.restarts), (State::Running, 0));
    assert_eq!(
        serde_json::to_value(&goes_on.limits).unwrap(),
        json!([{
            "key": "resources.memory", "asked": "64 MB", "means": "observed", "probed": true,
            "how": "looked at with its health: a warning at 80 %, at the limit a warning",
        }])
    );
    running.stop().await;
}
