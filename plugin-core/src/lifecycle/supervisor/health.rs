//! Asks every plugin for its health at intervals. A plugin that is unhealthy several times in a row
//! has failed.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, Interval, MissedTickBehavior};

use super::Supervisor;
use crate::boxed::PluginRef;
use crate::data_dirs::Look;
use crate::descriptor::HealthHook;
use crate::error::Error;
use crate::health::Health;
use crate::lifecycle::hook;
use crate::lifecycle::instance::Instance;
use crate::lifecycle::kernel::{InstanceReport, Kernel, News};

/// The answer of a plugin's `#[health]` hook.
async fn say(kernel: &Kernel, instance: &Instance, hook: HealthHook, plugin: PluginRef) -> Health {
    let current = instance.setup().identity.current();
    let call = move || {
        let health = hook(plugin);
        Ok(Box::pin(async move { Ok(health.await) }) as _)
    };
    hook::run(current, "health", kernel.limits(instance), call)
        .await
        .unwrap_or_else(|error| Health::Unhealthy(error.to_string()))
}

/// How long a plugin may take to answer. After that it is not ready, and the answer is still waited
/// for.
const SILENCE: Duration = Duration::from_secs(1);

/// Number of unhealthy answers in a row after which a plugin has failed.
const UNHEALTHY_IN_A_ROW: u32 = 3;

impl Supervisor {
    pub(super) fn health_ticks(&self) -> Interval {
        let every = self.shared.kernel.health_interval();
        let mut ticks = tokio::time::interval_at(Instant::now() + every, every);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        ticks
    }

    pub(super) fn hear_health(&mut self, instance: &Instance, health: Health) {
        let unhealthy = self.shared.record(instance.id, |record| {
            record.unhealthy = match health {
                Health::Unhealthy(_) => record.unhealthy + 1,
                _ => 0,
            };
            record.unhealthy
        });
        let reason = match &health {
            Health::Unhealthy(reason) if unhealthy >= UNHEALTHY_IN_A_ROW => Some(reason.clone()),
            _ => None,
        };
        instance.show(health);
        if let Some(reason) = reason {
            let error = Error::retriable(format!(
                "unhealthy {UNHEALTHY_IN_A_ROW} times in a row: {reason}"
            ));
            self.fail(instance.id, instance.life(), error);
        }
    }

    /// Asks every running plugin for its health, except those that have not answered yet or are
    /// about to change. The answers arrive as reports.
    pub(super) fn ask_health(&self) {
        let look = Look::new(&self.shared.kernel.data_dir);
        for instance in self.shared.kernel.instances().iter() {
            let (id, life) = (instance.id, instance.life());
            let home = instance.home();
            let living = instance
                .live()
                .as_ref()
                .map(|live| (live.setup.hooks.health, Arc::clone(&live.plugin)));
            let Some((hook, plugin)) = living else {
                continue;
            };
            if hook.is_none() && home.is_none() || self.changes.touch(id) {
                continue;
            }
            let owes = self
                .shared
                .record(id, |record| record.asked.replace(life) == Some(life));
            if owes {
                continue;
            }
            let (kernel, instance) = (Arc::clone(&self.shared.kernel), Arc::clone(instance));
            let look = look.clone();
            crate::spawn::spawn(async move {
                // If there is no supervisor any more, the answer is not needed.
                let tell = |news| {
                    drop(kernel.reports.send(InstanceReport {
                        instance: id,
                        life,
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
                        (Ok(()), Some(hook)) => say(&kernel, &instance, hook, plugin).await,
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

impl Instance {
    /// Records that a plugin did not answer. It is not ready until it answers; the answer decides
    /// the rest.
    pub(super) fn hear_nothing(&self) {
        let reason = format!("it has not said how it is for {SILENCE:?}");
        self.show(Health::Unavailable(reason));
    }

    fn show(&self, health: Health) {
        let before = self.board.read().health;
        match &health {
            same if *same == before => {}
            Health::Healthy => tracing::info!(plugin = self.name(), "healthy again"),
            changed => tracing::warn!(plugin = self.name(), "{changed}"),
        }
        self.board.change(|entry| entry.health = health);
    }
}
