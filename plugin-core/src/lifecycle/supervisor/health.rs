//! Asks every plugin how it is, now and then; who does not serve has failed.

use std::sync::Arc;

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
        let before = self.kernel.units[unit].board.read().health;
        if before != health {
            tracing::warn!(
                plugin = self.kernel.units[unit].name(),
                ?health,
                "its health changed"
            );
        }
        let reason = match &health {
            Health::Unhealthy(reason) if failed => Some(reason.clone()),
            _ => None,
        };
        self.kernel.units[unit]
            .board
            .change(|entry| entry.health = health);
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
                let means = match home {
                    Some(home) => look.check(home).await,
                    None => Ok(()),
                };
                let health = match (means, hook) {
                    (Err(reason), _) => Health::Unavailable(reason),
                    (Ok(()), Some(hook)) => say(&kernel, unit, hook, plugin).await,
                    (Ok(()), None) => Health::Healthy,
                };
                // Without a supervisor nobody asks.
                drop(kernel.reports.send(Report {
                    unit,
                    generation,
                    news: News::Health(health),
                }));
            });
        }
    }
}
