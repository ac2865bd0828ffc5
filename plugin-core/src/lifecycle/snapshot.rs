//! The data that one life of an instance leaves to the next one.

use serde_json::Value;

use super::hook;
use super::instance::Instance;
use super::kernel::Kernel;
use crate::boxed::PluginRef;
use crate::descriptor::SnapshotHook;

/// Calls `#[snapshot]`, if the plugin has it. If the call fails, the next life begins without a
/// snapshot.
pub(super) async fn snapshot(
    kernel: &Kernel,
    instance: &Instance,
    (plugin, hook): (&PluginRef, Option<SnapshotHook>),
) -> Option<Value> {
    let hook = hook?;
    let current = instance.setup().identity.current();
    let (plugin, limits) = (PluginRef::clone(plugin), kernel.limits(instance));
    let taken = hook::run(current, "snapshot", limits, move || Ok(hook(plugin))).await;
    let warn = |error: &crate::Error| {
        tracing::warn!(
            plugin = instance.name(),
            "its next life begins without a snapshot of this one: {error}"
        );
    };
    taken.inspect_err(warn).ok()
}
