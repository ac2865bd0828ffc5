//! Handlers that run on their plugin's worker: what waits for them, and the worker.

pub(super) mod acceptance;
pub(super) mod bell;
pub(super) mod enqueue;
pub(super) mod group;
pub(super) mod handler;
pub(super) mod job;
pub(super) mod lane;
pub(super) mod mailbox;
pub(super) mod redelivery;
pub(super) mod room;
pub(super) mod turn;
pub(super) mod worker;
