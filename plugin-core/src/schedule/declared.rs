//! A scheduled method, as `#[plugin]` declares it.

use std::fmt;

use super::run::ScheduledRun;
use crate::boxed::{BoxFuture, PluginRef};
use crate::error::Result;
use crate::options::{ScheduleOptions, When};

/// A scheduled method.
#[derive(Clone, Copy)]
pub struct Schedule {
    /// Name of the method.
    pub name: &'static str,
    /// When it is due.
    pub when: When,
    /// Its options.
    pub options: ScheduleOptions,
    /// Calls the method for one run.
    pub run: fn(PluginRef, ScheduledRun) -> BoxFuture<'static, Result<()>>,
}

impl fmt::Debug for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Schedule")
            .field("name", &self.name)
            .field("when", &self.when)
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}
