//! The lifecycle, driven by plugins that do what their config says: fail, panic, hang.

#![expect(
    clippy::unwrap_used,
    clippy::needless_pass_by_value,
    reason = "a test fails where it is wrong, and says what it takes in a line"
)]

mod delivery;
mod events;
mod fault;
mod metrics;
mod observers;
mod operations;
mod rejected;
mod reload;
mod replace;
mod snapshot;
mod start;
mod stop;
mod supervision;
mod switches;
