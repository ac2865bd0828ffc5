//! Asks every plugin how it is, now and then; who does not serve has failed.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, Interval, MissedTickBehavior};

use super::{Escalation, Supervisor};
use crate::boxed::PluginRef;
use crate::descriptor::HealthHook;
use crate::error::Error;
use crate::health::Health;
use crate::lifecycle::hook;
use crate::lifecycle::kernel::{Kernel, News, Report};
use crate::means::Look;

/// What a plugin's hook says of its health.
async fn say(kernel: &Kernel, unit: usize, hook: HealthHook, plugin: PluginRef) -> Health {
    let current = kernel.units[unit].identity.current();
    let call = move || {
        let health = hook(plugin);
        Ok(Box::pin(async move { Ok(health.await) }) as _)
    };
    hook::run(current, "health", kernel.limits(unit), call)
        .await
        .unwrap_or_else(|error| Health::Unhealthy(error.to_string()))
}

/// How long a plugin may take to say how it is; then it counts as not ready, and the answer is still
/// waited for.
const SILENCE: Duration = Duration::from_secs(1);

/// Answers of this kind in a row that make an unhealthy plugin a failed one.
const UNHEALTHY_IN_A_ROW: u32 = 3;

impl Supervisor {
    pub(super) fn health_ticks(&self) -> Interval {
        let every = self.kernel.health_interval;
        let mut ticks = tokio::time::interval_at(Instant::now() + every, every);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        ticks
    }

    pub(super) async fn hear_health(&mut self, unit: usize, health: Health) -> Escalation {
        let record = &mut self.records[unit];
        record.unhealthy = match health {
            Health::Unhealthy(_) => record.unhealthy + 1,
            _ => 0,
        };
        let failed = record.unhealthy >= UNHEALTHY_IN_A_ROW;
        let reason = match &health {
            Health::Unhealthy(reason) if failed => Some(reason.clone()),
            _ => None,
        };
        self.show(unit, health);
        match reason {
            Some(reason) => {
                let error = Error::retriable(format!(
                    "unhealthy {UNHEALTHY_IN_A_ROW} times in a row: {reason}"
                ));
                self.fail(unit, error).await
            }
            None => None,
        }
    }

    /// Whoever says nothing is not ready, until there is an answer: that decides the rest.
    pub(super) fn hear_nothing(&self, unit: usize) {
        let reason = format!("it has not said how it is for {SILENCE:?}");
        self.show(unit, Health::Unavailable(reason));
    }

    fn show(&self, unit: usize, health: Health) {
        let this = &self.kernel.units[unit];
        let before = this.board.read().health;
        match &health {
            same if *same == before => {}
            Health::Healthy => tracing::info!(plugin = this.name(), "healthy again"),
            changed => tracing::warn!(plugin = this.name(), "{changed}"),
        }
        this.board.change(|entry| entry.health = health);
    }

    /// Asks every running plugin how it is, unless it still owes an answer; the answers come as
    /// reports.
    pub(super) fn ask_health(&mut self) {
        let look = Look::new(&self.kernel.data_dir);
        for (unit, this) in self.kernel.units.iter().enumerate() {
            if self.records[unit].asked == Some(this.generation()) {
                continue;
            }
            let (hook, home) = (this.descriptor.hooks.health, this.home());
            if hook.is_none() && home.is_none() {
                continue;
            }
            let Some(plugin) = this.live().as_ref().map(|live| Arc::clone(&live.plugin)) else {
                continue;
            };
            let (kernel, generation) = (Arc::clone(&self.kernel), this.generation());
            self.records[unit].asked = Some(generation);
            let look = look.clone();
            crate::spawn::spawn(async move {
                // Without a supervisor nobody asks.
                let tell = |news| {
                    drop(kernel.reports.send(Report {
                        unit,
                        generation,
                        news,
                    }));
                };
                let mut health = pin!(async {
                    let means = match home {
                        Some(home) => look.check(home).await,
                        None => Ok(()),
                    };
                    match (means, hook) {
                        (Err(reason), _) => Health::Unavailable(reason),
                        (Ok(()), Some(hook)) => say(&kernel, unit, hook, plugin).await,
                        (Ok(()), None) => Health::Healthy,
                    }
                });
                let health = match tokio::time::timeout(SILENCE, health.as_mut()).await {
                    Ok(health) => health,
                    Err(_) => {
                        tell(News::Silent);
                        health.await
                    }
                };
                tell(News::Health(health));
            });
        }
    }
}
