//! Schedules: when runs begin, what they do to each other, what an operator and a stop do to them.

mod declared;
mod misfire;
mod operators;
mod overlap;
mod overrides;
mod runtime;
mod stop;
mod timezone;

use std::time::Duration;

use plugin_core::lifecycle::Running;
use plugin_core::prelude::*;
use plugin_core::schedule::{ScheduleState, ScheduleStatus};
use plugin_core::{Descriptor, Plugin};
use tokio::time::Instant;

use crate::journal::{Journal, Notebook};
use crate::rig::{Rig, Started};

pub(crate) const SECOND: Duration = Duration::from_secs(1);

/// Where runs write down that they were there, and in which second of their plugin's life.
#[derive(Clone)]
pub(crate) struct Diary {
    began: Instant,
    journal: Service<dyn Journal>,
}

impl Diary {
    pub(crate) fn new(journal: Service<dyn Journal>) -> Self {
        let began = Instant::now();
        Self { began, journal }
    }

    pub(crate) fn write(&self, what: &str) {
        let at = self.began.elapsed().as_secs();
        self.journal.write(format!("{what} {at}"));
    }
}

/// Starts one plugin beside the journal.
pub(crate) async fn start(plugin: &'static Descriptor) -> Started {
    Rig::new(&[plugin, Notebook::DESCRIPTOR]).start().await
}

/// Lets time go by, and all that is due by then happen.
pub(crate) async fn pass(seconds: u64) {
    tokio::time::sleep(Duration::from_secs(seconds)).await;
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
}

pub(crate) fn lines(running: &Running) -> Vec<String> {
    running.service::<dyn Journal>().unwrap().lines()
}

/// How one schedule does.
pub(crate) fn schedule(running: &Running, name: &str) -> ScheduleStatus {
    let mut schedules = running.schedules().into_iter();
    schedules.find(|status| status.schedule == name).unwrap()
}

pub(crate) fn state(running: &Running, name: &str) -> ScheduleState {
    schedule(running, name).state
}
