//! What is taken of the limits of memory: a warning when one is nearly reached, and a policy when it
//! is.

use std::fmt;

use super::Supervisor;
use crate::config::{MemoryBreach, ProcessBreach};
use crate::context::bills_memory;
use crate::error::Error;
use crate::lifecycle::changes::Escalation;
use crate::lifecycle::instance::Instance;

/// Where a limit is warned of, and where it counts as left again, in percent of it: what goes up and
/// down around one of them is told once.
const HIGH: u64 = 80;
const LOW: u64 = 70;
const WITHIN: u64 = 95;

const MB: u64 = 1_000_000;

/// How much of a limit is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(super) enum MemoryLevel {
    #[default]
    Low,
    High,
    Over,
}

/// What is taken, and the limit, in bytes.
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

    /// Takes note of what is taken now; says what it has come to, if that is more than before.
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
    /// Looks at what the process and the instances take; says whether the system has to stop.
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
                // Another life: what is still there of the last one is told again.
                (*of, *level) = (life, MemoryLevel::Low);
            }
            level.rise(taken)
        });
        let breach = match (risen, setup.resources.on_breach) {
            // The policy may be younger than the breach.
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
            // What the operator has to change is not tried again.
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
        // The policy may be younger than the breach.
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
