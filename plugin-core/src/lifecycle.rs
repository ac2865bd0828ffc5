//! The lifecycle of a composed set: configured, running, stopped.

mod health;
mod system;

pub use health::Health;
pub use system::System;
