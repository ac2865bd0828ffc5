//! The primitives that the event layer's own synchronization is made of, by one name each: where
//! `tests/models` includes a source of the kernel, `crate::sync` is loom's.

pub(crate) use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

pub(crate) use tokio::sync::{Notify, Semaphore};

pub(crate) mod atomic {
    pub(crate) use std::sync::atomic::{
        AtomicBool, AtomicPtr, AtomicU64, AtomicUsize, Ordering, compiler_fence, fence,
    };
}
