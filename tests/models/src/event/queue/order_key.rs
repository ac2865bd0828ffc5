//! A stand-in for `plugin-core/src/event/queue/order_key.rs`: no job of a model waits behind another one.

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(in crate::event) struct OrderKey;
