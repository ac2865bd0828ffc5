//! Interceptors: methods of plugins that are called around the events of others.
//!
//! A route holds the chain of its topic, made when the table is: [`chain`]. A route without one is
//! what it would be if there were no interceptors at all. Queued handlers are called long after the
//! table was read, and ask a chain of their own: [`queued`].
//!
//! Invariants: a chain never changes once it is visible; it holds interceptors of running instances
//! only, in the order of its calls; no interceptor is called for what its own plugin publishes or
//! handles; an event is changed before anybody but an interceptor has seen it; each is called within a
//! reading of the table, so that a stop waits for the call.

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
