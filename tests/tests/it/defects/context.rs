//! Plugin code knows whose it is, wherever it runs.

use plugin_core::prelude::*;
use plugin_core::{Plugin, current};

use crate::journal::{Journal, Notebook};
use crate::rig::Rig;

#[event("defect.context")]
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
struct Asked;

struct Aware {
    journal: Service<dyn Journal>,
}

impl Aware {
    fn note(&self, what: &str) {
        note(&self.journal, what);
    }
}

fn note(journal: &impl Journal, what: &str) {
    let current = current().expect("code of a plugin has a context");
    let handles = if current.event.is_some() {
        " handles"
    } else {
        ""
    };
    journal.write(format!("{what} {}{handles}", current.plugin));
}

#[plugin(name = "defect-aware")]
impl Aware {
    #[init]
    async fn init(journal: Service<dyn Journal>) -> Result<Self> {
        tokio::task::yield_now().await;
        note(&journal, "init");
        Ok(Self { journal })
    }

    #[start]
    async fn start(&self, tasks: Tasks) -> Result<()> {
        self.note("start");
        let journal = self.journal.clone();
        tasks.spawn("note", async move {
            tokio::task::yield_now().await;
            note(&journal, "task");
        })?;
        Ok(())
    }

    #[subscribe]
    fn inline(&self, _asked: &Asked) {
        self.note("inline");
    }

    #[subscribe]
    async fn queued(&self, _asked: &Asked) {
        tokio::task::yield_now().await;
        self.note("queued");
    }

    #[stop]
    async fn stop(&self) {
        self.note("stop");
    }
}

#[tokio::test(start_paused = true)]
async fn b24_plugin_code_runs_in_its_context() {
    let running = Rig::new(&[Aware::DESCRIPTOR, Notebook::DESCRIPTOR])
        .start()
        .await;
    let journal = running.service::<dyn Journal>().unwrap();
    while !journal.lines().iter().any(|line| line.starts_with("task")) {
        tokio::task::yield_now().await;
    }
    running.publisher().publish(Asked).await.unwrap();
    running.idle().await;
    running.stop().await;
    let expected = [
        "init defect-aware",
        "start defect-aware",
        "task defect-aware",
        "inline defect-aware handles",
        "queued defect-aware handles",
        "stop defect-aware",
    ];
    assert_eq!(journal.lines(), expected);
    assert_eq!(current(), None, "and nothing of it is left");
}
