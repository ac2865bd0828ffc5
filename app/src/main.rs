//! A service composed of plugins.
mod exit;
mod feed;
mod graph;
mod output;
mod signal;
mod table;

fn main() {}
