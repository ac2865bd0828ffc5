//! Integration tests: one binary, one module a subject.

#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod heard;
mod journal;
mod rig;

mod binary;
mod composing;
mod defects;
mod delivery;
mod design;
mod handles;
mod hooks;
mod kinds;
mod macros;
mod requests;
mod rights;
mod services;
mod states;
mod traces;
