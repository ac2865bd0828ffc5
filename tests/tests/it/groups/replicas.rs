//! `replicas` in YAML: several instances of one plugin.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use plugin_core::Plugin;
use plugin_core::config::Sources;
use plugin_core::lifecycle::{OperationError, State};
use plugin_core::prelude::*;
use tokio::sync::Notify;

use super::plugins::{Order, Plain};
use super::{counts, instance};
use crate::journal::{Journal, Notebook};
use crate::rig::{Rig, Started, status};

#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct CrewConfig {
    greeting: String,
}

/// Notes its life; the task of the instance that gets order 13 fails.
struct Crew {
    journal: Service<dyn Journal>,
    fails: Arc<Notify>,
}

#[plugin(name = "crew", requires(Plain = "*"))]
impl Crew {
    #[init]
    fn init(Config(config): Config<CrewConfig>, journal: Service<dyn Journal>) -> Self {
        journal.write(format!("init {} {}", instance(), config.greeting));
        Self {
            journal,
            fails: Arc::default(),
        }
    }

    #[start]
    fn start(&self, tasks: Tasks) -> Result<()> {
        let fails = Arc::clone(&self.fails);
        tasks.spawn("watch", async move {
            fails.notified().await;
            Err::<(), _>(Error::retriable("told to fail"))
        })?;
        Ok(())
    }

    #[subscribe]
    async fn first(&self, order: &Order) {
        self.journal
            .write(format!("first {} {}", instance(), order.number));
        if order.number == 13 {
            self.fails.notify_one();
        }
    }

    #[subscribe(group = "second")]
    async fn second(&self, order: &Order) {
        self.journal
            .write(format!("second {} {}", instance(), order.number));
    }
}

/// Can't be without the crew.
struct Captain;

#[plugin(name = "captain", requires(Crew = "*"))]
impl Captain {
    #[init]
    fn init() -> Self {
        Self
    }
}

const YAML: &str = "
crew:
  replicas: 3
  mailbox: 8
  config:
    greeting: ahoy
";

async fn start() -> Started {
    let plugins = [
        Captain::DESCRIPTOR,
        Crew::DESCRIPTOR,
        Plain::DESCRIPTOR,
        Notebook::DESCRIPTOR,
    ];
    Rig::from_sources(&plugins, Sources::new().embedded("crew.yaml", YAML))
        .start()
        .await
}

async fn publish(running: &Started, numbers: std::ops::Range<u32>) {
    for number in numbers {
        let order = Order::new(number);
        running.publisher().publish(order).await.unwrap();
    }
}

/// How often each instance heard an order with a handler.
fn heard(running: &Started, handler: &str) -> BTreeMap<String, usize> {
    let journal = running.service::<dyn Journal>().unwrap();
    let mut heard = BTreeMap::new();
    for line in journal.lines() {
        if let Some((who, _)) = line
            .strip_prefix(handler)
            .and_then(|rest| rest.trim().split_once(' '))
        {
            *heard.entry(who.to_owned()).or_default() += 1;
        }
    }
    heard
}

fn instances(counts: [usize; 3]) -> BTreeMap<String, usize> {
    (1..)
        .map(|number: u32| format!("crew#{number}"))
        .zip(counts)
        .collect()
}

#[tokio::test(start_paused = true)]
async fn each_instance_has_a_life_of_its_own_and_each_event_goes_to_one() {
    let running = start().await;
    publish(&running, 20..50).await;
    running.idle().await;
    let journal = running.service::<dyn Journal>().unwrap();
    let inits: BTreeSet<_> = (journal.lines().into_iter())
        .filter(|line| line.starts_with("init"))
        .collect();
    let expected = ["init crew#1 ahoy", "init crew#2 ahoy", "init crew#3 ahoy"];
    assert!(inits.iter().eq(&expected), "{inits:?}");
    assert_eq!(heard(&running, "first"), instances([10, 10, 10]));
    assert_eq!(heard(&running, "second"), instances([10, 10, 10]));
    assert_eq!(counts(&journal)["plain"], 30);
    for name in ["crew#1", "crew#2", "crew#3"] {
        assert_eq!(
            status(&running, name).events.received,
            20,
            "of each its own"
        );
    }
    let report = running.stop().await;
    assert!(report.is_clean());
    let names: Vec<_> = report.plugins.iter().map(|plugin| plugin.name).collect();
    assert_eq!(names.len(), 6, "{names:?}");
}

#[tokio::test(start_paused = true)]
async fn an_instance_that_fails_is_restarted_alone_and_the_others_serve() {
    let running = start().await;
    publish(&running, 13..14).await;
    tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    let running_now = |running: &Started| -> Vec<_> {
        (1..=3)
            .filter(|number| status(running, &format!("crew#{number}")).state == State::Running)
            .collect()
    };
    assert_eq!(running_now(&running), [2, 3]);
    assert_eq!(status(&running, "captain").state, State::Running);
    publish(&running, 20..40).await;
    tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    assert_eq!(heard(&running, "first"), instances([1, 10, 10]));
    running.idle().await;
    assert_eq!(running_now(&running), [1, 2, 3]);
    let restarts = ["crew#1", "crew#2", "crew#3"].map(|name| status(&running, name).restarts);
    assert_eq!(restarts, [1, 0, 0]);
    publish(&running, 40..70).await;
    running.idle().await;
    assert_eq!(heard(&running, "first"), instances([11, 20, 20]));
    assert!(running.stop().await.is_clean());
}

#[tokio::test(start_paused = true)]
async fn operations_take_one_instance_or_all() {
    let running = start().await;
    let manager = running.handle();
    let stopped = manager.stop("crew#2").await.unwrap();
    assert_eq!(stopped.plugins, ["crew#2"], "the captain has two others");
    let again = manager.stop("crew#2").await.unwrap_err();
    assert!(matches!(
        again,
        OperationError::State {
            plugin: "crew#2",
            ..
        }
    ));
    let needed = manager.stop("crew").await.unwrap_err();
    assert!(matches!(needed, OperationError::Needed { .. }), "{needed}");
    let restarted = manager.restart("crew").await.unwrap();
    assert_eq!(restarted.plugins, ["crew#1", "crew#2", "crew#3"]);
    let all = manager.stop_cascade("crew").await.unwrap();
    assert_eq!(all.plugins, ["captain", "crew#3", "crew#2", "crew#1"]);
    let needs = manager.start("captain").await.unwrap_err();
    assert_eq!(
        needs.to_string(),
        "`captain` needs `crew`, which does not run: `start` it first, or `load` what is not loaded"
    );
    assert_eq!(manager.start("crew#3").await.unwrap().plugins, ["crew#3"]);
    assert_eq!(manager.start("captain").await.unwrap().plugins, ["captain"]);
    let last = manager.stop("crew#3").await.unwrap_err();
    assert!(matches!(last, OperationError::Needed { .. }), "{last}");
    let rest = manager.start("crew").await.unwrap();
    assert_eq!(rest.plugins, ["crew#1", "crew#2"]);
    let unknown = manager.stop("crew#4").await.unwrap_err();
    assert!(matches!(unknown, OperationError::Unknown { .. }));
    assert!(running.stop().await.is_clean());
}

#[tokio::test(start_paused = true)]
async fn a_need_is_gone_with_the_last_instance() {
    let plugins = [
        Captain::DESCRIPTOR,
        Crew::DESCRIPTOR,
        Plain::DESCRIPTOR,
        Notebook::DESCRIPTOR,
    ];
    let rig = Rig::from_sources(&plugins, Sources::new().embedded("crew.yaml", YAML));
    let rig = rig.set("crew", "restart", serde_json::json!({ "policy": "never" }));
    let running = rig.start().await;
    for left in [2, 1, 0] {
        assert_eq!(status(&running, "captain").state, State::Running);
        publish(&running, 13..14).await;
        running.idle().await;
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        let plugins = running.status().plugins;
        let runs = |status: &&plugin_core::lifecycle::PluginStatus| {
            status.name.starts_with("crew") && status.state == State::Running
        };
        assert_eq!(plugins.iter().filter(runs).count(), left);
    }
    assert_eq!(status(&running, "captain").state, State::Stopped);
    drop(running.stop().await);
}
