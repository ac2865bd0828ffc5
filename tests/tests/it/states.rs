//! The states of a plugin, against oracles that are written another way.

mod events;
mod operations;
mod table;
