//! The items that the source file of a plugin imports with `use plugin_core::prelude::*;`.
//!
//! The prelude contains the macros, the types that parameters of `#[init]` can have, the types that
//! handlers take and return, and the derives for events and configs. It does not contain items that
//! only some plugins need: `config::Secret` for settings, and the error types of
//! [`event`](mod@crate::event) and [`files`](crate::files) for code that distinguishes them.

pub use crate::config::Period;
pub use crate::error::{Error, ErrorExt, ErrorKind, Result};
pub use crate::event::{
    AnyEvent, Batch, BatchOutcome, Delivered, Delivery, Envelope, Event, Observer, Patch,
    Publisher, Publishers, Request, Requester, Requesters, Subscriber,
};
pub use crate::files::Files;
pub use crate::init::{Clock, Config, DataDir, Handover, InitParam, Snapshot};
pub use crate::lifecycle::{Health, Operator, System};
pub use crate::meter::Meter;
pub use crate::schedule::{ScheduledRun, Scheduler};
pub use crate::service::{Service, Services};
pub use crate::tasks::Tasks;

pub use crate::macros::{compose, event, plugin, service};

pub use schemars::JsonSchema;
pub use serde::{Deserialize, Serialize};
