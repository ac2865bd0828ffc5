//! Durable subscriptions, through a manager and the queue plugin.

mod down;
mod parcel;
mod restart;
