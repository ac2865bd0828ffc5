//! The plugins of the set: one type under several names, which notes what is done to it and does
//! what its config says.

use std::sync::{Mutex, OnceLock};

use plugin_core::prelude::*;
use plugin_core::{Descriptor, Plugin, Requirement, current};

use super::section::Own;
use crate::journal::Journal;

#[event("states.ping")]
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub(super) struct Ping;

/// Tells a plugin to fail.
#[event("states.break")]
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub(super) struct Break {
    pub(super) plugin: String,
}

/// What one that was told to fail fails with.
pub(super) const BROKEN: &str = "told to break";

/// A plugin that notes what is done to it; there are several of it, under other names.
pub(super) struct Node {
    name: &'static str,
    journal: Service<dyn Journal>,
    own: Mutex<Own>,
    tasks: OnceLock<Tasks>,
}

#[plugin(name = "states-node")]
impl Node {
    #[init]
    async fn init(Config(own): Config<Own>, journal: Service<dyn Journal>) -> Result<Self> {
        let name = current().expect("`init` runs in a context").plugin;
        journal.write(format!("build {name}"));
        own.init.act().await?;
        journal.write(format!("init {name}"));
        Ok(Self {
            name,
            journal,
            own: Mutex::new(own),
            tasks: OnceLock::new(),
        })
    }

    #[start]
    async fn start(&self, tasks: Tasks) -> Result<()> {
        self.journal.write(format!("start {}", self.name));
        self.tasks.get_or_init(|| tasks);
        self.own().start.act().await
    }

    #[reload]
    async fn reload(&self, Config(own): Config<Own>) -> Result<()> {
        self.journal.write(format!("reload {}", self.name));
        own.reload.act().await?;
        *self.own.lock().unwrap() = own;
        Ok(())
    }

    #[stop]
    async fn stop(&self) -> Result<()> {
        self.journal.write(format!("stop {}", self.name));
        self.own().stop.act().await
    }

    #[subscribe]
    fn ping(&self, _ping: &Ping) {
        let word = self.own().word;
        self.journal.write(format!("word {}{word}", self.name));
    }

    #[subscribe]
    async fn fail(&self, event: &Break) -> Result<()> {
        if event.plugin == self.name {
            let tasks = self.tasks.get().expect("it was started");
            tasks.spawn("told", async { Err::<(), _>(Error::external(BROKEN)) })?;
        }
        Ok(())
    }
}

impl Node {
    fn own(&self) -> Own {
        *self.own.lock().unwrap()
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        self.journal.write(format!("drop {}", self.name));
    }
}

/// One that takes another config over in place.
const fn reloading(name: &'static str, requires: &'static [Requirement]) -> Descriptor {
    node(name, requires, true)
}

/// One that is restarted for another config.
const fn restarting(name: &'static str, requires: &'static [Requirement]) -> Descriptor {
    node(name, requires, false)
}

const fn node(
    name: &'static str,
    requires: &'static [Requirement],
    takes_over: bool,
) -> Descriptor {
    let node = Node::DESCRIPTOR;
    let mut hooks = node.hooks;
    if !takes_over {
        hooks.reload = None;
    }
    Descriptor::new(name, "1.0.0", hooks)
        .needs(node.needs)
        .subscriptions(node.subscriptions)
        .requires(requires)
}

const fn on(plugin: &'static str) -> Requirement {
    Requirement {
        plugin,
        version: "*",
    }
}

/// In start order.
pub(super) const NAMES: [&str; 4] = ["a", "b", "c", "d"];
pub(super) const A: Descriptor = restarting("a", &[]);
pub(super) const B: Descriptor = reloading("b", &[on("a")]);
pub(super) const C: Descriptor = restarting("c", &[on("b")]);
pub(super) const D: Descriptor = reloading("d", &[on("a")]);

/// Whom each plugin needs.
pub(super) const NEEDS: [&[usize]; 4] = [&[], &[0], &[1], &[0]];

/// Which of them take another config over in place.
pub(super) const TAKES_OVER: [bool; 4] = [false, true, false, true];
