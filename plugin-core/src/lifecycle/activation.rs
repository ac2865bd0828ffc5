//! From `start` to service: the tasks that an instance may spawn, and the doors that open when it runs.

use std::sync::Arc;

use super::instance::Instance;
use super::kernel::{InstanceReport, Kernel, News};
use crate::accounting::{Metered, Throttled};
use crate::event::{Binder, Deliveries, Interceptors, Reception, Worker};
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

/// From here on the instance receives events and requests. Nothing of the plugin is called or dropped
/// under the lock of `live`.
pub(super) fn activate(kernel: &Kernel, instance: &Instance) {
    let (plugin, mailbox, subscriber, tasks) = {
        let mut live = instance.live();
        let Some(live) = live.as_mut() else { return };
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
        &instance.setup().identity,
        &mailbox,
        instance.setup().timeout,
        (&plugin, &instance.setup().subscriptions),
    );
    let middleware = (&plugin, instance.descriptor.middleware);
    Interceptors::bind(
        &kernel.bus,
        &instance.setup().identity,
        middleware,
        &mut bindings,
    );
    let deliveries = bindings.take_deliveries();
    let breakers = bindings.take_breakers();
    let quotas = bindings.take_quotas();
    subscriber.activate(bindings);
    let deliveries = Deliveries::begin(kernel.bus.durables(), deliveries, instance.queued());
    if let Some(live) = instance.live().as_mut() {
        live.deliveries = deliveries;
        live.breakers = breakers;
        live.quotas = quotas;
    }
    if let Some(tasks) = tasks {
        let declared = instance.descriptor.schedules;
        instance
            .setup()
            .timetable
            .activate(&plugin, declared, tasks);
    }
    if instance.descriptor.responds.is_empty() {
        return;
    }
    let reception = Reception::open(
        &kernel.bus,
        &instance.setup().identity,
        instance.setup().timeout,
        (&plugin, instance.descriptor.responds),
    );
    match instance.live().as_mut() {
        Some(live) => live.reception = Some(reception),
        None => reception.close(),
    }
}
