//! The verbs of publishing, a file for each: how an event is taken in and given to the handlers of
//! its route.
//!
//! | verb | file | what its publisher waits for |
//! | --- | --- | --- |
//! | `publish` | `publication` | room in every mailbox |
//! | `publish_all` | `chunks` | the same, for many events |
//! | `try_publish` | `reservation` | nothing: all have room, or nobody gets the event |
//! | `publish_and_wait` | `outcomes` | what each handler makes of the event |
//! | `publish_durable` | `storage` | the store of every durable subscriber |
//! | `publish_stored` | `atomic` | room everywhere, then every store; else nobody hears of the event |
//!
//! All begin with `take_in`: the publisher's rights, the interceptors, the inline handlers.

pub(super) mod atomic;
pub(super) mod chunks;
pub(super) mod guard;
pub(super) mod outcomes;
pub(super) mod publication;
pub(super) mod reservation;
pub(super) mod storage;
mod take_in;
