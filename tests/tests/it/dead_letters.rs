//! Events that a handler failed with for good: kept, announced, replayed, dropped.

mod announced;
mod kept;
mod provided;
mod replayed;
