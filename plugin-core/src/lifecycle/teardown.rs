//! The steps that end one instance, each with its time limit.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use serde_json::Value;
use tokio::task::{JoinError, JoinHandle};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::first_poll::first_poll;
use super::hook;
use super::instance::{Instance, Live};
use super::kernel::Kernel;
use super::snapshot::snapshot;
use crate::event::Reception;
use crate::guard;

/// How long a stop waits for aborted calls, and for dead letters to be handed over. Both are
/// immediate, unless some code blocks a thread.
const LEAVE: Duration = Duration::from_secs(1);

/// Interval of the check whether only stored events are left, or whether the calls of a service are
/// complete.
const LOOK: Duration = Duration::from_millis(10);

/// A stop in progress, with the parts that have been late so far.
pub(super) struct Teardown<'a> {
    instance: &'a Instance,
    insist: CancellationToken,
    late: Vec<&'static str>,
}

impl<'a> Teardown<'a> {
    pub(super) fn new(instance: &'a Instance, insist: CancellationToken) -> Self {
        Self {
            instance,
            insist,
            late: Vec::new(),
        }
    }

    /// The parts that exceeded their time.
    pub(super) fn late(self) -> Vec<&'static str> {
        self.late
    }

    /// Waits for a part of the stop until its deadline, or until the operator insists. Most parts
    /// are complete at once and need no waiting.
    pub(super) async fn wait<T>(
        &mut self,
        what: &'static str,
        future: impl Future<Output = T>,
    ) -> Option<T> {
        let mut future = std::pin::pin!(future);
        if let Some(done) = first_poll(future.as_mut()).await {
            return Some(done);
        }
        // The future is boxed to keep the ones small that complete at once.
        Box::pin(self.wait_within(what, future)).await
    }

    async fn wait_within<T>(
        &mut self,
        what: &'static str,
        future: Pin<&mut impl Future<Output = T>>,
    ) -> Option<T> {
        let deadline = Instant::now() + self.instance.setup().timeout;
        self.instance
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
            tracing::error!(
                plugin = self.instance.name(),
                "`{what}` was not done in time"
            );
        }
        done
    }

    /// If this plugin stores dead letters, waits until those that are on their way have arrived.
    pub(super) async fn hand_over_letters(&mut self, kernel: &Kernel) {
        if self.instance.keeps_letters() && !self.instance.is_beside() {
            let letters = kernel.bus.letters();
            self.wait("dead letters", letters.hand_over_all()).await;
        }
    }

    /// If other plugins store their events in this plugin, makes them stop doing so.
    pub(super) async fn let_go_of_store(&mut self, kernel: &Kernel) {
        if self.instance.is_event_store() && !self.instance.is_beside() {
            let durables = kernel.bus.durables();
            self.wait("store", durables.suspend()).await;
            durables.cut();
        }
    }

    /// Ends the subscriptions, handles the accepted events and answers the accepted requests. When
    /// the time is over, events that are still in the mailbox, in a handler or before a retry
    /// become dead letters, unless they are stored. Returns how many requests and events were lost.
    pub(super) async fn drain(&mut self, live: &mut Live, kernel: &Kernel) -> usize {
        // This is first, so that publishers that wait for room get it.
        live.deliveries.drain();
        live.mailbox.bell().wind_up(self.instance.setup().timeout);
        let unsubscribed = async {
            live.subscriber.deactivate().await;
            live.deliveries.stop().await;
        };
        self.wait("unsubscribe", unsubscribed).await;
        live.close();
        let (reception, mut worker) = (live.reception.take(), live.worker.take());
        reception.iter().for_each(Reception::close);
        let patience = match kernel.has_drained.load(Relaxed) {
            true => Duration::ZERO,
            false => kernel.drain_timeout(),
        };
        let drained = async {
            let ended = match &mut worker {
                Some(worker) => finish(worker, live, patience).await,
                None => Ok(()),
            };
            if let Some(reception) = &reception {
                reception.answered().await;
            }
            ended
        };
        if let Some(Ok(())) = self.wait("drain", drained).await {
            if self.wait("settle", live.deliveries.settled()).await == Some(false) {
                self.late.push("settle");
            }
            let dead_lettered = live.mailbox.dead_lettered();
            if dead_lettered > 0 {
                tracing::warn!(
                    plugin = self.instance.name(),
                    dead_lettered,
                    "events that waited for a retry or an open circuit breaker went to the dead letters"
                );
            }
            return 0;
        }
        let requests = reception.as_ref().map_or(0, Reception::abandon);
        if let Some(worker) = worker {
            give_up(&worker, live).await;
        }
        let stored = live.deliveries.in_hand();
        let lost = live.mailbox.unfinished().saturating_sub(stored) + requests;
        tracing::error!(
            plugin = self.instance.name(),
            dead_lettered = live.mailbox.dead_lettered(),
            lost,
            "accepted events or requests were not handled"
        );
        lost
    }

    /// Waits for the calls of its services that began before the next life took over.
    pub(super) async fn answer_calls(&mut self, kernel: &Kernel) {
        let identity = Arc::clone(&self.instance.setup().identity);
        let answered = async {
            while kernel.switchboard.is_called(&identity) {
                tokio::time::sleep(LOOK).await;
            }
        };
        self.wait("calls", answered).await;
    }

    /// Waits until the dead letters of the drain are stored.
    pub(super) async fn flush_letters(&self, kernel: &Kernel) {
        let flushed = tokio::time::timeout(LEAVE, kernel.bus.letters().flush());
        if Box::pin(flushed).await.is_err() {
            tracing::warn!(
                plugin = self.instance.name(),
                "its dead letters are not announced yet, or still in memory only"
            );
        }
    }

    /// Asks the plugin for the data that it leaves to its next life.
    pub(super) async fn snapshot(&self, kernel: &Kernel, live: &Live) -> Option<Value> {
        let hook = live.setup.hooks.snapshot;
        hook?;
        let deadline = Instant::now() + self.instance.setup().timeout;
        self.instance
            .board
            .change(|entry| entry.waiting = Some(("snapshot", deadline)));
        snapshot(kernel, self.instance, (&live.plugin, hook)).await
    }

    /// Calls `stop`, if `start` was called.
    pub(super) async fn hook(&mut self, kernel: &Kernel, live: &Live) -> Option<String> {
        let hook = (live.setup.hooks.stop).filter(|_| live.has_started)?;
        let plugin = Arc::clone(&live.plugin);
        let limits = kernel.limits(self.instance);
        let deadline = Instant::now() + limits.timeout;
        self.instance
            .board
            .change(|entry| entry.waiting = Some(("stop", deadline)));
        let current = self.instance.setup().identity.current();
        let stopped = hook::run(current, "stop", limits, move || Ok(hook(plugin))).await;
        let error = stopped.err()?;
        if error.kind() == crate::ErrorKind::Timeout {
            self.late.push("stop");
        }
        tracing::error!(plugin = self.instance.name(), "`stop` failed: {error}");
        Some(error.to_string())
    }

    /// Cancels the tasks and waits for them. Tasks that ignore the cancellation are dropped.
    pub(super) async fn join(&mut self, live: &Live) {
        let Some(tasks) = &live.tasks else { return };
        tasks.cancel();
        self.wait("tasks", tasks.join()).await;
        tasks.kill();
    }

    /// Drops the plugin and catches a panic in its `Drop`.
    pub(super) fn drop(&self, live: Live) {
        let dropped = guard::call(self.instance.setup().identity.current(), || {
            drop(live);
            Ok(())
        });
        if let Err(error) = dropped {
            tracing::error!(plugin = self.instance.name(), "its `Drop` {error}");
        }
    }
}

/// Waits for the end of a worker. If only stored events are left, the time limit applies: they are
/// handled at the next start.
async fn finish(
    worker: &mut JoinHandle<()>,
    live: &Live,
    patience: Duration,
) -> Result<(), JoinError> {
    let only_stored = async {
        tokio::time::sleep(patience).await;
        loop {
            let stored = live.deliveries.in_hand();
            if stored > 0 && live.mailbox.unfinished() <= stored {
                return stored;
            }
            tokio::time::sleep(LOOK).await;
        }
    };
    tokio::select! {
        biased;
        ended = &mut *worker => return ended,
        stored = only_stored => tracing::info!(
            stored,
            "calls with stored events are given up: the events are handled at the next start"
        ),
    }
    give_up(worker, live).await;
    Ok(())
}

/// Ends a worker. The events that it holds become dead letters, or stay stored.
async fn give_up(worker: &JoinHandle<()>, live: &Live) {
    worker.abort();
    live.mailbox.abandon();
    // Events that are left after that are held by a handler that blocks its thread.
    let left = tokio::time::timeout(LEAVE, live.mailbox.is_left());
    let _left = Box::pin(left).await;
}
