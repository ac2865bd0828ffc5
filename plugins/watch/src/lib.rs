//! `watch-plugin`: makes the manager apply config files that have changed.
//!
//! | | |
//! | --- | --- |
//! | config | [`WatchConfig`]: `mode`; of the manager `enable_hot_reload` and `watch_interval` |
//! | needs | the rights to see and to operate the system |
//!
//! It watches the directories of the manager's file and of the plugins' files, and those to which
//! links on the way lead, but never a file itself, because editors and Kubernetes replace files by
//! new ones. After a notification, the contents of the files are compared, so that config is read
//! again only if it has changed.
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
