//! The lifecycle, driven by plugins that do what their config says: fail, panic, hang.

mod events;
mod fault;
mod operations;
mod start;
mod stop;
mod supervision;
