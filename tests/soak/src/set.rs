//! The plugins of the soak: the shipped ones, and some that misbehave.

use std::path::Path;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use plugin_core::config::Sources;
use plugin_core::event::SubscriptionHandle;
use plugin_core::lifecycle::{Manager, Running};
use plugin_core::prelude::*;
use plugin_core::{Composition, Descriptor, Plugin, current};
use serde_json::json;

use super::books::{Book, Books, Fate, Keeper, Pulse};

/// Those that misbehave: one type, three plugins.
pub(super) const FAULTY: [&str; 3] = ["soak-faulty-a", "soak-faulty-b", "soak-faulty-c"];

/// Shipped plugins that nobody needs, and all of them.
pub(super) const LEAVES: [&str; 4] = [
    "api-plugin",
    "file-plugin",
    "hello-plugin",
    "notification-plugin",
];
pub(super) const SHIPPED: [&str; 13] = [
    "api-plugin",
    "audit-plugin",
    "auth-plugin",
    "cache-plugin",
    "database-plugin",
    "file-plugin",
    "hello-plugin",
    "logger-plugin",
    "notification-plugin",
    "queue-plugin",
    "rate-limit-plugin",
    "tracing-plugin",
    "user-service",
];

/// Shipped plugins that intercept.
const MIDDLEWARE: [&str; 3] = ["audit-plugin", "rate-limit-plugin", "tracing-plugin"];

/// Events that wait for one that misbehaves, at most.
pub(super) const MAILBOX: usize = 64;

/// Tells one to fail as a whole.
#[event("soak.break")]
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub(super) struct Break {
    pub(super) plugin: String,
}

/// Does what an event says.
pub(super) struct Faulty {
    name: &'static str,
    book: Arc<Book>,
    tasks: OnceLock<Tasks>,
    /// Made by itself, for as long as it lives.
    _subscription: SubscriptionHandle,
}

/// A call; if it is not ended, its future was dropped.
struct Call<'a>(&'a Book, bool);

impl Call<'_> {
    fn failed(mut self) {
        self.1 = true;
        self.0.failed.fetch_add(1, Relaxed);
    }

    fn done(mut self) {
        self.1 = true;
    }
}

impl Drop for Call<'_> {
    fn drop(&mut self) {
        if !self.1 {
            self.0.cancelled.fetch_add(1, Relaxed);
        }
    }
}

impl Book {
    fn begin(&self, events: usize) -> Call<'_> {
        self.received.fetch_add(events as u64, Relaxed);
        Call(self, false)
    }

    /// What fails at once, or is done at once.
    fn now(&self, fate: Fate) -> Result<()> {
        Self::end(self.begin(1), fate)
    }

    fn end(call: Call<'_>, fate: Fate) -> Result<()> {
        match fate {
            Fate::Fail => {
                call.failed();
                Err(Error::external("told to fail"))
            }
            Fate::Panic => {
                call.failed();
                // Without the hook that prints it.
                std::panic::resume_unwind(Box::new("told to panic"))
            }
            Fate::Return | Fate::Yield | Fate::Hang => {
                call.done();
                Ok(())
            }
        }
    }

    async fn later(&self, events: usize, fate: Fate) -> Result<()> {
        let call = self.begin(events);
        match fate {
            Fate::Yield => tokio::task::yield_now().await,
            Fate::Hang => std::future::pending().await,
            Fate::Return | Fate::Fail | Fate::Panic => {}
        }
        Self::end(call, fate)
    }
}

#[plugin(name = "soak-faulty")]
impl Faulty {
    #[init]
    fn init(books: Service<dyn Books>, subscriber: Subscriber) -> Result<Self> {
        let name = current().map_or("soak-faulty", |current| current.plugin);
        let book = books.book(name);
        let own = Arc::clone(&book);
        let subscription = subscriber.subscribe(move |pulse: &Envelope<Pulse>| {
            own.now(match pulse.fate {
                Fate::Fail => Fate::Fail,
                _ => Fate::Return,
            })
        })?;
        Ok(Self {
            name,
            book,
            tasks: OnceLock::new(),
            _subscription: subscription,
        })
    }

    #[start]
    fn start(&self, tasks: Tasks) -> Result<()> {
        let mut beat = tokio::time::interval(Duration::from_millis(10));
        tasks.spawn("beat", async move {
            for _ in 0..u64::MAX {
                beat.tick().await;
            }
        })?;
        self.tasks.get_or_init(|| tasks);
        Ok(())
    }

    #[subscribe]
    fn fail(&self, event: &Break) -> Result<()> {
        self.book.received.fetch_add(1, Relaxed);
        let tasks = self.tasks.get().filter(|_| event.plugin == self.name);
        if let Some(tasks) = tasks {
            // A plugin that is stopping takes no more tasks, and fails no more.
            let _stopping = tasks.spawn("told", async { Err::<(), _>(Error::external("told to")) });
        }
        Ok(())
    }

    #[subscribe(priority = 3, filter = |pulse| pulse.number.is_multiple_of(3))]
    fn at_once(&self, pulse: &Pulse) -> Result<()> {
        self.book.now(pulse.fate)
    }

    #[subscribe(timeout = "30ms")]
    async fn one_by_one(&self, pulse: &Pulse) -> Result<()> {
        self.book.later(1, pulse.fate).await
    }

    #[subscribe(timeout = "30ms", concurrency = 4, overflow = drop_oldest)]
    async fn side_by_side(&self, pulse: &Pulse) -> Result<()> {
        self.book.later(1, pulse.fate).await
    }

    #[subscribe(timeout = "30ms", batch = 16, linger = "2ms", overflow = drop_newest)]
    async fn together(&self, pulses: Batch<Pulse>) -> Result<()> {
        let fate = pulses.iter().map(|pulse| pulse.fate).last();
        self.book
            .later(pulses.len(), fate.unwrap_or(Fate::Return))
            .await
    }
}

const fn faulty(name: &'static str) -> Descriptor {
    let faulty = Faulty::DESCRIPTOR;
    Descriptor::new(name, "1.0.0", faulty.hooks)
        .needs(faulty.needs)
        .subscriptions(faulty.subscriptions)
}

static A: Descriptor = faulty(FAULTY[0]);
static B: Descriptor = faulty(FAULTY[1]);
static C: Descriptor = faulty(FAULTY[2]);

/// Starts all of them, with the config that the app ships.
pub(super) async fn start(data: &Path, config: &Path) -> Running {
    let composition = Composition::assemble(&[
        plugin_logger::Logger::DESCRIPTOR,
        plugin_admin::Admin::DESCRIPTOR,
        plugin_metrics::Metrics::DESCRIPTOR,
        plugin_watch::Watch::DESCRIPTOR,
        plugin_hello::Hello::DESCRIPTOR,
        plugin_database::SqlDatabase::DESCRIPTOR,
        plugin_cache::MemoryCache::DESCRIPTOR,
        plugin_user_service::Users::DESCRIPTOR,
        plugin_auth::Authenticator::DESCRIPTOR,
        plugin_notification::Notification::DESCRIPTOR,
        plugin_file::FilePlugin::DESCRIPTOR,
        plugin_queue::Queue::DESCRIPTOR,
        plugin_audit::AuditTrail::DESCRIPTOR,
        plugin_rate_limit::RateLimit::DESCRIPTOR,
        plugin_tracing::Spans::DESCRIPTOR,
        plugin_api::Api::DESCRIPTOR,
        Keeper::DESCRIPTOR,
        &A,
        &B,
        &C,
    ]);
    let configured = Manager::builder(&composition.expect("the set fits"))
        .sources(sources(data, config))
        .configure();
    let started = configured.expect("the config is good").start().await;
    started.expect("all of them start")
}

fn sources(data: &Path, config: &Path) -> Sources {
    let shipped = format!("{}/../../config", env!("CARGO_MANIFEST_DIR"));
    let sources = Sources::new()
        .manager_file(format!("{shipped}/plugin_manager.yaml"))
        .config_dir(config)
        .data_dir(data)
        .plugin_config("logger-plugin", json!({"level": "off"}))
        .plugin_config("api-plugin", json!({"address": "127.0.0.1:0"}));
    let sources = intercepted(sources);
    FAULTY.iter().fold(sources, |sources, plugin| {
        sources
            .set([*plugin, "mailbox"], MAILBOX)
            .set([*plugin, "timeout"], "2s")
            // As often as it is told to fail.
            .set(
                [*plugin, "restart"],
                json!({
                    "policy": "on_failure",
                    "max_restarts": 1_000_000,
                    "within": "1s",
                    "backoff": {"initial": "1ms", "max": "5ms"},
                }),
            )
    })
}

/// Turns on what is off as it is shipped, and lets it see the load.
fn intercepted(sources: Sources) -> Sources {
    // Each pulse has a key of its own, and more come than there is room for; none is too many.
    let limit = json!({
        "topics": "soak.pulse",
        "rate": 1_000_000,
        "by": "field",
        "field": "number",
        "max_buckets": 1_000,
    });
    let sources = sources
        .plugin_config("audit-plugin", json!({"topics": ["**"]}))
        .plugin_config("rate-limit-plugin", json!({"limits": [limit]}));
    MIDDLEWARE.iter().fold(sources, |sources, plugin| {
        sources.set([*plugin, "enabled"], true)
    })
}
