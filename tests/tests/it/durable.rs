//! Durable subscriptions, through a manager and the queue plugin.

mod crash;
mod down;
mod parcel;
mod restart;
