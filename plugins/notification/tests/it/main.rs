//! Messages on their way to real servers.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod plugin;
mod sms;
mod smtp;
mod smtp_server;
