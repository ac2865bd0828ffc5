//! Who gets an event: the table of all routes, a route's handlers, and where a queued one's go.

mod admission;
pub(super) mod bound;
mod interception;
pub(super) mod route;
pub(super) mod table;
pub(super) mod target;
pub(super) mod topics;
