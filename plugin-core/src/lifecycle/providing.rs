//! Makes what an instance provides available to other plugins.

use std::sync::{Arc, Weak};
use std::time::Duration;

use super::instance::Instance;
use super::kernel::Kernel;
use super::replays;
use crate::event::EventStore;
use crate::service::Installer;

/// Interval of the check whether the calls of a replaced provider are complete.
const POLL: Duration = Duration::from_millis(20);

/// Drops the providers that were replaced: now, or when the calls that began with them are
/// complete.
pub(super) fn let_go(kernel: &Arc<Kernel>) {
    if kernel.switchboard.let_go() {
        return;
    }
    let kernel = Arc::downgrade(kernel);
    drop(crate::spawn::spawn(async move {
        let is_done =
            |kernel: Weak<Kernel>| (kernel.upgrade()).is_none_or(|it| it.switchboard.let_go());
        while !is_done(Weak::clone(&kernel)) {
            tokio::time::sleep(POLL).await;
        }
    }));
}

/// Connects the handles of other plugins with what the instance provides.
pub(super) fn install(kernel: &Arc<Kernel>, instance: &Instance) {
    if instance.descriptor.provides.is_empty() {
        return;
    }
    let Some(plugin) = instance
        .live()
        .as_ref()
        .map(|live| Arc::clone(&live.plugin))
    else {
        return;
    };
    for provide in instance.descriptor.provides {
        let mut installer = Installer {
            switchboard: &kernel.switchboard,
            owner: &instance.setup().identity,
            priority: provide.priority,
        };
        match instance.link(&plugin).zip(provide.service.remote) {
            Some((link, remote)) => (remote.install)(link, &mut installer),
            None => (provide.install)(&plugin, &mut installer),
        }
    }
    let_go(kernel);
    if instance.is_event_store()
        && let Some(store) = kernel.switchboard.one::<dyn EventStore>("")
    {
        kernel.bus.durables().provide(&store);
        replays::follow(kernel, store);
    }
}
