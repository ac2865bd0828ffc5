//! The states of a plugin, against oracles that are written another way.

mod operations;
mod table;
