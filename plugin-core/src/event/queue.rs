//! Handlers that run on their plugin's worker.
//!
//! An event is accepted (`acceptance`, `group`), becomes a job (`enqueue`, `job`) in the mailbox of
//! its handler's instance (`mailbox`, `capacity`), and waits for the worker. The worker calls the
//! handler, retries failed calls, and keeps the order of keys (`worker`, `order_key`).

pub(super) mod acceptance;
pub(super) mod acknowledgement;
pub(super) mod bell;
pub(super) mod capacity;
pub(super) mod enqueue;
pub(super) mod group;
pub(super) mod handler;
pub(super) mod job;
mod job_extras;
pub(super) mod mailbox;
pub(super) mod order_key;
pub(super) mod probe;
pub(super) mod redelivery;
pub(super) mod turn;
pub(super) mod worker;
