//! Durable subscriptions, through a manager and the queue plugin.

mod crash;
mod dead;
mod down;
mod parcel;
mod refused;
mod restart;
mod shaky;
mod stranger;
