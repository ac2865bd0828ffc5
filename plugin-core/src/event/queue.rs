//! Handlers that run on their plugin's worker.
//!
//! An event is accepted (`acceptance`, `group`) and becomes a job (`job`). `enqueue` puts the job
//! into the mailbox of its handler's instance (`mailbox`, `capacity`), or applies the overflow
//! policy if the mailbox is full. The worker calls the handler, retries failed calls, and keeps
//! the order of keys (`worker`, `order_key`).

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
