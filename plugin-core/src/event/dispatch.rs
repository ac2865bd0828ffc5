//! The publishing operations, one file for each: how an event is accepted and passed to the
//! handlers of its route.
//!
//! | operation | file | what its publisher waits for |
//! | --- | --- | --- |
//! | `publish` | `publication` | room in every mailbox |
//! | `publish_all` | `chunks` | the same, for many events |
//! | `try_publish` | `reservation` | nothing: either all subscribers have room, or none gets the event |
//! | `publish_and_wait` | `outcomes` | the outcome of each handler |
//! | `publish_durable` | `storage` | the store of every durable subscriber |
//! | `publish_stored` | `atomic` | room everywhere, then every store; otherwise no subscriber gets the event |
//!
//! All of them begin with `take_in`, which checks the publisher's rights and calls the interceptors
//! and the inline handlers.

pub(super) mod atomic;
pub(super) mod chunks;
pub(super) mod guard;
pub(super) mod outcomes;
pub(super) mod publication;
pub(super) mod reservation;
pub(super) mod storage;
mod take_in;
