//! A plugin whose handlers fail as the events say.

use std::collections::HashMap;
use std::sync::Mutex;

use plugin_core::Plugin;
use plugin_core::prelude::*;

use crate::journal::{Journal, Notebook};
use crate::rig::Rig;

/// Fails so many times, in one way.
macro_rules! task {
    ($type:ident, $topic:literal) => {
        #[event($topic)]
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
        pub(crate) struct $type {
            pub(crate) id: u32,
            pub(crate) fails: u32,
            pub(crate) how: String,
        }

        #[allow(dead_code, reason = "not every kind of task fails in every way")]
        impl $type {
            pub(crate) fn fine(id: u32) -> Self {
                Self::failing(id, 0, "")
            }

            /// `how` is `retriable`, `external`, `config`, `panic`, `hang` or `sleep`.
            pub(crate) fn failing(id: u32, fails: u32, how: &str) -> Self {
                let how = how.to_owned();
                Self { id, fails, how }
            }
        }
    };
}

task!(Task, "flaky.task");
task!(Once, "flaky.once");
task!(Wide, "flaky.wide");
task!(Item, "flaky.item");
task!(Quick, "flaky.quick");
task!(Latest, "flaky.latest");

pub(crate) const NAME: &str = "flaky";
/// Fails each time.
pub(crate) const ALWAYS: u32 = u32::MAX;

pub(crate) struct Flaky {
    journal: Service<dyn Journal>,
    calls: Mutex<HashMap<u32, u32>>,
}

impl Flaky {
    /// Writes the call down, and says how often that event has been here.
    fn called(&self, handler: &str, id: u32) -> u32 {
        self.journal.write(format!("{handler} {id}"));
        let mut calls = self.calls.lock().unwrap();
        let count = calls.entry(id).or_default();
        *count += 1;
        *count
    }

    async fn take(&self, handler: &str, id: u32, (fails, how): (u32, &str)) -> Result<()> {
        if self.called(handler, id) > fails {
            return Ok(());
        }
        match how {
            "hang" => std::future::pending().await,
            "sleep" => {
                tokio::time::sleep(std::time::Duration::from_secs(1)).await;
                Err(Error::retriable("slow and down"))
            }
            how => fail(how),
        }
    }
}

fn fail(how: &str) -> Result<()> {
    Err(match how {
        "retriable" => Error::retriable("down"),
        "external" => Error::external("refused"),
        "config" => Error::config("misconfigured"),
        _ => panic!("told to panic"),
    })
}

#[plugin(name = "flaky")]
impl Flaky {
    #[init]
    fn init(journal: Service<dyn Journal>) -> Self {
        let calls = Mutex::default();
        Self { journal, calls }
    }

    #[subscribe(retry = 3, backoff = "1s", max_backoff = "3s", timeout = "5s")]
    async fn patient(&self, task: &Task) -> Result<()> {
        let how = (task.fails, &*task.how);
        self.take("patient", task.id, how).await
    }

    #[subscribe]
    async fn hasty(&self, task: &Once) -> Result<()> {
        let how = (task.fails, &*task.how);
        self.take("hasty", task.id, how).await
    }

    #[subscribe(retry = 3, backoff = "1s", concurrency = 2)]
    async fn wide(&self, task: &Wide) -> Result<()> {
        let how = (task.fails, &*task.how);
        self.take("wide", task.id, how).await
    }

    #[subscribe(retry = 1, backoff = "1s", batch = 2, linger = "10ms")]
    async fn batch(&self, tasks: Batch<Item>) -> Result<()> {
        let ids: Vec<_> = tasks.iter().map(|task| task.id.to_string()).collect();
        self.journal.write(format!("batch {}", ids.join("+")));
        for task in tasks.iter() {
            let how = (task.fails, &*task.how);
            self.take("in batch", task.id, how).await?;
        }
        Ok(())
    }

    #[subscribe(retry = 1, backoff = "1s", overflow = drop_oldest)]
    async fn latest(&self, task: &Latest) -> Result<()> {
        let how = (task.fails, &*task.how);
        self.take("latest", task.id, how).await
    }

    #[subscribe]
    fn inline(&self, task: &Quick) -> Result<()> {
        if self.called("inline", task.id) > task.fails {
            return Ok(());
        }
        fail(&task.how)
    }
}

/// A system of the plugin and its journal.
pub(crate) fn rig() -> Rig {
    Rig::new(&[Flaky::DESCRIPTOR, Notebook::DESCRIPTOR])
}
