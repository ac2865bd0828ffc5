//! The included sources of `plugin-core/src/event/queue`, and what stands in for the others.

pub(super) mod job;
pub(super) mod mailbox_model;
mod order_key;

#[path = "../../../../plugin-core/src/event/queue/bell.rs"]
#[allow(dead_code, unused_imports, reason = "not all of it is modelled")]
mod bell;

#[path = "../../../../plugin-core/src/event/queue/mailbox.rs"]
#[allow(dead_code, unused_imports, reason = "not all of it is modelled")]
pub(super) mod mailbox;

#[path = "../../../../plugin-core/src/event/queue/capacity.rs"]
mod capacity;
