//! Decides which plugins can run as several instances.
//!
//! Replicas share the work that arrives as events and requests. Other work would be done by every
//! replica, or by the wrong one.

use crate::descriptor::Descriptor;
use crate::event::EventStore;
use crate::init::Need;
use crate::options::Mode;
use crate::service::ServiceTrait;

/// The reason why a plugin can run only as one instance, without labelled instances or replicas;
/// `None` if it can have several.
pub(super) fn singleton(plugin: &Descriptor) -> Option<&'static str> {
    let key = <dyn EventStore as ServiceTrait>::DESCRIPTOR.key;
    let is_store = || (plugin.provides.iter()).any(|provide| provide.service.key == key);
    let store = "the kernel keeps the events of all durable handlers in one `EventStore`";
    (plugin.singleton).or_else(|| is_store().then_some(store))
}

/// The reasons why a plugin can't have replicas; none if it can.
pub(super) fn refusals(plugin: &Descriptor) -> impl Iterator<Item = String> {
    let services = (plugin.provides.iter()).map(|provide| {
        format!(
            "the calls of its service `{}` go to one instance, and do not share",
            provide.service.name
        )
    });
    let inline = (plugin.subscriptions.iter())
        .filter(|subscription| subscription.mode == Mode::Inline)
        .map(|subscription| {
            format!(
                "its handler `{}` is a `fn`, which every instance would run for every event: make it an `async fn`",
                subscription.handler
            )
        });
    let durable = (plugin.subscriptions.iter())
        .filter(|subscription| subscription.options.durable)
        .map(|subscription| {
            format!(
                "the queue of its durable handler `{}` is delivered to one instance: use `concurrency`",
                subscription.handler
            )
        });
    let run_time = (plugin
        .needs
        .iter()
        .any(|need| matches!(need, Need::Subscribe)))
    .then(|| {
        "it subscribes at run time, so every instance would get every event: use `#[subscribe]`"
            .to_owned()
    });
    let schedules = plugin
        .schedules
        .iter()
        .map(|schedule| format!("every instance would run its schedule `{}`", schedule.name));
    let singleton = singleton(plugin).map(str::to_owned).into_iter();
    let services = singleton.chain(services);
    (services.chain(inline).chain(durable).chain(run_time)).chain(schedules)
}
