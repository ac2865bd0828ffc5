//! `cache-plugin`: keeps values in memory for a limited time.
//!
//! | | |
//! | --- | --- |
//! | config | [`CacheConfig`]: `max_entries`, `max_ttl` |
//! | provides | [`Cache`](plugin_contracts::Cache) |
//!
//! When the cache is full, the value that was not used for the longest time gives way. Keys are
//! shared by all plugins: a plugin puts its own name in front of them, `auth.token.…`.
#![forbid(unsafe_code)]

mod config;
mod plugin;

mod store;

pub use config::CacheConfig;
pub use plugin::MemoryCache;
