//! What all parts of a running system share.

use std::ops::Range;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::announcer::Announcer;
use super::hook::Limits;
use super::operation::Request;
use super::state::State;
use super::status::SystemStatus;
use super::unit::Unit;
use crate::audit::{Audit, Entry, Outcome};
use crate::context::Identity;
use crate::descriptor::Descriptor;
use crate::error::Error;
use crate::event::Bus;
use crate::health::Health;
use crate::means::Before;
use crate::service::Switchboard;

#[derive(Debug)]
pub(super) struct Kernel {
    pub(super) units: Vec<Unit>,
    pub(super) bus: Bus,
    pub(super) switchboard: Switchboard,
    pub(super) announcer: Announcer,
    pub(super) audit: Audit,
    /// Who publishes and subscribes from outside of the plugins.
    pub(super) host: Arc<Identity>,
    pub(super) data_dir: PathBuf,
    /// What of an earlier start there is.
    pub(super) before: Before,
    pub(super) max_concurrency: usize,
    pub(super) drain_timeout: Duration,
    pub(super) health_interval: Duration,
    /// Cancelled when the operator insists: hooks and drains are given up at once.
    pub(super) insist: CancellationToken,
    /// Cancelled when the system is to stop.
    pub(super) stopping: CancellationToken,
    /// Where the whole is in its life.
    pub(super) life: Life,
    /// Whether a stop has waited for accepted events.
    pub(super) has_drained: AtomicBool,
    pub(super) reports: mpsc::UnboundedSender<Report>,
    /// To the supervisor, until it stops.
    pub(super) requests: mpsc::Sender<Request>,
}

/// Where the whole is in its life: starting, running, stopping or stopped.
#[derive(Debug)]
pub(super) struct Life(Mutex<State>);

impl Life {
    pub(super) fn begin() -> Self {
        Self(Mutex::new(State::Starting))
    }

    pub(super) fn set(&self, state: State) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = state;
    }

    fn get(&self) -> State {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What reaches the supervisor from the instances.
#[derive(Debug)]
pub(super) struct Report {
    pub(super) unit: usize,
    pub(super) generation: u64,
    pub(super) news: News,
}

#[derive(Debug)]
pub(super) enum News {
    TaskFailed {
        task: &'static str,
        error: Error,
    },
    Health(Health),
    /// It was asked how it is, and says nothing.
    Silent,
}

impl Kernel {
    pub(super) fn status(&self) -> SystemStatus {
        let unstored = |unit: &Unit| self.bus.durables().unstored(unit.name());
        let plugins = self.units.iter().map(|unit| unit.status(unstored(unit)));
        SystemStatus::of(self.life.get(), plugins.collect(), self.bus.backlog())
    }

    /// Puts what the manager did to a unit into the audit log.
    pub(super) fn audit(
        &self,
        unit: usize,
        action: &'static str,
        outcome: Outcome,
        detail: Option<String>,
    ) {
        let entry = Entry::new("manager", action, outcome).plugin(self.units[unit].name());
        self.audit.record(match detail {
            Some(detail) => entry.detail(detail),
            None => entry,
        });
    }

    /// The plugins in start order.
    pub(super) fn plugins(&self) -> impl Iterator<Item = &'static Descriptor> {
        let firsts = |&(at, unit): &(usize, &Unit)| unit.replicas.start == at;
        (self.units.iter().enumerate())
            .filter(firsts)
            .map(|(_, unit)| unit.descriptor)
    }

    /// The instance of a name, or all instances of a plugin.
    pub(super) fn find(&self, name: &str) -> Option<Range<usize>> {
        let named = |unit: &Unit| unit.name() == name;
        match self.units.iter().position(named) {
            Some(at) => Some(at..at + 1),
            None => (self.units.iter())
                .find(|unit| unit.plugin() == name)
                .map(|unit| unit.replicas.clone()),
        }
    }

    /// The state of a plugin, of its instances the one that has come farthest; `None` if it is not
    /// under management.
    pub(super) fn state_of(&self, plugin: &str) -> Option<State> {
        let units = self.find(plugin)?;
        let states = self.units[units].iter().map(|unit| unit.board.read().state);
        states.max()
    }

    pub(super) fn limits(&self, unit: usize) -> Limits {
        Limits {
            timeout: self.units[unit].settings.timeout,
            insist: self.insist.clone(),
            stopping: None,
        }
    }

    /// The limits of `init` and `start`.
    pub(super) fn start_limits(&self, unit: usize) -> Limits {
        Limits {
            stopping: Some(self.stopping.clone()),
            ..self.limits(unit)
        }
    }

    /// Units that can't be without what is gone, and those that can't be without them, in start
    /// order.
    pub(super) fn dependents(&self, gone: &[usize]) -> Vec<usize> {
        let mut reached = vec![false; self.units.len()];
        for &unit in gone {
            reached[unit] = true;
        }
        for at in 0..self.units.len() {
            // Needs come earlier in the order, so one pass reaches all.
            let mut needs = self.units[at].needs.iter();
            if needs.any(|need| need.clone().all(|need| reached[need])) {
                reached[at] = true;
            }
        }
        (0..self.units.len())
            .filter(|at| reached[*at] && !gone.contains(at))
            .collect()
    }
}
