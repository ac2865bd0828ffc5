//! Checks the memory limits: logs a warning when a limit is almost reached, and applies the policy
//! when it is reached.

use std::fmt;

use super::Supervisor;
use crate::config::{MemoryBreach, ProcessBreach};
use crate::context::bills_memory;
use crate::error::Error;
use crate::lifecycle::changes::Escalation;
use crate::lifecycle::instance::Instance;

/// The percentage of a limit at which a warning is logged, and the percentage below which the limit
/// counts as left again. The difference prevents repeated warnings if the value varies around one
/// of them.
const HIGH: u64 = 80;
const LOW: u64 = 70;
const WITHIN: u64 = 95;

const MB: u64 = 1_000_000;

/// How much of a limit is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(super) enum MemoryLevel {
    #[default]
    Low,
    High,
    Over,
}

/// The used memory and the limit, in bytes.
#[derive(Debug, Clone, Copy)]
struct MemoryTaken {
    used: u64,
    limit: u64,
}

impl MemoryLevel {
    fn after(self, taken: MemoryTaken) -> Self {
        let is_at = |percent| taken.is_at(percent);
        match self {
            _ if is_at(100) => Self::Over,
            Self::Over if is_at(WITHIN) => Self::Over,
            _ if is_at(HIGH) => Self::High,
            Self::Low => Self::Low,
            _ if is_at(LOW) => Self::High,
            _ => Self::Low,
        }
    }

    /// Updates the level with the memory that is used now; returns the new level if it has risen.
    fn rise(&mut self, taken: MemoryTaken) -> Option<Self> {
        let before = std::mem::replace(self, self.after(taken));
        (*self > before).then_some(*self)
    }
}

impl MemoryTaken {
    fn of(used: u64, megabytes: u64) -> Self {
        let limit = megabytes.saturating_mul(MB);
        Self { used, limit }
    }

    fn is_at(self, percent: u64) -> bool {
        u128::from(self.used) * 100 >= u128::from(self.limit) * u128::from(percent)
    }
}

impl fmt::Display for MemoryTaken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (used, limit) = (self.used / MB, self.limit / MB);
        write!(f, "{used} MB of the {limit} MB that")
    }
}

impl Supervisor {
    /// Checks the memory of the process and of the instances; returns whether the system has to
    /// stop.
    pub(super) fn watch_memory(&mut self, process: Option<u64>) -> Escalation {
        if bills_memory() {
            for instance in self.shared.kernel.instances().iter() {
                self.watch_instance(instance);
            }
        }
        self.watch_process(process?)
    }

    fn watch_instance(&mut self, instance: &Instance) {
        let setup = instance.setup();
        let Some(limit) = setup.resources.memory.filter(|_| instance.is_running()) else {
            return;
        };
        let taken = MemoryTaken::of(setup.identity.account().memory() as u64, limit);
        let life = instance.life();
        let risen = self.shared.record(instance.id, |record| {
            let (of, level) = &mut record.memory;
            if *of != life {
                // It is another life: a level that still applies is reported again.
                (*of, *level) = (life, MemoryLevel::Low);
            }
            level.rise(taken)
        });
        let breach = match (risen, setup.resources.on_breach) {
            // The policy may have been set after the limit was exceeded.
            (_, breach) if taken.is_at(100) && breach != MemoryBreach::Warn => breach,
            (Some(_), _) => MemoryBreach::Warn,
            (None, _) => return,
        };
        let text = format!("it has taken {taken} `resources.memory` allows");
        let error = match breach {
            MemoryBreach::Warn => {
                tracing::warn!(plugin = instance.name(), "{text}");
                return;
            }
            MemoryBreach::Restart => Error::retriable(text),
            // There is no restart, because the operator has to change something first.
            MemoryBreach::Stop => Error::config(text),
        };
        self.fail(instance.id, life, error);
    }

    fn watch_process(&mut self, used: u64) -> Escalation {
        let configured = self.shared.kernel.configured();
        let manager = &configured.settings.manager;
        let taken = MemoryTaken::of(used, manager.max_memory?);
        let risen = self.process_memory.rise(taken);
        let text = || format!("the process has taken {taken} `max_memory` allows");
        // The policy may have been set after the limit was exceeded.
        if taken.is_at(100) && manager.on_breach == ProcessBreach::Stop {
            tracing::error!("{}: `on_breach: stop` stops the service", text());
            return Some(text());
        }
        if risen.is_some() {
            tracing::warn!("{}", text());
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_up_and_down_around_a_limit_is_told_once() {
        let mut level = MemoryLevel::default();
        let told = [
            50, 79, 80, 85, 79, 75, 81, 99, 100, 97, 120, 94, 100, 69, 90, 101,
        ];
        let told: Vec<_> = (told.into_iter())
            .filter_map(|used| Some((used, level.rise(MemoryTaken { used, limit: 100 })?)))
            .collect();
        use MemoryLevel::{High, Over};
        let expected = [
            (80, High),
            (100, Over),
            (100, Over),
            (90, High),
            (101, Over),
        ];
        assert_eq!(told, expected);
    }
}
