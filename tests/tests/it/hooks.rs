//! The hooks of a macro-made plugin: when each is called, and what follows from what it says.

use std::time::Duration;

use plugin_core::Plugin;
use plugin_core::lifecycle::{PluginFailed, State};
use plugin_core::prelude::*;
use serde_json::json;

use crate::heard::Heard;
use crate::journal::{Journal, Notebook};
use crate::rig::{Rig, status};

#[event("hooks.number")]
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
struct Number {
    value: u32,
}

/// What the plugin is told to be.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct Manners {
    health: String,
    task_fails: bool,
}

struct Whole {
    manners: Manners,
    journal: Service<dyn Journal>,
    numbers: Publisher<Number>,
}

#[plugin(name = "hooks-whole")]
impl Whole {
    #[init]
    async fn init(
        Config(manners): Config<Manners>,
        journal: Service<dyn Journal>,
        numbers: Publisher<Number>,
    ) -> Result<Self> {
        journal.write("init".to_owned());
        Ok(Self {
            manners,
            journal,
            numbers,
        })
    }

    #[start]
    async fn start(&self, tasks: Tasks) -> Result<()> {
        self.journal.write("start".to_owned());
        let (journal, cancelled) = (self.journal.clone(), tasks.cancelled());
        tasks.spawn("until-the-end", async move {
            cancelled.await;
            journal.write("task ends".to_owned());
        })?;
        if self.manners.task_fails {
            tasks.spawn("fails", async {
                tokio::time::sleep(Duration::from_secs(1)).await;
                Err::<(), _>(Error::retriable("told to fail"))
            })?;
        }
        // Its own handlers don't hear it: they begin once it runs.
        self.numbers.publish(Number { value: 0 }).await?;
        Ok(())
    }

    #[subscribe]
    async fn hear(&self, number: &Number) {
        tokio::time::sleep(Duration::from_millis(1)).await;
        self.journal.write(format!("hear {}", number.value));
    }

    #[health]
    fn health(&self) -> Health {
        match self.manners.health.as_str() {
            "degraded" => Health::Degraded("told to be".to_owned()),
            "unhealthy" => Health::Unhealthy("told to be".to_owned()),
            _ => Health::Healthy,
        }
    }

    #[stop]
    async fn stop(&self) {
        self.journal.write("stop".to_owned());
    }
}

impl Drop for Whole {
    fn drop(&mut self) {
        self.journal.write("drop".to_owned());
    }
}

fn rig(manners: serde_json::Value) -> Rig {
    Rig::new(&[Whole::DESCRIPTOR, Notebook::DESCRIPTOR])
        .config("hooks-whole", manners)
        .set("plugin_manager", "health_interval", "1s")
}

#[tokio::test(start_paused = true)]
async fn a_life_in_order() {
    let running = rig(json!({})).start().await;
    let journal = running.service::<dyn Journal>().unwrap();
    for value in 1..=2 {
        running.publisher().publish(Number { value }).await.unwrap();
    }
    assert!(running.stop().await.is_clean());
    let expected = [
        "init",
        "start",
        "hear 1",
        "hear 2",
        "stop",
        "task ends",
        "drop",
    ];
    assert_eq!(journal.lines(), expected);
}

#[tokio::test(start_paused = true)]
async fn health_is_asked_for_and_shown() {
    let running = rig(json!({"health": "degraded"})).start().await;
    assert_eq!(status(&running, "hooks-whole").health, Health::Healthy);
    tokio::time::sleep(Duration::from_secs(2)).await;
    let whole = status(&running, "hooks-whole");
    assert_eq!(whole.health, Health::Degraded("told to be".to_owned()));
    assert!(whole.ready, "it serves, if not as it should");
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn three_bad_answers_are_a_failure_that_the_policy_decides_on() {
    let rig = rig(json!({"health": "unhealthy"})).set(
        "hooks-whole",
        "restart",
        json!({"policy": "never"}),
    );
    let running = rig.start().await;
    let failed = Heard::<PluginFailed>::on(&running).next().await;
    assert!(
        failed.error.contains("told to be") && !failed.restarts,
        "{failed:?}"
    );
    assert_eq!(status(&running, "hooks-whole").state, State::Failed);
    assert!(!running.status().ready);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_failed_task_restarts_the_plugin() {
    let running = rig(json!({"task_fails": true})).start().await;
    let failed = Heard::<PluginFailed>::on(&running).next().await;
    assert!(
        failed.error.contains("task `fails`") && failed.restarts,
        "{failed:?}"
    );
    let journal = running.service::<dyn Journal>().unwrap();
    let restarted = async {
        while status(&running, "hooks-whole").restarts == 0 {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), restarted)
        .await
        .unwrap();
    let lives = journal
        .lines()
        .iter()
        .filter(|line| *line == "init")
        .count();
    assert_eq!(lives, 2);
    running.stop().await;
}
