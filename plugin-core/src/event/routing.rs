//! Decides which handlers get an event: the table of all routes (`table`), the handlers of one
//! event type (`route`), whether an event may be published on a route (`admission`), and the
//! mailboxes that it goes to (`target`).

mod admission;
pub(super) mod bound;
mod interception;
pub(super) mod route;
pub(super) mod table;
pub(super) mod target;
pub(super) mod topics;
