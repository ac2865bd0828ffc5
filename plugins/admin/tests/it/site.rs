//! A system with the interface in it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use plugin_admin::{Admin, Answer, Client};
use plugin_core::config::Sources;
use plugin_core::lifecycle::{Manager, Running};
use plugin_core::prelude::*;
use plugin_core::{Composition, Plugin, event, service};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::Notify;

/// What others need.
#[service]
pub(crate) trait Numbers {
    /// One.
    fn one(&self) -> u64;
}

/// Something that happens.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[event("site.note")]
pub(crate) struct Note {
    pub(crate) number: u64,
    pub(crate) password: String,
}

/// Has something that others need, and a schedule.
#[derive(Debug)]
pub(crate) struct Base;

/// Has something that others need, and a schedule.
#[plugin(name = "base", provides(Numbers))]
impl Base {
    #[init]
    fn init() -> Self {
        Self
    }

    #[schedule(every = "1h")]
    fn count(&self) {}

    #[subscribe]
    fn on_note(&self, _note: &Note) {}
}

impl Numbers for Base {
    fn one(&self) -> u64 {
        1
    }
}

/// Something to handle.
#[event("ping")]
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Ping {
    /// Whether its handler fails.
    pub(crate) bad: bool,
}

/// Told when `slow` begins to stop, and when it may.
pub(crate) static STOPS: Notify = Notify::const_new();
pub(crate) static MAY_STOP: Notify = Notify::const_new();

/// Needs the other.
#[derive(Debug)]
pub(crate) struct Leaf {
    config: LeafConfig,
}

/// Settings of `leaf`.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct LeafConfig {
    /// Whether its stop waits to be let.
    slow: bool,
    /// Whether a task of it fails.
    fail: bool,
}

/// Needs the other.
#[plugin(name = "leaf")]
impl Leaf {
    #[init]
    fn init(Config(config): Config<LeafConfig>, _numbers: Service<dyn Numbers>) -> Self {
        Self { config }
    }

    #[start]
    fn start(&self, tasks: Tasks) -> Result<()> {
        if self.config.fail {
            tasks.spawn("fails", async { Err(Error::external("no luck")) })?;
        }
        Ok(())
    }

    #[subscribe]
    async fn on_ping(&self, ping: &Ping) -> Result<()> {
        match ping.bad {
            true => Err(Error::external("a bad one")),
            false => Ok(()),
        }
    }

    #[stop]
    async fn stop(&self) {
        if self.config.slow {
            STOPS.notify_one();
            MAY_STOP.notified().await;
        }
    }
}

/// A running system.
pub(crate) struct Site {
    pub(crate) dir: TempDir,
    pub(crate) running: Running,
}

impl Site {
    pub(crate) async fn new() -> Self {
        Self::with("", json!({})).await
    }

    /// With a plugin's file, and the config of the interface.
    pub(crate) async fn with(file: &str, config: Value) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let plugins = [Admin::DESCRIPTOR, Base::DESCRIPTOR, Leaf::DESCRIPTOR];
        let mut sources = Sources::new();
        if !file.is_empty() {
            sources = sources.embedded("a plugin's file", file);
        }
        let configured = Manager::builder(&Composition::assemble(&plugins).unwrap())
            .sources(sources)
            .data_dir(dir.path())
            .plugin_config("admin-plugin", config)
            .configure()
            .unwrap();
        let running = configured.start().await.unwrap();
        Self { dir, running }
    }

    /// With config files in its folder.
    pub(crate) async fn of_files(write: impl FnOnce(&Path)) -> Self {
        let dir = tempfile::tempdir().unwrap();
        write(dir.path());
        let plugins = [Admin::DESCRIPTOR, Base::DESCRIPTOR, Leaf::DESCRIPTOR];
        let configured = Manager::builder(&Composition::assemble(&plugins).unwrap())
            .sources(Sources::new().config_dir(dir.path()))
            .data_dir(dir.path())
            .configure()
            .unwrap();
        let running = configured.start().await.unwrap();
        Self { dir, running }
    }

    pub(crate) fn socket(&self) -> PathBuf {
        self.dir.path().join("admin-plugin/admin.sock")
    }

    pub(crate) fn client(&self) -> Client {
        Client::of(self.dir.path())
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        in_time(self.client().get(path)).await.unwrap()
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        in_time(self.client().post(path, &body)).await.unwrap()
    }

    /// What the audit log says so far of what was asked for here.
    pub(crate) async fn audited(self) -> Vec<Value> {
        self.running.stop().await;
        let text = std::fs::read_to_string(self.dir.path().join("audit.ndjson")).unwrap();
        let lines = text.lines().map(|line| serde_json::from_str(line).unwrap());
        lines
            .filter(|line: &Value| line["actor"] == "admin-plugin")
            .collect()
    }
}

/// Longer than anything here should take.
pub(crate) async fn in_time<T>(what: impl Future<Output = T>) -> T {
    let ended = tokio::time::timeout(Duration::from_secs(20), what).await;
    ended.expect("it is not over in time")
}
