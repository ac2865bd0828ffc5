//! The step from `start` to service: creates the scope of an instance's tasks, and opens the
//! instance for events and requests.

use std::sync::Arc;

use super::instance::Instance;
use super::kernel::{InstanceReport, Kernel, News};
use crate::accounting::{Metered, Throttled};
use crate::event::{
    Binder, Deliveries, DurableDelivery, Interceptors, Reception, Subscriber, Worker,
};
use crate::tasks::Tasks;

/// A scope of tasks that reports failures to the supervisor.
pub(super) fn scope(kernel: &Kernel, instance: &Instance) -> Tasks {
    let (reports, id, life) = (kernel.reports.clone(), instance.id, instance.life());
    Tasks::new(
        instance.setup().identity.current(),
        instance.setup().resources.tasks.unwrap_or(usize::MAX),
        Box::new(move |task, error| {
            // If there is no supervisor any more, nothing can be restarted.
            drop(reports.send(InstanceReport {
                instance: id,
                life,
                news: News::TaskFailed { task, error },
            }));
        }),
    )
}

/// Lets the instance receive events and requests from now on.
pub(super) fn activate(kernel: &Kernel, instance: &Instance) {
    let deliveries = enter(kernel, instance, None);
    deliver(kernel, instance, deliveries);
}

/// Lets the instance receive events and requests from now on, in place of its earlier life if there
/// is one. It does not receive stored events yet; the deliveries for these are returned. No code of
/// the plugin is called or dropped while the lock of `live` is held.
pub(super) fn enter(
    kernel: &Kernel,
    instance: &Instance,
    before: Option<&Instance>,
) -> Vec<DurableDelivery> {
    let setup = instance.setup();
    let (plugin, mailbox, subscriber, tasks) = {
        let mut live = instance.live();
        let Some(live) = live.as_mut() else {
            return Vec::new();
        };
        if !instance.descriptor.subscriptions.is_empty() || live.subscriber.is_handed_out() {
            let account = instance.setup().identity.account();
            let worker = Metered::new(account, Worker::new(Arc::clone(&live.mailbox)).run());
            live.worker = Some(crate::spawn::spawn(Throttled::new(account, worker)));
        }
        (
            Arc::clone(&live.plugin),
            Arc::clone(&live.mailbox),
            live.subscriber.clone(),
            live.tasks.clone(),
        )
    };
    let mut bindings = Binder::bind(
        &kernel.bus,
        &setup.identity,
        &mailbox,
        setup.timeout,
        (&plugin, &setup.subscriptions),
    );
    let interceptors = (&plugin, instance.descriptor.interceptors);
    Interceptors::bind(&kernel.bus, &setup.identity, interceptors, &mut bindings);
    let deliveries = bindings.take_deliveries();
    let breakers = bindings.take_breakers();
    let quotas = bindings.take_quotas();
    match before.and_then(subscriber_of) {
        Some(before) => subscriber.take_over(&before, bindings),
        None => subscriber.activate(bindings),
    }
    if let Some(live) = instance.live().as_mut() {
        live.breakers = breakers;
        live.quotas = quotas;
    }
    if let Some(tasks) = tasks {
        let declared = instance.descriptor.schedules;
        setup.timetable.activate(&plugin, declared, tasks);
    }
    if instance.descriptor.responds.is_empty() {
        return deliveries;
    }
    let reception = Reception::open(
        &kernel.bus,
        &setup.identity,
        setup.timeout,
        (&plugin, instance.descriptor.responds),
    );
    match instance.live().as_mut() {
        Some(live) => live.reception = Some(reception),
        None => reception.close(),
    }
    deliveries
}

fn subscriber_of(instance: &Instance) -> Option<Subscriber> {
    instance.live().as_ref().map(|live| live.subscriber.clone())
}

/// Lets the instance receive stored events from now on.
pub(super) fn deliver(kernel: &Kernel, instance: &Instance, deliveries: Vec<DurableDelivery>) {
    let deliveries = Deliveries::begin(kernel.bus.durables(), deliveries, instance.queued());
    if let Some(live) = instance.live().as_mut() {
        live.deliveries = deliveries;
    }
}
