//! Collapses many lines with the same cause: the first lines are written, the others are counted,
//! and the count is written as one line in each window.
//!
//! Two warnings or errors have the same cause if the same code wrote them for the same plugin, and
//! if they differ only in ids, numbers and quoted text. Less important lines are never counted,
//! because they are written only if an operator asks for them.
//!
//! Invariants: a line that is not written is counted, and every count is written, at the latest at
//! the end of the system. Memory is limited: a piece of code has at most [`CAUSES`] causes, and one
//! more for all others.

mod cause;

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tracing::Level;

pub(crate) use cause::Cause;

use crate::config::CollapseConfig;

/// Number of causes that are distinguished for one piece of code.
const CAUSES: usize = 32;

/// The causes in a log.
#[derive(Debug)]
pub(crate) struct Collapse {
    config: CollapseConfig,
    sites: Mutex<Sites>,
}

/// The causes of each piece of code.
type Sites = HashMap<u64, HashMap<u64, Counted>>;

/// The lines of one cause.
#[derive(Debug)]
struct Counted {
    /// End of the window.
    until: Instant,
    written: u32,
    more: u64,
    sample: Sample,
}

/// A line that represents the lines of its cause.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sample {
    pub(crate) level: Level,
    pub(crate) plugin: Option<String>,
    pub(crate) target: &'static str,
    pub(crate) message: String,
    pub(crate) error: Option<String>,
}

/// The number of lines that were not written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct More {
    pub(crate) count: u64,
    pub(crate) sample: Sample,
}

impl Collapse {
    pub(crate) fn new(config: CollapseConfig) -> Self {
        Self {
            config,
            sites: Mutex::default(),
        }
    }

    /// The interval at which counts are written.
    pub(crate) fn window(&self) -> Duration {
        self.config.window.get()
    }

    /// Whether nothing is being counted.
    pub(crate) fn is_empty(&self) -> bool {
        self.lock().is_empty()
    }

    /// Whether lines of a level can be counted.
    pub(crate) fn concerns(&self, level: Level) -> bool {
        self.config.after > 0 && level <= Level::WARN
    }

    /// Whether a line is written, and the count to write before it.
    pub(crate) fn admit(
        &self,
        now: Instant,
        cause: Cause,
        sample: impl FnOnce() -> Sample,
    ) -> (bool, Option<More>) {
        let mut sites = self.lock();
        let causes = sites.entry(cause.site).or_default();
        let key = match causes.contains_key(&cause.text) || causes.len() < CAUSES {
            true => cause.text,
            false => Cause::OTHERS,
        };
        let window = self.config.window.get();
        let counted = causes.entry(key).or_insert_with(|| Counted {
            until: now + window,
            written: 0,
            more: 0,
            sample: sample(),
        });
        let over = (counted.until <= now).then(|| counted.turn(now, window));
        let written = counted.written < self.config.after;
        if written {
            counted.written += 1;
        } else {
            counted.more += 1;
        }
        (written, over.flatten())
    }

    /// The counts whose window is over. Causes without lines in their window are removed.
    pub(crate) fn due(&self, now: Instant) -> Vec<More> {
        let (mut sites, window) = (self.lock(), self.config.window.get());
        let mut due = Vec::new();
        sites.retain(|_, causes| {
            causes.retain(|_, counted| {
                if counted.until > now {
                    return true;
                }
                let more = counted.turn(now, window);
                let goes_on = more.is_some();
                due.extend(more);
                goes_on
            });
            !causes.is_empty()
        });
        due
    }

    /// All counts; each cause begins anew.
    pub(crate) fn take(&self) -> Vec<More> {
        let sites = std::mem::take(&mut *self.lock());
        let counted = sites.into_values().flat_map(HashMap::into_values);
        counted.filter_map(|mut counted| counted.take()).collect()
    }

    fn lock(&self) -> MutexGuard<'_, Sites> {
        self.sites.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Counted {
    fn take(&mut self) -> Option<More> {
        let count = std::mem::take(&mut self.more);
        (count > 0).then(|| More {
            count,
            sample: self.sample.clone(),
        })
    }

    /// Begins the next window. If the last window had more lines than are written, the next one
    /// begins with a count; after a window with fewer lines, the cause begins anew.
    fn turn(&mut self, now: Instant, window: Duration) -> Option<More> {
        self.until = now + window;
        let more = self.take();
        if more.is_none() {
            self.written = 0;
        }
        more
    }
}

#[cfg(test)]
mod tests;
