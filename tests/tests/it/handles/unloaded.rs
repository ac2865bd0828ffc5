//! A provider that is unloaded is dropped, unless somebody still has a handle of its service.

use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use plugin_core::Plugin;
use plugin_core::lifecycle::Operation;
use plugin_core::prelude::*;

use crate::rig::Rig;

/// Providers that are alive. Only the test of this file makes any.
static ALIVE: AtomicUsize = AtomicUsize::new(0);

#[service]
trait Lamp {
    async fn shine(&self) -> u32;
}

struct Light;

#[plugin(name = "handles-light", provides(Lamp))]
impl Light {
    #[init]
    fn init() -> Self {
        ALIVE.fetch_add(1, SeqCst);
        Self
    }
}

#[service]
impl Lamp for Light {
    async fn shine(&self) -> u32 {
        1
    }
}

impl Drop for Light {
    fn drop(&mut self) {
        ALIVE.fetch_sub(1, SeqCst);
    }
}

/// Can be without a lamp.
struct Guest(#[expect(dead_code, reason = "to hold it is enough")] Option<Service<dyn Lamp>>);

#[plugin(name = "handles-guest")]
impl Guest {
    #[init]
    fn init(lamp: Option<Service<dyn Lamp>>) -> Self {
        Self(lamp)
    }
}

#[tokio::test]
async fn a_provider_that_is_unloaded_is_dropped_unless_a_handle_is_left() {
    let rig = Rig::new(&[Light::DESCRIPTOR, Guest::DESCRIPTOR]);
    let running = rig.start().await;
    let manager = running.handle();
    let unload = |plugin: &str| Operation::Unload {
        plugin: plugin.to_owned(),
        cascade: false,
    };
    manager.operate(unload("handles-light")).await.unwrap();
    assert_eq!(ALIVE.load(SeqCst), 1, "the guest may still call it");
    let plugin = "handles-light".to_owned();
    manager.operate(Operation::Load { plugin }).await.unwrap();
    assert_eq!(ALIVE.load(SeqCst), 1, "the new one is in its place");
    let lamp = running.service::<dyn Lamp>().unwrap();
    assert_eq!(lamp.shine().await, 1);
    drop(lamp);
    manager.operate(unload("handles-guest")).await.unwrap();
    manager.operate(unload("handles-light")).await.unwrap();
    assert_eq!(ALIVE.load(SeqCst), 0);
    assert!(running.service::<dyn Lamp>().is_none());
    assert!(running.stop().await.is_clean());
}
