//! `watch-plugin`: has the manager take over config files that have changed.
//!
//! | | |
//! | --- | --- |
//! | config | [`WatchConfig`]: `mode`; of the manager `enable_hot_reload` and `watch_interval` |
//! | needs | the rights to see and to operate the system |
//!
//! It watches the directories in which the manager's file and the plugins' files are, and those on
//! the way to which links lead, never a file itself: editors and Kubernetes put another file into
//! the place of the old one. What is told is compared by the contents of the files, so that only a
//! config that is another one is read again.
#![forbid(unsafe_code)]

mod config;
mod plugin;

mod changes;
mod eye;
mod places;
mod watching;

pub use changes::{Change, Changes};
pub use config::{Mode, WatchConfig};
pub use plugin::Watch;
