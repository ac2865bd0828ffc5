//! Integration tests: one binary, one module a subject.

#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod flaky;
mod heard;
mod journal;
mod logged;
mod rig;

mod binary;
mod breaker;
mod composing;
mod dead_letters;
mod defects;
mod delivery;
mod design;
mod durable;
mod groups;
mod handles;
mod hooks;
mod instances;
mod interceptors;
mod isolation;
mod kinds;
mod macros;
mod misbehaving;
mod operator;
mod replacing;
mod requests;
mod retries;
mod rights;
mod schedules;
mod services;
mod soak;
mod states;
mod traces;
