//! Integration tests: one binary, one module a subject.

#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod composing;
mod macros;
mod services;
