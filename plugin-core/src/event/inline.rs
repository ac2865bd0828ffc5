//! Handlers that run on their publisher's task.

pub(super) mod around;
pub(super) mod entry;
pub(super) mod redelivery;
mod series;
pub(super) mod unrolled;
