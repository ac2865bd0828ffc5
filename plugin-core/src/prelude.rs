//! What a plugin's file imports: `use plugin_core::prelude::*;`.
//!
//! The macros, what `#[init]` can take, what handlers take and return, and the derives of events
//! and configs. What only some plugins need is left out: `config::Secret` for settings, the
//! errors of [`event`](mod@crate::event) and [`files`](crate::files) for those who tell them
//! apart.

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
