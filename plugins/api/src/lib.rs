//! Serves the HTTP interface.
#![forbid(unsafe_code)]
mod auth;
mod body;
mod config;
mod limits;
mod local;
mod problem;
mod routes;
mod server;
