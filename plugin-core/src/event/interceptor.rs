//! Interceptors: methods of plugins that are called around the events of other plugins.
//!
//! A route holds the chain of interceptors of its topic, which is made together with the table: see
//! [`chain`]. A route without a chain is the same as if there were no interceptors at all. Queued
//! handlers are called long after the table was read, and use a chain of their own: see [`queued`].
//!
//! Invariants: a chain never changes once it is visible; it contains only interceptors of running
//! instances, in the order of their calls; no interceptor is called for events that its own plugin
//! publishes or handles; an event is changed before anything except interceptors has seen it; each
//! interceptor is called while the table is being read, so that a stop waits for the call.

pub(super) mod asked;
pub(super) mod bound;
pub(super) mod chain;
pub(super) mod delivery;
mod queued;
pub(super) mod refusal;
mod report;
pub(super) mod topic_filter;

pub use delivery::{Delivered, Delivery};
pub use report::InterceptorReport;

pub(super) use chain::Chain;
pub(super) use queued::{Calling, Intercepted};
