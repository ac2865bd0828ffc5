//! `cache-plugin`: keeps values in memory for a limited time.
//!
//! | | |
//! | --- | --- |
//! | config | [`CacheConfig`]: `max_entries`, `max_ttl` |
//! | provides | [`Cache`](plugin_contracts::Cache) |
//!
//! If the cache is full, the value that was not used for the longest time is removed. All plugins
//! share the keys, so a plugin puts its own name in front of them: `auth.token.…`.
#![forbid(unsafe_code)]

mod config;
mod plugin;

mod store;

pub use config::CacheConfig;
pub use plugin::MemoryCache;
