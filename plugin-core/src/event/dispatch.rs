//! The verbs of publishing: how an event is taken in and given to the handlers of its route.

pub(super) mod atomic;
pub(super) mod chunks;
pub(super) mod permit;
pub(super) mod publication;
pub(super) mod storage;
pub(super) mod take_in;
