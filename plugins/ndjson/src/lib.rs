//! Lines in files of bounded size, for plugins that write down what they see on the way of events,
//! and for the log.
//!
//! [`Rolling`] are the files: it begins a new one by time or by size and deletes the oldest.
//! [`Log`] writes lines of JSON to such files off the hot path. Whoever calls [`Log::write`] never
//! waits: a line goes through a bounded queue to a task, which writes what is there at once. A line
//! without room, or one that can't be written, is counted, and stands in the file as
//! `{"lost": 12}` as soon as that is possible.
#![forbid(unsafe_code)]

mod config;
mod files;
mod lines;
mod log;
mod rolling;

pub use config::FileConfig;
pub use log::Log;
pub use rolling::{Limits, Rolling, RollingPeriod};
