//! loom's atomics, with the fence before a `SeqCst` access that makes it what it is: loom takes it
//! for an `AcqRel` one. What a store and a load of two places need is a fence between them, and the
//! one before the load is it.

pub(crate) use loom::sync::atomic::Ordering;
use loom::sync::atomic::Ordering::SeqCst;
pub(crate) use loom::sync::atomic::fence;

/// A fence before an access that reads, if it is sequentially consistent.
fn before(order: Ordering) {
    if order == SeqCst {
        fence(SeqCst);
    }
}

/// Declares a type of atomic with what the kernel uses of it.
macro_rules! atomic {
    ($name:ident, $value:ty) => {
        #[derive(Debug, Default)]
        pub(crate) struct $name(loom::sync::atomic::$name);

        #[allow(dead_code, reason = "not all is used of each")]
        impl $name {
            pub(crate) fn new(value: $value) -> Self {
                Self(loom::sync::atomic::$name::new(value))
            }

            pub(crate) fn load(&self, order: Ordering) -> $value {
                before(order);
                self.0.load(order)
            }

            pub(crate) fn store(&self, value: $value, order: Ordering) {
                self.0.store(value, order);
            }
        }
    };
}

/// Adds what numbers have.
macro_rules! number {
    ($name:ident, $value:ty) => {
        atomic!($name, $value);

        #[allow(dead_code, reason = "not all is used of each")]
        impl $name {
            pub(crate) fn fetch_add(&self, value: $value, order: Ordering) -> $value {
                before(order);
                self.0.fetch_add(value, order)
            }

            pub(crate) fn fetch_sub(&self, value: $value, order: Ordering) -> $value {
                before(order);
                self.0.fetch_sub(value, order)
            }
        }
    };
}

atomic!(AtomicBool, bool);

impl AtomicBool {
    pub(crate) fn swap(&self, value: bool, order: Ordering) -> bool {
        before(order);
        self.0.swap(value, order)
    }
}

number!(AtomicUsize, usize);
number!(AtomicU64, u64);

/// A pointer.
#[derive(Debug)]
pub(crate) struct AtomicPtr<T>(loom::sync::atomic::AtomicPtr<T>);

impl<T> AtomicPtr<T> {
    pub(crate) fn new(pointer: *mut T) -> Self {
        Self(loom::sync::atomic::AtomicPtr::new(pointer))
    }

    pub(crate) fn load(&self, order: Ordering) -> *mut T {
        before(order);
        self.0.load(order)
    }

    pub(crate) fn swap(&self, pointer: *mut T, order: Ordering) -> *mut T {
        before(order);
        self.0.swap(pointer, order)
    }
}

/// loom knows no compiler that reorders: what this keeps in place stays there.
pub(crate) fn compiler_fence(_order: Ordering) {}
