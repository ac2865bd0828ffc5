//! The published data: an event, typed or known only by its topic, with the data of its publishing.

mod any;
mod batch;
mod data;
mod envelope;
mod names;
mod patch;

pub use any::{AnyEvent, SharedEvent};
pub use batch::{Batch, BatchOutcome, IntoBatchOutcome};
pub use data::EventData;
pub use envelope::Envelope;
pub use patch::Patch;

pub(crate) use any::{Carried, Payload, Untyped};
pub(in crate::event) use batch::result_of;
pub(crate) use names::interned;
pub(in crate::event) use patch::{Substitute, unfit};
