//! The module that the included sources take for their own: `super` is this.

mod job;
mod lane;
mod lease;
mod mailbox_model;
mod record;
mod stop_model;
mod table_model;

#[path = "../../../plugin-core/src/event/backlog.rs"]
#[allow(dead_code, unused_imports, reason = "not all of it is modelled")]
mod backlog;

#[path = "../../../plugin-core/src/event/mailbox.rs"]
#[allow(dead_code, unused_imports, reason = "not all of it is modelled")]
mod mailbox;

#[path = "../../../plugin-core/src/event/bell.rs"]
#[allow(dead_code, unused_imports, reason = "not all of it is modelled")]
mod bell;

// Its barrier is `rustix::thread::membarrier`, which the models never call.
#[path = "../../../plugin-core/src/event/epoch.rs"]
#[allow(dead_code, unused_imports, reason = "not all of it is modelled")]
mod epoch;

#[path = "../../../plugin-core/src/event/shared.rs"]
#[allow(dead_code, unused_imports, reason = "not all of it is modelled")]
mod shared;

use crate::Model;

/// All models.
pub(crate) const MODELS: [&[Model]; 4] = [
    mailbox_model::MODELS,
    stop_model::MODELS,
    table_model::MODELS,
    lease::MODELS,
];

#[path = "../../../plugin-core/src/event/room.rs"]
mod room;
