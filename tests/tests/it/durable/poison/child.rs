//! The process that ends: its handler aborts it.

use std::time::Duration;

use plugin_core::prelude::*;
use plugin_core::{Composition, Plugin, lifecycle::Manager};
use plugin_queue::Queue;

use crate::durable::child::{runtime, tell, variable};

pub(super) const DIRECTORY: &str = "POISON_DIRECTORY";

/// What it tells when its plugins run.
pub(super) const READY: &str = "ready.";

/// The number that aborts it.
pub(super) const POISON: u64 = 2;

/// The last number.
pub(super) const BEHIND: u64 = 9;

#[event("poison.dose")]
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
struct Dose {
    number: u64,
}

struct Fragile;

#[plugin(name = "poison-fragile")]
impl Fragile {
    #[init]
    fn init() -> Self {
        Self
    }

    #[subscribe(durable)]
    async fn fragile(&self, dose: &Dose) {
        tell(&format!("called fragile {}.", dose.number));
        if dose.number == POISON {
            // Real time, as the process really ends: enough for those behind it to be called, which
            // would then be taken for the cause, too.
            tokio::time::sleep(Duration::from_millis(100)).await;
            std::process::abort();
        }
    }
}

struct Sturdy;

#[plugin(name = "poison-sturdy")]
impl Sturdy {
    #[init]
    fn init() -> Self {
        Self
    }

    #[subscribe(durable)]
    async fn sturdy(&self, dose: &Dose) {
        tell(&format!("called sturdy {}.", dose.number));
        if dose.number == 0 {
            // Longer than the other one lives: it is in its handler then, if they run side by side.
            tokio::time::sleep(Duration::from_millis(300)).await;
        }
    }
}

/// All numbers are stored before any is handled: the plugins are stopped meanwhile.
#[test]
#[ignore = "it is a process that the poison test starts, and that aborts"]
fn life() {
    runtime().block_on(async {
        let plugins = [Fragile::DESCRIPTOR, Sturdy::DESCRIPTOR, Queue::DESCRIPTOR];
        let set = Composition::assemble(&plugins).unwrap();
        let configured = Manager::builder(&set)
            .data_dir(variable(DIRECTORY))
            .configure()
            .unwrap();
        tell(READY);
        let running = configured.start().await.unwrap();
        if variable("POISON_FIRST") == "true" {
            let manager = running.handle();
            manager.stop("poison-fragile").await.unwrap();
            manager.stop("poison-sturdy").await.unwrap();
            for number in 0..=BEHIND {
                let doses = running.publisher::<Dose>();
                doses.publish_durable(Dose { number }).await.unwrap();
            }
            manager.start("poison-sturdy").await.unwrap();
            manager.start("poison-fragile").await.unwrap();
        }
        running.idle().await;
        assert!(running.stop().await.is_clean());
    });
}
