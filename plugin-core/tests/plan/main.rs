//! The check of a set of plugins: its messages, and its properties against petgraph.

#![allow(missing_docs, clippy::unwrap_used, reason = "tests")]

mod constant;
mod message;
mod model;
mod property;
mod support;
