//! The module that the included sources take for their own: `super` is this.

mod lease;
mod outcome;
mod queue;
mod record;
mod stop_model;
mod table_model;

// Its barrier is `rustix::thread::membarrier`, which the models never call.
#[path = "../../../plugin-core/src/rcu/epoch.rs"]
#[allow(dead_code, unused_imports, reason = "not all of it is modelled")]
mod epoch;

#[path = "../../../plugin-core/src/rcu/shared.rs"]
#[allow(dead_code, unused_imports, reason = "not all of it is modelled")]
mod shared;

use crate::Model;

/// All models.
pub(crate) const MODELS: [&[Model]; 4] = [
    queue::mailbox_model::MODELS,
    stop_model::MODELS,
    table_model::MODELS,
    lease::MODELS,
];
