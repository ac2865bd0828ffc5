//! What a life leaves to the next one of its instance.

use serde_json::Value;

use super::hook;
use super::instance::Instance;
use super::kernel::Kernel;
use crate::boxed::PluginRef;
use crate::descriptor::SnapshotHook;

/// Calls `#[snapshot]`, if there is one. When that fails, the next life begins without.
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
