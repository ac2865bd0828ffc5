//! The interface in a system, asked over real connections.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod audited;
mod backends;
mod certain;
mod client;
mod events;
mod framing;
mod lifecycle;
mod reloaded;
mod session;
mod site;
mod slow;
mod store;
