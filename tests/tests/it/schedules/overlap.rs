//! What happens when a time is due and the run before it still goes.

use plugin_core::Plugin;
use plugin_core::prelude::*;

use super::{Diary, lines, pass, schedule, start};
use crate::journal::Journal;

struct Slow(Diary);

impl Slow {
    /// Takes 25 seconds.
    async fn work(&self, what: &str) {
        self.0.write(&format!("{what} begins"));
        tokio::time::sleep(super::SECOND * 25).await;
        self.0.write(&format!("{what} ends"));
    }
}

#[plugin(name = "slow-schedules")]
impl Slow {
    #[init]
    fn init(journal: Service<dyn Journal>) -> Self {
        Self(Diary::new(journal))
    }

    #[schedule(every = "10s", max_runs = 2)]
    async fn skips(&self) {
        self.work("skips").await;
    }

    #[schedule(every = "10s", overlap = queue, max_runs = 3)]
    async fn queues(&self) {
        self.work("queues").await;
    }

    #[schedule(every = "10s", overlap = parallel, max_runs = 3)]
    async fn parallel(&self) {
        self.work("parallel").await;
    }
}

/// The lines of one schedule.
fn of(lines: &[String], name: &str) -> Vec<String> {
    let own = lines.iter().filter_map(|line| line.strip_prefix(name));
    own.map(|line| line.trim().to_owned()).collect()
}

#[tokio::test(start_paused = true)]
async fn each_policy_does_as_it_says() {
    let running = start(Slow::DESCRIPTOR).await;
    pass(100).await;
    let lines = lines(&running);
    let skips = ["begins 10", "ends 35", "begins 40", "ends 65"];
    assert_eq!(of(&lines, "skips"), skips);
    let counts = schedule(&running, "skips").counts;
    assert_eq!((counts.completed, counts.skipped), (2, 2));

    let queues = [
        "begins 10",
        "ends 35",
        "begins 35",
        "ends 60",
        "begins 60",
        "ends 85",
    ];
    assert_eq!(of(&lines, "queues"), queues);
    let parallel = [
        "begins 10",
        "begins 20",
        "begins 30",
        "ends 35",
        "ends 45",
        "ends 55",
    ];
    assert_eq!(of(&lines, "parallel"), parallel);
    for name in ["queues", "parallel"] {
        let counts = schedule(&running, name).counts;
        assert_eq!((counts.completed, counts.skipped), (3, 0), "{name}");
    }
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn what_goes_on_and_what_waits_is_seen() {
    let running = start(Slow::DESCRIPTOR).await;
    pass(31).await;
    let seen = |name| {
        let status = schedule(&running, name);
        (status.running, status.queued)
    };
    assert_eq!(seen("skips"), (1, 0));
    assert_eq!(seen("queues"), (1, 2));
    assert_eq!(seen("parallel"), (3, 0));
    running.stop().await;
}

struct Tight(Diary);

#[plugin(name = "tight")]
impl Tight {
    #[init]
    fn init(journal: Service<dyn Journal>) -> Self {
        Self(Diary::new(journal))
    }

    #[schedule(every = "10s", overlap = parallel, timeout = "1m")]
    async fn long(&self) {
        tokio::time::sleep(super::SECOND * 35).await;
        self.0.write("long");
    }
}

#[tokio::test(start_paused = true)]
async fn runs_count_as_tasks_of_the_plugin() {
    let rig = crate::rig::Rig::new(&[Tight::DESCRIPTOR, crate::journal::Notebook::DESCRIPTOR]).set(
        "tight",
        "resources",
        serde_json::json!({ "tasks": 2 }),
    );
    let running = rig.start().await;
    pass(44).await;
    let status = schedule(&running, "long");
    assert_eq!(
        (status.running, status.counts.skipped),
        (2, 2),
        "{status:?}"
    );
    pass(12).await;
    assert_eq!(lines(&running), ["long 45", "long 55"]);
    running.stop().await;
}
