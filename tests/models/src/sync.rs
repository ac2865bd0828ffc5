//! What `plugin-core/src/sync.rs` names, of loom.

pub(crate) mod atomic;
mod notify;
mod semaphore;

pub(crate) use loom::sync::{Mutex, MutexGuard};
// loom's `Arc` can't hold a `dyn Trait` made from a sized one; what is counted here protects nothing.
pub(crate) use std::sync::{Arc, PoisonError};

pub(crate) use notify::Notify;
pub(crate) use semaphore::Semaphore;
