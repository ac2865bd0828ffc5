//! The interface in a system, asked over real sockets.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod clients;
mod config;
mod data;
mod graph;
mod instances;
mod operations;
mod remote;
mod requests;
mod site;
mod streams;
mod taps;
