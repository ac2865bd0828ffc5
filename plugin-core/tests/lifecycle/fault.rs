//! A plugin that does what its config says, and writes down what is done to it.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, LazyLock, Mutex};
use std::time::Duration;

use plugin_core::config::{ConfigNeed, Sources};
use plugin_core::event::{Envelope, Event, EventDescriptor};
use plugin_core::lifecycle::{Configured, Health, Manager};
use plugin_core::{
    BoxFuture, Composition, Descriptor, Error, Hooks, Mode, Need, Plugin, PluginRef, Requirement,
    Result, Source, SubscribeOptions, Subscription, Tasks,
};
use serde_json::{Value, json};

/// An event that every fault plugin handles.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
pub(crate) struct Ping {
    pub(crate) number: u64,
}

impl Event for Ping {
    const DESCRIPTOR: &'static EventDescriptor =
        &EventDescriptor::of::<Self>("test.ping", "fault::Ping");
}

#[linkme::distributed_slice(plugin_core::registry::EVENTS)]
static PING: &'static EventDescriptor = Ping::DESCRIPTOR;

/// What happened to the plugins of one test, in order.
#[derive(Debug, Clone)]
pub(crate) struct Journal(u64, Arc<Mutex<Vec<String>>>);

/// What a call that blocks its thread waits for; it gives up in the end, so that a test which is
/// wrong fails.
static GATE: (Mutex<bool>, Condvar) = (Mutex::new(false), Condvar::new());

/// Lets calls go on that block their threads.
pub(crate) fn open_gate() {
    *GATE.0.lock().unwrap() = true;
    GATE.1.notify_all();
}

fn block() {
    let closed = GATE.0.lock().unwrap();
    let limit = Duration::from_secs(10);
    drop(
        GATE.1
            .wait_timeout_while(closed, limit, |open| !*open)
            .unwrap(),
    );
}

static JOURNALS: LazyLock<Mutex<HashMap<u64, Journal>>> = LazyLock::new(Mutex::default);

impl Journal {
    pub(crate) fn new() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let id = NEXT.fetch_add(1, Ordering::Relaxed);
        let journal = Self(id, Arc::default());
        JOURNALS.lock().unwrap().insert(id, journal.clone());
        journal
    }

    /// What its plugins have in their config.
    pub(crate) fn id(&self) -> u64 {
        self.0
    }

    fn of(id: u64) -> Self {
        JOURNALS.lock().unwrap()[&id].clone()
    }

    fn write(&self, line: String) {
        self.1.lock().unwrap().push(line);
    }

    pub(crate) fn lines(&self) -> Vec<String> {
        self.1.lock().unwrap().clone()
    }

    /// The lines that begin with a word.
    pub(crate) fn of_kind(&self, word: &str) -> Vec<String> {
        (self.lines().iter())
            .filter_map(|line| {
                line.strip_prefix(word)?
                    .strip_prefix(' ')
                    .map(str::to_owned)
            })
            .collect()
    }
}

pub(crate) struct Fault {
    name: &'static str,
    config: Value,
    journal: Journal,
    calls: AtomicU64,
}

impl Fault {
    fn note(&self, what: &str) {
        self.journal.write(format!("{what} {}", self.name));
    }

    /// Does what the config says under a key: nothing, or a fault.
    async fn act(&self, key: &str) -> Result<()> {
        self.note(key);
        if self.config[key] == "second" && self.journal.of_kind("init").len() == 2 {
            return Err(Error::retriable("told to fail in its second life"));
        }
        act(
            &self.config[key],
            self.calls.fetch_add(1, Ordering::Relaxed),
        )
        .await
    }
}

async fn act(what: &Value, call: u64) -> Result<()> {
    match what.as_str().unwrap_or("ok") {
        "error" => Err(Error::external("told to fail")),
        "retriable" => Err(Error::retriable("told to fail")),
        "config" => Err(Error::config("told to be misconfigured")),
        "panic" => panic!("told to panic"),
        "hang" => std::future::pending().await,
        "block" => {
            block();
            Ok(())
        }
        "yield" => {
            tokio::task::yield_now().await;
            Ok(())
        }
        "once" if call == 0 => Err(Error::retriable("told to fail once")),
        _ => Ok(()),
    }
}

impl Plugin for Fault {
    const NAME: &'static str = "fault";
    const VERSION: &'static str = "1.0.0";
    const DESCRIPTOR: &'static Descriptor = &Descriptor::new("fault", "1.0.0", HOOKS);
}

impl Drop for Fault {
    fn drop(&mut self) {
        self.note("drop");
    }
}

fn this(plugin: &PluginRef) -> &Fault {
    plugin.downcast_ref().expect("a fault plugin")
}

const HOOKS: Hooks = Hooks::new(|context| {
    let name: &'static str = String::leak(context.plugin().to_owned());
    let config = context.raw_config().clone();
    let journal = Journal::of(config["journal"].as_u64().unwrap_or_default());
    Ok(Box::pin(async move {
        journal.write(format!("init {name}"));
        act(&config["init"], journal.of_kind("init").len() as u64 - 1).await?;
        let fault = Fault {
            name,
            config,
            journal,
            calls: AtomicU64::new(0),
        };
        Ok(Arc::new(fault) as PluginRef)
    }))
})
.start(start)
.stop(|plugin| Box::pin(async move { this(&plugin).act("stop").await }))
.health(|plugin| Box::pin(async move { health(this(&plugin)).await }));

/// The same, with a `#[reload]` that does what the new config says under `reload`.
const RELOADING: Hooks = HOOKS.reload(|plugin, context| {
    let config = context.raw_config().clone();
    Ok(Box::pin(async move {
        let fault = this(&plugin);
        fault.note("reload");
        act(&config["reload"], 0).await
    }))
});

fn start(plugin: PluginRef, tasks: Tasks) -> BoxFuture<'static, Result<()>> {
    Box::pin(async move {
        let fault = this(&plugin);
        fault.act("start").await?;
        let Some(task) = fault.config["task"].as_str().map(str::to_owned) else {
            return Ok(());
        };
        let after = fault.config["after_ms"].as_u64().unwrap_or(0);
        tasks.spawn("told", async move {
            tokio::time::sleep(std::time::Duration::from_millis(after)).await;
            act(&Value::from(task), 0).await
        })?;
        Ok(())
    })
}

async fn health(fault: &Fault) -> Health {
    fault.note("health");
    match fault.config["health"].as_str() {
        Some("unhealthy") => Health::Unhealthy("told to be".to_owned()),
        Some("hang") => std::future::pending().await,
        _ => Health::Healthy,
    }
}

const QUEUED: &[Subscription] = &[Subscription {
    handler: "handle",
    source: Source::Event(Ping::DESCRIPTOR),
    mode: Mode::Queued,
    options: SubscribeOptions::DEFAULT,
    bind: |plugin, binder| {
        binder.queued::<Fault, Ping, _>(plugin, None, handle);
    },
}];

async fn handle(fault: &Fault, ping: &Envelope<Ping>) -> Result<()> {
    fault.act("handle").await?;
    fault
        .journal
        .write(format!("handled {} {}", fault.name, ping.number));
    Ok(())
}

const INLINE: &[Subscription] = &[Subscription {
    handler: "handle",
    source: Source::Event(Ping::DESCRIPTOR),
    mode: Mode::Inline,
    options: SubscribeOptions::DEFAULT,
    bind: |plugin, binder| {
        binder.inline::<Fault, Ping, _>(plugin, None, |fault, ping| {
            fault.note("handle");
            match fault.config["handle"].as_str() {
                Some("panic") => panic!("told to panic"),
                Some("error") => return Err(Error::external("told to fail")),
                _ => {}
            }
            fault
                .journal
                .write(format!("handled {} {}", fault.name, ping.number));
            Ok(())
        });
    },
}];

/// A plugin that needs others.
pub(crate) fn plugin(name: &'static str, requires: &[&'static str]) -> Descriptor {
    let requires = (requires.iter())
        .map(|&plugin| Requirement {
            plugin,
            version: "*",
        })
        .collect::<Vec<_>>();
    Descriptor::new(name, "1.0.0", HOOKS)
        .needs(const { &[Need::Config(ConfigNeed::of::<Value>())] })
        .requires(requires.leak())
}

/// A plugin that takes another config over in place.
pub(crate) fn reloading(name: &'static str, requires: &[&'static str]) -> Descriptor {
    let mut plugin = plugin(name, requires);
    plugin.hooks = RELOADING;
    plugin
}

/// A plugin that handles `Ping` from its mailbox.
pub(crate) fn listener(name: &'static str, requires: &[&'static str]) -> Descriptor {
    plugin(name, requires).subscriptions(QUEUED)
}

/// A plugin that handles `Ping` on the publisher's task.
pub(crate) fn inline(name: &'static str, requires: &[&'static str]) -> Descriptor {
    plugin(name, requires).subscriptions(INLINE)
}

/// A set of fault plugins and what their config says.
pub(crate) struct Set {
    pub(crate) journal: Journal,
    composition: Composition,
    sources: Sources,
    data: tempfile::TempDir,
}

impl Set {
    pub(crate) fn new(plugins: impl IntoIterator<Item = Descriptor>) -> Self {
        let plugins: Vec<&'static Descriptor> = (plugins.into_iter())
            .map(|plugin| &*Box::leak(Box::new(plugin)))
            .collect();
        let journal = Journal::new();
        let data = tempfile::tempdir().unwrap();
        let mut sources = Sources::new().data_dir(data.path());
        for plugin in &plugins {
            sources = sources.set([plugin.name, "config", "journal"], journal.0);
        }
        Self {
            journal,
            composition: Composition::assemble(&plugins).unwrap(),
            sources,
            data,
        }
    }

    /// Tells a plugin what to do: `{"start": "panic"}`.
    pub(crate) fn tell(mut self, plugin: &str, config: Value) -> Self {
        for (key, value) in config.as_object().unwrap() {
            self.sources = self.sources.set([plugin, "config", key], value.clone());
        }
        self
    }

    /// Sets a key of the kernel's in a plugin's section.
    pub(crate) fn set(mut self, plugin: &str, key: &str, value: Value) -> Self {
        self.sources = self.sources.set([plugin, key], value);
        self
    }

    /// Reads a directory of files too.
    pub(crate) fn with_files(mut self) -> Self {
        let dir = self.data.path().join("config");
        std::fs::create_dir(&dir).unwrap();
        self.sources = self.sources.config_dir(dir);
        self
    }

    /// Writes the file of a plugin.
    pub(crate) fn write(&self, plugin: &str, section: Value) {
        let path = self
            .data
            .path()
            .join("config")
            .join(format!("{plugin}.yaml"));
        std::fs::write(path, json!({ plugin: section }).to_string()).unwrap();
    }

    pub(crate) fn data_dir(&self) -> &std::path::Path {
        self.data.path()
    }

    pub(crate) fn configure(&self) -> Configured {
        self.configure_from(|sources| sources)
    }

    /// The same, with something more to read.
    pub(crate) fn configure_from(&self, more: impl FnOnce(Sources) -> Sources) -> Configured {
        Manager::builder(&self.composition)
            .sources(more(self.sources.clone()))
            .configure()
            .unwrap()
    }

    /// Names of the plugins that were built and not dropped.
    pub(crate) fn alive(&self) -> Vec<String> {
        let mut alive = Vec::new();
        for line in self.journal.lines() {
            match line.split_once(' ') {
                Some(("start", name)) => alive.push(name.to_owned()),
                Some(("drop", name)) => alive.retain(|other| other != name),
                _ => {}
            }
        }
        alive
    }
}

/// Restart at once, so often.
pub(crate) fn restarts(most: u32) -> Value {
    json!({"max_restarts": most, "within": "60s", "backoff": {"initial": "1ms", "max": "1ms"}})
}
