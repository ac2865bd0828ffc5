//! From `start` to service: the tasks that an instance may spawn, and the doors that open when it runs.

use std::sync::Arc;

use super::instance::Instance;
use super::kernel::{InstanceReport, Kernel, News};
use crate::accounting::{Metered, Throttled};
use crate::event::{
    Binder, Deliveries, DurableDelivery, Interceptors, Reception, Subscriber, Worker,
};
use crate::tasks::Tasks;

/// A scope of tasks whose failures reach the supervisor.
pub(super) fn scope(kernel: &Kernel, instance: &Instance) -> Tasks {
    let (reports, id, life) = (kernel.reports.clone(), instance.id, instance.life());
    Tasks::new(
        instance.setup().identity.current(),
        instance.setup().resources.tasks.unwrap_or(usize::MAX),
        Box::new(move |task, error| {
            // Without a supervisor there is nobody to restart anything.
            drop(reports.send(InstanceReport {
                instance: id,
                life,
                news: News::TaskFailed { task, error },
            }));
        }),
    )
}

/// From here on the instance receives events and requests.
pub(super) fn activate(kernel: &Kernel, instance: &Instance) {
    let deliveries = enter(kernel, instance, None);
    deliver(kernel, instance, deliveries);
}

/// From here on the instance receives events and requests, in the place of an earlier life if there
/// is one; but for stored events, of which the deliveries are returned. Nothing of the plugin is
/// called or dropped under the lock of `live`.
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

/// From here on the instance receives stored events.
pub(super) fn deliver(kernel: &Kernel, instance: &Instance, deliveries: Vec<DurableDelivery>) {
    let deliveries = Deliveries::begin(kernel.bus.durables(), deliveries, instance.queued());
    if let Some(live) = instance.live().as_mut() {
        live.deliveries = deliveries;
    }
}
