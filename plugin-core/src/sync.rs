//! The synchronization primitives of the event layer, under one name each. When `tests/models`
//! includes a source file of the kernel, `crate::sync` contains loom's primitives instead.

pub(crate) use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

pub(crate) use tokio::sync::{Notify, Semaphore};

pub(crate) mod atomic {
    pub(crate) use std::sync::atomic::{
        AtomicBool, AtomicPtr, AtomicU64, AtomicUsize, Ordering, compiler_fence, fence,
    };
}
