//! The stop of one unit: unsubscribe, drain, `stop`, cancel and join its tasks, drop; and of all:
//! close the doors, finish the work, then stop in reverse order. A stop goes on after an error.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, MissedTickBehavior};
use tokio_util::sync::CancellationToken;

use super::events::{PluginStopped, SystemStopped};
use super::hook;
use super::kernel::Kernel;
use super::report::{PluginStop, StopReport};
use super::state::Step;
use super::sweep::{Flow, Sweep};
use super::unit::{Live, Unit};
use crate::audit::Outcome;
use crate::descriptor::Kind;
use crate::guard;

/// How often a stop that lasts names those who still run.
const STILL_STOPPING: Duration = Duration::from_secs(3);

/// How long a stop waits for calls that were ended, and for letters to be handed over: either is
/// done at once, unless somebody blocks a thread.
const LEAVE: Duration = Duration::from_secs(1);

/// Stops all units that run, and tells what became of each.
pub(super) async fn stop_all(kernel: &Arc<Kernel>, escalated: Option<String>) -> StopReport {
    let began = Instant::now();
    kernel.host.mute();
    kernel.close_schedules();
    let mut report = StopReport {
        escalated,
        ..StopReport::default()
    };
    let (doors, rest): (Vec<_>, Vec<_>) = (0..kernel.units.len())
        .rev()
        .partition(|&unit| is_door(kernel, unit));
    report.plugins.extend(stop_some(kernel, doors).await);
    finish_work(kernel).await;
    report.plugins.extend(stop_some(kernel, rest).await);
    report.took = began.elapsed();
    kernel.announcer.announce(SystemStopped {
        late: report.late().map(str::to_owned).collect(),
    });
    kernel.flush_announcements().await;
    kernel.units.iter().for_each(|unit| unit.identity.mute());
    kernel.bus.close();
    report.dead_letters = kernel.bus.letters().in_memory();
    if report.dead_letters > 0 {
        tracing::warn!(
            dead_letters = report.dead_letters,
            "dead letters end with the process: a plugin that provides `DeadLetterStore` keeps them"
        );
    }
    report
}

/// Whether a unit only lets events and calls in: middleware that nothing but middleware needs.
fn is_door(kernel: &Kernel, unit: usize) -> bool {
    let instances: Vec<usize> = kernel.units[unit].replicas.clone().collect();
    kernel.units[unit].descriptor.kind == Kind::Middleware
        && (kernel.dependents(&instances).iter())
            .all(|&dependent| kernel.units[dependent].descriptor.kind == Kind::Middleware)
}

/// Waits until what was accepted is handled, with everyone still there to handle it.
async fn finish_work(kernel: &Kernel) {
    tokio::select! {
        () = kernel.bus.idle() => {}
        () = kernel.insist.cancelled() => {}
        () = tokio::time::sleep(kernel.drain_timeout) => tracing::warn!(
            backlog = kernel.bus.backlog(),
            limit = ?kernel.drain_timeout,
            "events keep coming while the system stops; each plugin drains its own"
        ),
    }
}

/// Stops units, each after those that need it, independent ones side by side.
pub(super) async fn stop_some(kernel: &Arc<Kernel>, units: Vec<usize>) -> Vec<PluginStop> {
    let sweep = Sweep::new(units, |unit| &kernel.units[unit].after);
    let mut stops = Vec::new();
    let step = |unit| {
        let kernel = Arc::clone(kernel);
        async move { stop(&kernel, unit).await }
    };
    let done = |_, stopped: Option<PluginStop>| {
        stops.extend(stopped);
        Flow::Continue
    };
    let sweep = sweep.run(kernel.max_concurrency, step, done);
    watched(kernel, sweep).await;
    stops
}

/// Waits for a stop, and every few seconds names those who still run.
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
    for unit in &kernel.units {
        if let Some((what, until)) = unit.board.read().waiting {
            tracing::warn!(
                plugin = unit.name(),
                left = ?until.saturating_duration_since(Instant::now()),
                "still stopping: waits for `{what}`"
            );
        }
    }
}

/// Stops a unit that is built or runs; `None` if it is neither.
pub(super) async fn stop(kernel: &Arc<Kernel>, unit: usize) -> Option<PluginStop> {
    let this = &kernel.units[unit];
    this.step(Step::Stop).ok()?;
    let report = tear_down(kernel, unit).await;
    // `Stopping` allows it, and only this task takes steps of a stopping unit.
    let _stopped = this.step(Step::Stopped);
    kernel.audit(unit, "stop", outcome(&report), report.error.clone());
    kernel.announcer.announce(PluginStopped {
        plugin: this.name().to_owned(),
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

/// Ends everything of a unit, whatever its state: events, `stop`, tasks, the plugin itself.
pub(super) async fn tear_down(kernel: &Arc<Kernel>, unit: usize) -> PluginStop {
    let this = &kernel.units[unit];
    let began = Instant::now();
    let mut teardown = Teardown {
        unit: this,
        insist: kernel.insist.clone(),
        late: Vec::new(),
    };
    let mut report = PluginStop {
        name: this.name(),
        took: Duration::ZERO,
        late: Vec::new(),
        dead_lettered: 0,
        lost: 0,
        error: None,
    };
    let live = this.live().take();
    if let Some(mut live) = live {
        kernel.switchboard.withdraw(&this.identity);
        teardown.wait("schedules", this.timetable.end()).await;
        let unanswered = teardown.drain(&mut live).await;
        report.lost = live.mailbox.unfinished() + unanswered;
        report.dead_lettered = live.mailbox.dead_lettered();
        if report.dead_lettered > 0 {
            teardown.flush_letters(kernel).await;
        }
        report.error = teardown.hook(kernel, unit, &live).await;
        teardown.join(&live).await;
        this.identity.mute();
        teardown.drop(live);
    }
    this.board.change(|entry| entry.waiting = None);
    report.late = teardown.late;
    report.took = began.elapsed();
    report
}

/// Ends what a failed `start` left behind.
pub(super) async fn discard(kernel: &Arc<Kernel>, unit: usize) {
    let this = &kernel.units[unit];
    let Some(live) = this.live().take() else {
        return;
    };
    let mut teardown = Teardown {
        unit: this,
        insist: kernel.insist.clone(),
        late: Vec::new(),
    };
    kernel.switchboard.withdraw(&this.identity);
    teardown.wait("schedules", this.timetable.end()).await;
    live.subscriber.deactivate().await;
    live.mailbox.close();
    teardown.join(&live).await;
    this.identity.mute();
    teardown.drop(live);
    this.board.change(|entry| entry.waiting = None);
}

/// A stop under way: what has been late so far.
struct Teardown<'a> {
    unit: &'a Unit,
    insist: CancellationToken,
    late: Vec<&'static str>,
}

impl Teardown<'_> {
    /// Waits for a part of the stop, until its deadline or until the operator insists.
    async fn wait<T>(&mut self, what: &'static str, future: impl Future<Output = T>) -> Option<T> {
        let deadline = Instant::now() + self.unit.settings.timeout;
        self.unit
            .board
            .change(|entry| entry.waiting = Some((what, deadline)));
        let done = tokio::select! {
            biased;
            done = future => Some(done),
            () = hook::insisted(&self.insist) => None,
            () = tokio::time::sleep_until(deadline) => None,
        };
        if done.is_none() {
            self.late.push(what);
            tracing::error!(plugin = self.unit.name(), "`{what}` was not done in time");
        }
        done
    }

    /// Ends the subscriptions and handles what was accepted. What is left when the time is over, in
    /// the mailbox, in a handler or before a retry, goes to the dead letters; says how many requests
    /// were not answered.
    async fn drain(&mut self, live: &mut Live) -> usize {
        self.wait("unsubscribe", live.subscriber.deactivate()).await;
        live.mailbox.close();
        let (Some(mut worker), Some(reception)) = (live.worker.take(), live.reception.take())
        else {
            return 0;
        };
        reception.close();
        let drained = async {
            let ended = (&mut worker).await;
            reception.answered().await;
            ended
        };
        if let Some(Ok(())) = self.wait("drain", drained).await {
            return 0;
        }
        worker.abort();
        live.mailbox.abandon();
        let unanswered = reception.abandon();
        let left = tokio::time::timeout(LEAVE, live.mailbox.is_left()).await;
        tracing::error!(
            plugin = self.unit.name(),
            dead_lettered = live.mailbox.dead_lettered(),
            lost = left.map_or_else(|_| live.mailbox.unfinished(), |()| 0),
            unanswered,
            "accepted events or requests were not handled"
        );
        unanswered
    }

    /// Waits until the letters that the drain left are where they are kept.
    async fn flush_letters(&self, kernel: &Kernel) {
        let flushed = tokio::time::timeout(LEAVE, kernel.bus.letters().flush()).await;
        if flushed.is_err() {
            tracing::warn!(
                plugin = self.unit.name(),
                "its dead letters are not announced yet, or still in memory only"
            );
        }
    }

    /// Calls `stop`, if `start` was called.
    async fn hook(&mut self, kernel: &Kernel, unit: usize, live: &Live) -> Option<String> {
        let hook = self.unit.descriptor.hooks.stop?;
        live.tasks.as_ref()?;
        let plugin = Arc::clone(&live.plugin);
        let limits = kernel.limits(unit);
        let deadline = Instant::now() + limits.timeout;
        self.unit
            .board
            .change(|entry| entry.waiting = Some(("stop", deadline)));
        let current = self.unit.identity.current();
        let stopped = hook::run(current, "stop", &limits, move || Ok(hook(plugin))).await;
        let error = stopped.err()?;
        if error.kind() == crate::ErrorKind::Timeout {
            self.late.push("stop");
        }
        tracing::error!(plugin = self.unit.name(), "`stop` failed: {error}");
        Some(error.to_string())
    }

    /// Cancels the tasks and waits for them; those that don't listen are dropped.
    async fn join(&mut self, live: &Live) {
        let Some(tasks) = &live.tasks else { return };
        tasks.cancel();
        self.wait("tasks", tasks.join()).await;
        tasks.kill();
    }

    /// Drops the plugin; a panic in its `Drop` stays there.
    fn drop(&self, live: Live) {
        let dropped = guard::call(self.unit.identity.current(), || {
            drop(live);
            Ok(())
        });
        if let Err(error) = dropped {
            tracing::error!(plugin = self.unit.name(), "its `Drop` {error}");
        }
    }
}

impl Kernel {
    /// Waits until the kernel's events are published, but not for a subscriber that never makes
    /// room.
    pub(super) async fn flush_announcements(&self) {
        tokio::select! {
            () = self.announcer.flush() => {}
            () = self.insist.cancelled() => {}
            () = tokio::time::sleep(self.drain_timeout) => {
                tracing::warn!("a subscriber of the kernel's events makes no room");
            }
        }
    }

    /// Units that run and can't be without what is gone, in the order in which they have to stop.
    pub(super) fn running_dependents(&self, gone: &[usize]) -> Vec<usize> {
        let mut dependents = self.dependents(gone);
        dependents.retain(|&at| self.units[at].is_running());
        dependents.reverse();
        dependents
    }
}
