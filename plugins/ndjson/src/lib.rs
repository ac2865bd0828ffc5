//! Lines of JSON in files of bounded size, for plugins that write down what they see on the way
//! of events.
//!
//! Whoever calls [`Log::write`] never waits: a line goes through a bounded queue to a task, which
//! writes what is there at once. A line without room, or one that can't be written, is counted, and
//! stands in the file as `{"lost": 12}` as soon as that is possible. A file that would grow beyond
//! its limit makes room for a new one, and the oldest goes.
#![forbid(unsafe_code)]

mod config;
mod files;
mod lines;
mod log;

pub use config::FileConfig;
pub use log::Log;
