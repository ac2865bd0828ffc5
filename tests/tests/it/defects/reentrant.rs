//! Plugin code asks the manager and the bus while they are in the middle of something.

use std::sync::Mutex;
use std::time::Duration;

use plugin_core::Plugin;
use plugin_core::event::SubscriptionHandle;
use plugin_core::prelude::*;

use crate::journal::{Journal, Notebook};
use crate::rig::Rig;

#[event("defect.reentrant")]
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
struct Turn {
    left: u32,
}

/// Looks at everything and changes the table in each of its methods.
struct Curious {
    system: System,
    subscriber: Subscriber,
    turns: Publisher<Turn>,
    publishers: Publishers,
    journal: Service<dyn Journal>,
    subscriptions: Mutex<Vec<SubscriptionHandle>>,
}

impl Curious {
    fn look(&self, where_from: &str) -> Result<()> {
        let seen = self.system.status().plugins.len() + self.system.plugins().len();
        let known = self.publishers.event("defect.reentrant").is_some();
        assert!(known && self.system.handlers().len() < 100);
        let one = self.subscriber.subscribe(|_: &Envelope<Turn>| ())?;
        let mut subscriptions = self.subscriptions.lock().expect("no panic holds it");
        subscriptions.clear();
        subscriptions.push(one);
        self.journal.write(format!("{where_from} {seen}"));
        Ok(())
    }
}

#[plugin(name = "defect-curious")]
impl Curious {
    #[init]
    fn init(
        system: System,
        subscriber: Subscriber,
        turns: Publisher<Turn>,
        publishers: Publishers,
        journal: Service<dyn Journal>,
    ) -> Result<Self> {
        let this = Self {
            system,
            subscriber,
            turns,
            publishers,
            journal,
            subscriptions: Mutex::default(),
        };
        this.look("init")?;
        Ok(this)
    }

    #[start]
    async fn start(&self) -> Result<()> {
        self.look("start")?;
        self.turns.publish(Turn { left: 0 }).await?;
        Ok(())
    }

    #[subscribe]
    fn inline(&self, turn: &Turn) -> Result<()> {
        self.look("inline")?;
        if turn.left > 0 {
            let left = turn.left - 1;
            self.turns.try_publish(Turn { left })?;
        }
        Ok(())
    }

    #[subscribe]
    async fn queued(&self, turn: &Turn) -> Result<()> {
        self.look("queued")?;
        if turn.left > 0 {
            self.turns.publish(Turn { left: 0 }).await?;
        }
        Ok(())
    }

    #[health]
    fn health(&self) -> Health {
        let looked = self.look("health");
        looked.map_or_else(
            |error| Health::Unhealthy(error.to_string()),
            |()| Health::Healthy,
        )
    }

    #[stop]
    fn stop(&self) {
        // It is unsubscribed by now: the look ends with an error, and that is all.
        drop(self.look("stop"));
        self.journal.write("stopped".to_owned());
    }
}

#[tokio::test(start_paused = true)]
async fn b29_plugin_code_may_ask_and_change_the_system_from_anywhere() {
    let rig = Rig::new(&[Curious::DESCRIPTOR, Notebook::DESCRIPTOR]);
    let running = rig
        .set("plugin_manager", "health_interval", "1s")
        .start()
        .await;
    let journal = running.service::<dyn Journal>().unwrap();
    let all = async {
        let writers = (0..8).map(|_| {
            let (manager, turns) = (running.handle(), running.publisher::<Turn>());
            async move {
                turns.publish(Turn { left: 3 }).await.unwrap();
                manager.restart("defect-curious").await.unwrap();
                turns.publish(Turn { left: 3 }).await.unwrap();
            }
        });
        let mut tasks = tokio::task::JoinSet::new();
        writers.for_each(|writer| drop(tasks.spawn(writer)));
        tasks.join_all().await;
        tokio::time::sleep(Duration::from_secs(3)).await;
        running.idle().await;
    };
    let limit = Duration::from_secs(3_600);
    tokio::time::timeout(limit, all)
        .await
        .expect("nothing waits for itself");
    assert!(running.status().ready);
    assert!(running.stop().await.is_clean());
    let lines = journal.lines();
    for what in ["init", "start", "inline", "queued", "health", "stopped"] {
        assert!(lines.iter().any(|line| line.starts_with(what)), "{what}");
    }
}
