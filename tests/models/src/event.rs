//! The module that the included sources take for their own: `super` is this.

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

#[path = "../../../plugin-core/src/event/epoch.rs"]
#[allow(dead_code, unused_imports, reason = "not all of it is modelled")]
mod epoch;

#[path = "../../../plugin-core/src/event/shared.rs"]
#[allow(dead_code, unused_imports, reason = "not all of it is modelled")]
mod shared;

use crate::Model;
use crate::stand_in::{any, handler, outcome};

/// All models.
pub(crate) const MODELS: [&[Model]; 4] = [
    mailbox_model::MODELS,
    stop_model::MODELS,
    table_model::MODELS,
    lease::MODELS,
];

/// A job of the only handler there is.
fn job(
    site: &std::sync::Arc<handler::QueuedSite>,
    number: usize,
    backlog: &backlog::Backlog,
) -> mailbox::Job {
    mailbox::Job::new(site, std::sync::Arc::new(number), None, backlog.begin())
}
