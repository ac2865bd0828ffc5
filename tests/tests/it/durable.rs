//! Durable subscriptions, through a manager and the queue plugin.

mod asked;
mod child;
pub(crate) mod crash;
mod dead;
mod down;
mod dropped;
mod interval;
mod parcel;
mod poison;
mod refused;
mod reloaded;
mod restart;
mod room;
mod shaky;
mod stopping;
mod stranger;
mod traced;
