//! What the process holds, once in a while.

use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

use plugin_core::lifecycle::Running;
use plugin_core::prelude::*;

use super::books::Books;
use super::say;

/// How often a line is printed.
const TOLD: Duration = Duration::from_secs(10);

/// What the process holds at one moment.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sample {
    /// Memory that is in use, in KiB, without that of files: code comes in when it is first called.
    pub(super) rss: u64,
    pub(super) tasks: u64,
    /// Events in all mailboxes, and in the fullest one of those that misbehave.
    pub(super) queued: u64,
}

pub(super) struct Samples(pub(super) Vec<Sample>);

impl Samples {
    /// Takes one each second (more often if there is less than a minute), until the time is over.
    pub(super) async fn take(
        running: &Running,
        books: &Service<dyn Books>,
        duration: Duration,
    ) -> Self {
        let every = Duration::from_secs(1).min(duration / 50);
        let began = Instant::now();
        let mut told = began;
        let mut samples = Vec::new();
        while began.elapsed() < duration {
            tokio::time::sleep(every).await;
            let sample = Sample::now(running);
            samples.push(sample);
            if told.elapsed() >= TOLD {
                told = Instant::now();
                tell(began.elapsed(), sample, books);
            }
        }
        Self(samples)
    }

    /// Medians of the second and of the last fifth: the first is warming up.
    pub(super) fn medians(&self, of: impl Fn(&Sample) -> u64) -> (u64, u64) {
        let fifth = self.0.len() / 5;
        let median = |from: usize, to: usize| {
            let mut values: Vec<_> = self.0[from..to].iter().map(&of).collect();
            values.sort_unstable();
            values.get(values.len() / 2).copied().unwrap_or_default()
        };
        (
            median(fifth, 2 * fifth),
            median(self.0.len() - fifth, self.0.len()),
        )
    }
}

impl Sample {
    pub(super) fn now(running: &Running) -> Self {
        let plugins = running.status().plugins;
        let queued = plugins.iter().map(|plugin| plugin.queued as u64);
        Self {
            rss: rss().unwrap_or_default(),
            tasks: tasks(),
            queued: queued.sum(),
        }
    }
}

fn tell(at: Duration, sample: Sample, books: &Service<dyn Books>) {
    let load = books.load();
    let Sample { rss, tasks, queued } = sample;
    say(&format!(
        "{:>4} s: {rss} KiB, {tasks} tasks, {queued} queued; {} events, {} lines, {} operations",
        at.as_secs(),
        load.accepted.load(Relaxed),
        load.lines.load(Relaxed),
        load.operations.load(Relaxed),
    ));
}

/// Tasks of the runtime that have not ended.
pub(super) fn tasks() -> u64 {
    tokio::runtime::Handle::current()
        .metrics()
        .num_alive_tasks() as u64
}

/// Memory that is in use and no file's, in KiB; `None` where the system has no `/proc`.
fn rss() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("RssAnon:"))?;
    line.trim().trim_end_matches(" kB").parse().ok()
}
