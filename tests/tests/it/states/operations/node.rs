//! The plugins of the set: one type under several names, which notes what is done to it.

use plugin_core::prelude::*;
use plugin_core::{Descriptor, Plugin, Requirement, current};

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

/// A plugin that notes what is done to it; there are several of it, under other names.
pub(super) struct Node {
    name: &'static str,
    journal: Service<dyn Journal>,
    tasks: std::sync::OnceLock<Tasks>,
}

#[plugin(name = "states-node")]
impl Node {
    #[init]
    fn init(journal: Service<dyn Journal>) -> Result<Self> {
        let name = current().expect("`init` runs in a context").plugin;
        journal.write(format!("init {name}"));
        let tasks = std::sync::OnceLock::new();
        Ok(Self {
            name,
            journal,
            tasks,
        })
    }

    #[start]
    async fn start(&self, tasks: Tasks) {
        self.journal.write(format!("start {}", self.name));
        self.tasks.get_or_init(|| tasks);
    }

    #[stop]
    fn stop(&self) {
        self.journal.write(format!("stop {}", self.name));
    }

    #[subscribe]
    fn ping(&self, _ping: &Ping) {}

    #[subscribe]
    async fn fail(&self, event: &Break) -> Result<()> {
        if event.plugin == self.name {
            let tasks = self.tasks.get().expect("it was started");
            tasks.spawn("told", async { Err::<(), _>(Error::external("told to")) })?;
        }
        Ok(())
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        self.journal.write(format!("drop {}", self.name));
    }
}

pub(super) const fn node(name: &'static str, requires: &'static [Requirement]) -> Descriptor {
    let node = Node::DESCRIPTOR;
    Descriptor::new(name, "1.0.0", node.hooks)
        .needs(node.needs)
        .subscriptions(node.subscriptions)
        .requires(requires)
}

pub(super) const fn on(plugin: &'static str) -> Requirement {
    Requirement {
        plugin,
        version: "*",
    }
}

/// In start order.
pub(super) const NAMES: [&str; 4] = ["a", "b", "c", "d"];
pub(super) const A: Descriptor = node("a", &[]);
pub(super) const B: Descriptor = node("b", &[on("a")]);
pub(super) const C: Descriptor = node("c", &[on("b")]);
pub(super) const D: Descriptor = node("d", &[on("a")]);

/// Whom each plugin needs.
pub(super) const NEEDS: [&[usize]; 4] = [&[], &[0], &[1], &[0]];
