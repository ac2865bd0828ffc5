//! Lines in files of limited size, for the log and for plugins that record events.
//!
//! [`Rolling`] manages the files: it begins a new one by time or by size, and deletes the oldest.
//! [`Log`] writes lines of JSON to such files without delaying its caller: [`Log::write`] never
//! waits. A line goes through a bounded queue to a task, which writes all waiting lines at once. A
//! line for which there is no room, or that can't be written, is counted, and the count is written
//! to the file as `{"lost": 12}` as soon as possible.
#![forbid(unsafe_code)]

mod config;
mod files;
mod lines;
mod log;
mod rolling;

pub use config::FileConfig;
pub use log::Log;
pub use rolling::{Limits, Rolling, RollingPeriod};
