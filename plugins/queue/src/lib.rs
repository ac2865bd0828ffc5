//! `queue-plugin`: stores the events of durable subscriptions in a file until they are handled.
//!
//! | | |
//! | --- | --- |
//! | config | [`QueueConfig`]: `path`, `commit_interval`, `max_batch`, `max_events`, `max_bytes`, `on_full`, `max_dead_letters`, `max_crashes` |
//! | provides | [`EventStore`](plugin_core::event::EventStore), [`DeadLetterStore`](plugin_core::event::DeadLetterStore) |
//!
//! The file is an SQLite database in WAL mode, which is synced at every commit. One task writes:
//! everything that arrives within `commit_interval` becomes one transaction, so that a thousand
//! publishers wait for one sync of the disk. One process serves a file; commands may open it at the
//! same time.
#![forbid(unsafe_code)]

mod config;

mod choice;
mod database;
mod displacement;
mod failure;
mod file;
mod gauge;
mod health;
mod letters;
mod limit;
mod lock;
mod request;
mod requests;
mod rows;
mod schema;
mod suspects;
mod writer;

mod plugin;
mod store;
#[cfg(test)]
mod tests;

pub use choice::{Letters, Touched};
pub use config::{OnFull, QueueConfig};
pub use file::QueueFile;
pub use plugin::Queue;
