//! The included sources of `plugin-core/src/event/queue`, and what stands in for the others.

pub(super) mod job;
mod lane;
pub(super) mod mailbox_model;

#[path = "../../../../plugin-core/src/event/queue/bell.rs"]
#[allow(dead_code, unused_imports, reason = "not all of it is modelled")]
mod bell;

#[path = "../../../../plugin-core/src/event/queue/mailbox.rs"]
#[allow(dead_code, unused_imports, reason = "not all of it is modelled")]
pub(super) mod mailbox;

#[path = "../../../../plugin-core/src/event/queue/room.rs"]
mod room;
