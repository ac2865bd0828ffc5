//! Stops one instance: unsubscribes it, handles its accepted events, calls `stop`, cancels its
//! tasks and waits for them, and drops it. Stops the whole system: accepts nothing new, handles the
//! accepted events, then stops the instances in reverse start order. A stop continues after an
//! error.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use tokio::time::{Instant, MissedTickBehavior};

use super::changes::Changes;
use super::instance::{Instance, Live};
use super::kernel::Kernel;
use super::providing::let_go;
use super::report::{PluginStop, StopReport};
use super::starting::let_go_of_offers;
use super::state::{State, Step};
use super::sweep::{Flow, Sweep};
use super::teardown::Teardown;
use crate::audit::Outcome;
use crate::descriptor::Kind;
use crate::event::kernel::{PluginStopped, SystemStopped};
use crate::init::{Handover, Predecessor};

/// Interval at which a long stop logs which plugins still run.
const STILL_STOPPING: Duration = Duration::from_secs(3);

/// Stops all running instances, and reports how each of them stopped.
///
/// Running instances that a change in progress touches are stopped after the change; the others do
/// not wait for it.
pub(super) async fn stop_all(
    kernel: &Arc<Kernel>,
    escalated: Option<String>,
    changes: Changes,
) -> StopReport {
    let began = Instant::now();
    kernel.life.set(State::Stopping);
    kernel.host.mute();
    kernel.close_schedules();
    for instance in &*kernel.instances() {
        instance.setup().identity.account().lift_throttle(true);
        instance.let_go_of_process();
    }
    hurry(kernel).await;
    let mut report = StopReport {
        escalated,
        ..StopReport::default()
    };
    let (doors, rest): (Vec<_>, Vec<_>) = (kernel.instances().iter())
        .rev()
        .cloned()
        .partition(|one| is_door(kernel, one) && !changes.touch(one.id));
    report.plugins.extend(stop_some(kernel, doors).await);
    changes.finish().await;
    each_live(kernel, |instance, live| {
        live.deliveries.drain();
        live.mailbox.bell().wind_up(
            kernel
                .drain_timeout()
                .saturating_add(instance.setup().timeout),
        );
    });
    finish_work(kernel).await;
    each_live(kernel, |_, live| {
        live.deliveries.rest();
        live.mailbox.bell().nudge();
    });
    kernel.has_drained.store(true, Relaxed);
    report.plugins.extend(stop_some(kernel, rest).await);
    report.unstored = close_intakes(kernel).await;
    report.took = began.elapsed();
    kernel.announcer.announce(SystemStopped {
        late: report.late().map(str::to_owned).collect(),
    });
    kernel.flush_announcements().await;
    (kernel.instances().iter()).for_each(|instance| instance.setup().identity.mute());
    kernel.bus.close();
    kernel.life.set(State::Stopped);
    report.dead_letters = kernel.bus.letters().in_memory();
    if report.dead_letters > 0 {
        tracing::warn!(
            dead_letters = report.dead_letters,
            "dead letters end with the process: a plugin that provides `DeadLetterStore` keeps them"
        );
    }
    report
}

/// Tells the event store not to wait for further events before it writes.
async fn hurry(kernel: &Kernel) {
    tokio::select! {
        () = kernel.bus.durables().hurry() => {}
        () = kernel.insist.cancelled() => {}
        () = tokio::time::sleep(kernel.drain_timeout()) => {}
    }
}

/// Whether an instance only lets events and calls in. This is the case for middleware that only
/// middleware needs, and that does not intercept events that are still to be handled.
fn is_door(kernel: &Kernel, instance: &Instance) -> bool {
    let descriptor = instance.descriptor;
    if descriptor.kind != Kind::Middleware || !descriptor.interceptors.is_empty() {
        return false;
    }
    (kernel.dependents(&kernel.siblings(instance)).iter())
        .all(|dependent| dependent.descriptor.kind == Kind::Middleware)
}

/// Tells each live instance how to continue with waiting events.
fn each_live(kernel: &Kernel, tell: impl Fn(&Instance, &Live)) {
    for instance in &*kernel.instances() {
        if let Some(live) = instance.live().as_ref() {
            tell(instance, live);
        }
    }
}

/// Waits until the accepted events are handled, while all instances still run.
async fn finish_work(kernel: &Kernel) {
    tokio::select! {
        () = kernel.bus.idle() => {}
        () = kernel.insist.cancelled() => {}
        () = tokio::time::sleep(kernel.drain_timeout()) => {
            let (limit, backlog) = (kernel.drain_timeout(), kernel.bus.backlog());
            match kernel.bus.durables().stuck() {
                (stuck, _) if stuck.is_empty() => tracing::warn!(
                    backlog,
                    ?limit,
                    "events keep coming while the system stops; each plugin drains its own"
                ),
                (stuck, events) => tracing::warn!(
                    backlog,
                    ?limit,
                    events,
                    handlers = stuck.iter().map(|(plugin, handler)| format!("{plugin}.{handler}"))
                        .collect::<Vec<_>>().join(", "),
                    "the event store fails while the system stops; what needs it is not waited for \
                     any longer"
                ),
            }
        }
    }
}

/// Ends the waiting for the store, and returns how many events were not stored.
async fn close_intakes(kernel: &Kernel) -> usize {
    let unstored = kernel.bus.durables().close().await;
    if unstored > 0 {
        tracing::error!(
            unstored,
            "accepted events could not be stored, and are lost"
        );
    }
    unstored
}

/// Stops instances, each after those that need it, and independent ones at the same time.
pub(super) async fn stop_some(
    kernel: &Arc<Kernel>,
    instances: Vec<Arc<Instance>>,
) -> Vec<PluginStop> {
    let starts = kernel.wiring.waits(&instances).into_iter();
    // An instance that starts later stops earlier.
    let sweep = Sweep::new(instances, starts.map(|(later, earlier)| (earlier, later)));
    let mut stops = Vec::new();
    let step = |instance: Arc<Instance>| {
        let kernel = Arc::clone(kernel);
        async move { stop(&kernel, &instance).await }
    };
    let done = |_, stopped: Option<PluginStop>| {
        stops.extend(stopped);
        Flow::Continue
    };
    let sweep = sweep.run(kernel.max_concurrency, step, done);
    watched(kernel, sweep).await;
    stops
}

/// Waits for a stop, and logs every few seconds which instances still run.
async fn watched(kernel: &Kernel, stop: impl Future<Output = ()>) {
    let mut stop = std::pin::pin!(stop);
    let mut ticks = tokio::time::interval_at(Instant::now() + STILL_STOPPING, STILL_STOPPING);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            biased;
            () = &mut stop => return,
            _ = ticks.tick() => name_stragglers(kernel),
        }
    }
}

fn name_stragglers(kernel: &Kernel) {
    for instance in &*kernel.instances() {
        if let Some((what, until)) = instance.board.read().waiting {
            tracing::warn!(
                plugin = instance.name(),
                left = ?until.saturating_duration_since(Instant::now()),
                "still stopping: waits for `{what}`"
            );
        }
    }
}

/// Stops an instance that is initialized or runs; `None` if it is in another state.
pub(super) async fn stop(kernel: &Arc<Kernel>, instance: &Instance) -> Option<PluginStop> {
    end(kernel, instance, None).await
}

/// Stops an instance before its next life, and returns what it leaves to that.
pub(super) async fn stop_for_next(
    kernel: &Arc<Kernel>,
    instance: &Instance,
) -> (Option<PluginStop>, Arc<Predecessor>) {
    let mut left = Predecessor::default();
    let stopped = end(kernel, instance, Some(&mut left)).await;
    (stopped, Arc::new(left))
}

async fn end(
    kernel: &Arc<Kernel>,
    instance: &Instance,
    left: Option<&mut Predecessor>,
) -> Option<PluginStop> {
    if instance.step(Step::Stop).is_err() {
        // If its process has ended, the instance has failed, and its parts are not ended yet.
        return match instance.is_held() {
            true => Some(tear_down(kernel, instance, None).await),
            false => None,
        };
    }
    let report = tear_down(kernel, instance, left).await;
    // `Stopping` allows this step, and only this task makes steps of a stopping instance.
    let _stopped = instance.step(Step::Stopped);
    kernel.audit(instance, "stop", outcome(&report), report.error.clone());
    kernel.announcer.announce(PluginStopped {
        plugin: instance.name().to_owned(),
    });
    Some(report)
}

fn outcome(report: &PluginStop) -> Outcome {
    if report.is_clean() {
        Outcome::Done
    } else {
        Outcome::Failed
    }
}

/// Ends all parts of an instance, whatever its state: its events, `stop`, its tasks and the plugin
/// itself. Stores what it leaves to its next life, if there will be one.
pub(super) async fn tear_down(
    kernel: &Arc<Kernel>,
    instance: &Instance,
    left: Option<&mut Predecessor>,
) -> PluginStop {
    let began = Instant::now();
    instance.setup().identity.account().lift_throttle(true);
    instance.let_go_of_process();
    let mut teardown = Teardown::new(instance, kernel.insist.clone());
    let mut report = PluginStop {
        name: instance.name(),
        took: Duration::ZERO,
        late: Vec::new(),
        dead_lettered: 0,
        lost: 0,
        error: None,
    };
    let live = instance.live().take();
    if let Some(mut live) = live {
        if left.is_none() && !instance.is_beside() {
            let_go_of_offers(instance, Handover::withdraw, &live.handover);
        }
        teardown.hand_over_letters(kernel).await;
        kernel.switchboard.withdraw(&instance.setup().identity);
        let_go(kernel);
        teardown
            .wait("schedules", instance.setup().timetable.end())
            .await;
        teardown.let_go_of_store(kernel).await;
        report.lost = teardown.drain(&mut live, kernel).await;
        report.dead_lettered = live.mailbox.dead_lettered();
        if report.dead_lettered > 0 {
            teardown.flush_letters(kernel).await;
        }
        if instance.is_beside() {
            teardown.answer_calls(kernel).await;
        }
        if let Some(left) = left {
            left.snapshot = teardown.snapshot(kernel, &live).await;
            left.handover = Some(live.handover.clone());
        }
        report.error = teardown.hook(kernel, &live).await;
        teardown.join(&live).await;
        instance.setup().identity.mute();
        instance.figures.clear();
        teardown.drop(live);
    }
    instance.board.change(|entry| entry.waiting = None);
    report.late = teardown.late();
    report.took = began.elapsed();
    report
}

/// Ends the parts that a failed `start` left behind.
pub(super) async fn discard(kernel: &Arc<Kernel>, instance: &Instance) {
    let Some(live) = instance.live().take() else {
        return;
    };
    let mut teardown = Teardown::new(instance, kernel.insist.clone());
    teardown.hand_over_letters(kernel).await;
    kernel.switchboard.withdraw(&instance.setup().identity);
    let_go(kernel);
    teardown
        .wait("schedules", instance.setup().timetable.end())
        .await;
    teardown.let_go_of_store(kernel).await;
    live.subscriber.deactivate().await;
    live.close();
    teardown.join(&live).await;
    instance.setup().identity.mute();
    instance.figures.clear();
    teardown.drop(live);
    instance.board.change(|entry| entry.waiting = None);
}

impl Kernel {
    /// Waits until the kernel's events are published, but not for a subscriber that never makes
    /// room.
    pub(super) async fn flush_announcements(&self) {
        tokio::select! {
            () = self.announcer.flush() => {}
            () = self.insist.cancelled() => {}
            () = tokio::time::sleep(self.drain_timeout()) => {
                tracing::warn!("a subscriber of the kernel's events makes no room");
            }
        }
    }

    /// Running instances that need one of those that are gone, in the order in which they have to
    /// stop.
    pub(super) fn running_dependents(&self, gone: &[Arc<Instance>]) -> Vec<Arc<Instance>> {
        let mut dependents = self.dependents(gone);
        dependents.retain(|instance| instance.is_running());
        dependents.reverse();
        dependents
    }
}
