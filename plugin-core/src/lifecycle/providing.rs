//! Puts what a unit provides where others find it.

use std::sync::Arc;

use super::kernel::Kernel;
use super::replays;
use crate::event::EventStore;
use crate::service::Installer;

/// Puts what the unit provides behind the handles.
pub(super) fn install(kernel: &Arc<Kernel>, unit: usize) {
    let this = &kernel.units[unit];
    let Some(plugin) = this.live().as_ref().map(|live| Arc::clone(&live.plugin)) else {
        return;
    };
    for provide in this.descriptor.provides {
        let mut installer = Installer {
            switchboard: &kernel.switchboard,
            owner: &this.identity,
            priority: provide.priority,
        };
        (provide.install)(&plugin, &mut installer);
    }
    if this.is_event_store()
        && let Some(store) = kernel.switchboard.one::<dyn EventStore>()
    {
        kernel.bus.durables().provide(&store);
        replays::follow(kernel, store);
    }
}
