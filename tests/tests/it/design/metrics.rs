//! `PluginMetrics` and `SystemMetrics`: each field that is counted by now has its place in the
//! status. What memory and processor time a plugin takes comes with the sandbox; conflicts and
//! cycles are not counted, because a set that has any is not built (see `dependencies`).

use plugin_contracts::UserLogout;
use plugin_core::lifecycle::State;
use plugin_core::prelude::*;
use plugin_core::{Plugin, Result};
use serde_json::{Value, json};

use crate::rig::{Rig, status};

/// Name of a field in the design, and where the status has it.
const PLUGIN: [(&str, &str); 9] = [
    ("name", "/name"),
    ("status", "/state"),
    ("uptime", "/in_state_ms"),
    ("restart_count", "/restarts"),
    ("goroutine_count", "/tasks"),
    ("events_received", "/events/received"),
    ("events_published", "/events/published"),
    ("event_errors", "/events/errors"),
    ("avg_process_time", "/events/mean_nanos"),
];

struct Measured {
    seen: Publisher<UserLogout>,
}

#[event("design.metrics")]
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
struct Sample {
    good: bool,
}

#[plugin(name = "design-metrics", version = "1.2.3")]
impl Measured {
    #[init]
    fn init(seen: Publisher<UserLogout>) -> Self {
        Self { seen }
    }

    #[start]
    fn start(&self, tasks: Tasks) -> Result<()> {
        tasks.spawn("idle", std::future::pending::<()>())?;
        Ok(())
    }

    #[subscribe]
    async fn measure(&self, sample: &Sample) -> Result<()> {
        if !sample.good {
            return Err(Error::external("a bad sample"));
        }
        let user_id = String::new();
        self.seen.publish(UserLogout { user_id }).await?;
        Ok(())
    }
}

#[tokio::test(start_paused = true)]
async fn each_field_has_its_place() {
    let running = Rig::new(&[Measured::DESCRIPTOR]).start().await;
    let system = serde_json::to_value(running.status()).unwrap();
    for (field, place) in PLUGIN {
        let found: Option<&Value> = system["plugins"][0].pointer(place);
        assert!(found.is_some(), "{field}: {system}");
    }
    assert!(system["plugins"][0]["events"]["max_nanos"].is_u64());
    assert!(system["backlog"].is_u64(), "event_queue_size: {system}");
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn what_a_plugin_does_is_counted() {
    let running = Rig::new(&[Measured::DESCRIPTOR]).start().await;
    for good in [true, true, false, true] {
        running.publisher().publish(Sample { good }).await.unwrap();
    }
    running.idle().await;
    let plugin = status(&running, "design-metrics");
    let events = plugin.events;
    assert_eq!(
        (events.received, events.published, events.errors),
        (4, 3, 1)
    );
    assert!(events.mean_nanos <= events.max_nanos && events.max_nanos > 0);
    assert_eq!((plugin.tasks, plugin.restarts), (1, 0));
    running.handle().restart("design-metrics").await.unwrap();
    assert_eq!(status(&running, "design-metrics").restarts, 1);

    let system = running.status();
    let running_plugins = (system.plugins.iter())
        .filter(|plugin| plugin.state == State::Running)
        .count();
    assert_eq!((system.plugins.len(), running_plugins), (1, 1));
    assert_eq!(system.backlog, 0);
    let handlers = running.bus().handlers();
    let handler = handlers.iter().find(|handler| handler.handler == "measure");
    assert_eq!(json!(handler.unwrap())["topic"], "design.metrics");
    running.stop().await;
}
