//! Plugins that the linker collected, plugins written by hand, and no logger among them.

use plugin_core::lifecycle::State;
use plugin_core::prelude::*;
use plugin_core::{Descriptor, Plugin, Requirement, registry};

use crate::rig::{Rig, status};

struct Registered;

#[plugin(name = "defect-registered")]
impl Registered {
    #[init]
    fn init() -> Self {
        Self
    }
}

#[tokio::test(start_paused = true)]
async fn b11_a_registered_plugin_starts() {
    let found = registry::plugins()
        .into_iter()
        .find(|plugin| plugin.name == Registered::NAME);
    let running = Rig::new(&[found.unwrap()]).start().await;
    assert_eq!(status(&running, "defect-registered").state, State::Running);
    assert!(running.stop().await.is_clean());
}

/// Starts, restarts, unloads and stops a plugin of which nobody has a logger.
#[tokio::test(start_paused = true)]
async fn b22_no_logger_is_needed() {
    let running = Rig::new(&[Registered::DESCRIPTOR]).start().await;
    let manager = running.handle();
    manager.restart("defect-registered").await.unwrap();
    manager.stop("defect-registered").await.unwrap();
    manager.start("defect-registered").await.unwrap();
    assert!(running.stop().await.is_clean());
}

/// No macro wrote it, and no linker collected it.
const BY_HAND: Descriptor =
    Descriptor::new("defect-by-hand", "0.1.0", Registered::DESCRIPTOR.hooks).requires(&[
        Requirement {
            plugin: "defect-registered",
            version: "*",
        },
    ]);

#[tokio::test(start_paused = true)]
async fn b23_a_set_put_together_by_hand_is_managed_like_any_other() {
    let running = Rig::new(&[&BY_HAND, Registered::DESCRIPTOR]).start().await;
    let manager = running.handle();
    let stopped = manager.stop_cascade("defect-registered").await.unwrap();
    assert_eq!(stopped.plugins, ["defect-by-hand", "defect-registered"]);
    manager.start("defect-registered").await.unwrap();
    manager.start("defect-by-hand").await.unwrap();
    assert!(running.status().ready);
    assert!(running.stop().await.is_clean());
}
