//! Schedules: methods that run at times of their own. Config may change when, or turn one off.
#![expect(clippy::print_stdout, reason = "a program that shows what it does")]

use std::time::Duration;

use plugin_core::lifecycle::Manager;
use plugin_core::prelude::*;
use plugin_core::{Composition, Plugin};

/// The clock has ticked.
#[event("example.tick")]
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
struct Tick {
    number: u64,
}

/// Ticks three times, once a minute, and would report each night.
struct Clockwork {
    ticks: Publisher<Tick>,
}

#[plugin(name = "clockwork-plugin")]
impl Clockwork {
    #[init]
    fn init(ticks: Publisher<Tick>) -> Self {
        Self { ticks }
    }

    #[schedule(every = "1m", max_runs = 3)]
    async fn tick(&self, run: &ScheduledRun) -> Result<()> {
        let number = run.number();
        self.ticks.publish(Tick { number }).await?;
        Ok(())
    }

    #[schedule(cron = "0 0 3 * * *", timezone = "Europe/Berlin")]
    async fn report(&self) {}
}

#[tokio::main]
pub(crate) async fn main() -> Result<()> {
    let data = tempfile::tempdir()?;
    let set = Composition::assemble(&[Clockwork::DESCRIPTOR]).expect("the set fits");
    // For who does not want to wait: the same as `schedules: { tick: { every: 10ms } }` in a file.
    let often = serde_json::json!({ "tick": { "every": "10ms" } });
    let sources = plugin_core::config::Sources::new()
        .data_dir(data.path())
        .set(["clockwork-plugin", "schedules"], often);
    let manager = Manager::builder(&set).sources(sources);
    let running = manager.configure()?.start().await?;
    let (tell, mut heard) = tokio::sync::mpsc::unbounded_channel();
    let _subscription = running
        .subscriber()
        .subscribe::<Tick, _>(move |tick| tell.send(tick.number))?;
    running
        .handle()
        .run_schedule("clockwork-plugin", "tick")
        .await?;
    let first = tokio::time::timeout(Duration::from_secs(10), heard.recv()).await?;
    println!("tick {}", first.expect("it ticks"));
    for schedule in running.schedules() {
        println!("{} is {}", schedule.schedule, schedule.state);
    }
    assert!(running.stop().await.is_clean());
    Ok(())
}
