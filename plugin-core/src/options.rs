//! The options of a plugin's methods: constants that `#[plugin]` generates, and that config can
//! change.

mod breaker;
mod respond;
mod retry;
mod schedule;
mod stage;
mod subscribe;

pub use breaker::Breaker;
pub use respond::RespondOptions;
pub use retry::Retry;
pub use schedule::{Misfire, Overlap, ScheduleOptions, When};
pub use stage::Stage;
pub use subscribe::{Balance, Mode, Overflow, SubscribeOptions};
