//! From `start` to service: the tasks that a unit may spawn, and the doors that open when it runs.

use std::sync::Arc;

use super::kernel::{Kernel, News, Report};
use crate::event::{Binder, Deliveries, Interceptors, Reception, Worker};
use crate::tasks::Tasks;

/// A scope of tasks whose failures reach the supervisor.
pub(super) fn scope(kernel: &Arc<Kernel>, unit: usize) -> Tasks {
    let this = &kernel.units[unit];
    let (reports, generation) = (kernel.reports.clone(), this.generation());
    Tasks::new(
        this.identity.current(),
        this.settings.tasks,
        Box::new(move |task, error| {
            // Without a supervisor there is nobody to restart anything.
            drop(reports.send(Report {
                unit,
                generation,
                news: News::TaskFailed { task, error },
            }));
        }),
    )
}

/// From here on the unit receives events and requests. Nothing of the plugin is called or dropped
/// under the lock of `live`.
pub(super) fn activate(kernel: &Kernel, unit: usize) {
    let this = &kernel.units[unit];
    let (plugin, mailbox, subscriber, tasks) = {
        let mut live = this.live();
        let Some(live) = live.as_mut() else { return };
        if !this.descriptor.subscriptions.is_empty() || live.subscriber.is_handed_out() {
            let worker = Worker::new(Arc::clone(&live.mailbox)).run();
            live.worker = Some(crate::spawn::spawn(worker));
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
        &this.identity,
        &mailbox,
        this.settings.timeout,
        (&plugin, &this.settings.subscriptions),
    );
    let middleware = (&plugin, this.descriptor.middleware);
    Interceptors::bind(&kernel.bus, &this.identity, middleware, &mut bindings);
    let deliveries = bindings.take_deliveries();
    let breakers = bindings.take_breakers();
    let quotas = bindings.take_quotas();
    subscriber.activate(bindings);
    let deliveries = Deliveries::begin(kernel.bus.durables(), deliveries, this.queued());
    if let Some(live) = this.live().as_mut() {
        live.deliveries = deliveries;
        live.breakers = breakers;
        live.quotas = quotas;
    }
    if let Some(tasks) = tasks {
        let declared = this.descriptor.schedules;
        this.timetable.activate(&plugin, declared, tasks);
    }
    if this.descriptor.responds.is_empty() {
        return;
    }
    let reception = Reception::open(
        &kernel.bus,
        &this.identity,
        this.settings.timeout,
        (&plugin, this.descriptor.responds),
    );
    match this.live().as_mut() {
        Some(live) => live.reception = Some(reception),
        None => reception.close(),
    }
}
