//! Tracks which threads are reading a dispatch table. Readers announce themselves without a locked
//! instruction, and the writer that replaced the table finds out who is still reading.
//!
//! This is a quiescence scheme with an asymmetric fence, as in user-space RCU (Desnoyers and
//! others, "User-Level Implementations of Read-Copy Update", IEEE TPDS 2012). A reader marks its
//! own [`Readers`] with plain stores. A writer makes every thread of the process execute a full
//! fence (`membarrier`) before it reads the marks, so that the readers need no fence.
//!
//! If the system has no such call, readers execute a fence of their own between their mark and
//! their load.
//!
//! Invariants: only the thread that owns a `Readers` stores to it; a reader that entered before the
//! writer's fence is seen until it leaves; a reader that enters after the fence sees the new table.

use std::sync::OnceLock;

use crate::sync::atomic::{
    AtomicU64, Ordering::Acquire, Ordering::Relaxed, Ordering::Release, Ordering::SeqCst,
    compiler_fence, fence,
};

/// The low bits are the nesting depth of one thread's readings; the other bits count how often it
/// has left.
const DEPTH: u64 = 0xff;

/// Deepest nesting of readings, which occurs when inline handlers publish.
pub(crate) const DEEPEST: u64 = 32;

/// The mark of one thread.
#[derive(Debug, Default)]
pub(crate) struct Readers(AtomicU64);

/// A reading in progress, which ends when this is dropped.
#[must_use]
pub(crate) struct Reading<'a> {
    readers: &'a Readers,
    before: u64,
}

impl Readers {
    /// Begins to read: values that are loaded after this call exist until the reading ends. If
    /// readers have to execute a fence, this is true for values that are loaded after their fence.
    #[inline(always)]
    pub(crate) fn enter(&self) -> Reading<'_> {
        let before = self.0.load(Relaxed);
        // A writer that sees this reading has to see that the previous one is over, and everything
        // that it read. A `Relaxed` store would not continue the previous `Release`.
        self.0.store(before + 1, Release);
        compiler_fence(SeqCst);
        Reading {
            readers: self,
            before,
        }
    }

    /// The mark, as a writer sees it after its fence.
    pub(crate) fn mark(&self) -> Mark {
        Mark(self.0.load(Acquire))
    }
}

impl Reading<'_> {
    /// The nesting depth of this reading.
    #[inline(always)]
    pub(crate) fn depth(&self) -> u64 {
        self.before & DEPTH
    }

    /// Whether it is marked in these readers.
    pub(crate) fn is_of(&self, readers: &Readers) -> bool {
        std::ptr::eq(self.readers, readers)
    }
}

impl Drop for Reading<'_> {
    #[inline(always)]
    fn drop(&mut self) {
        let after = if self.depth() == 0 {
            self.before + DEPTH + 1
        } else {
            self.before
        };
        // Everything that was read happens before the writer sees that the reading is over.
        self.readers.0.store(after, Release);
    }
}

/// The mark of one thread that a writer has seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Mark(u64);

impl Mark {
    /// Whether the thread was reading.
    pub(crate) fn is_inside(self) -> bool {
        self.0 & DEPTH != 0
    }

    /// Whether the reading that was seen is over.
    pub(crate) fn has_left(self, readers: &Readers) -> bool {
        readers.mark().0 / (DEPTH + 1) != self.0 / (DEPTH + 1)
    }
}

/// The writer's fence. When it returns, each thread has either made its mark visible or will see
/// everything that was stored before.
pub(crate) fn heavy_fence() {
    fence(SeqCst);
    if !readers_fence() {
        barrier::all_threads();
    }
}

/// Whether readers have to execute the fence themselves, because this system has no `membarrier`.
pub(crate) fn readers_fence() -> bool {
    static NEEDED: OnceLock<bool> = OnceLock::new();
    *NEEDED.get_or_init(|| !barrier::register())
}

// Miri does not support `membarrier`.
#[cfg(all(target_os = "linux", not(miri)))]
mod barrier {
    use rustix::thread::{MembarrierCommand, membarrier};

    /// Registers for the expedited barrier; returns whether the system supports it.
    pub(crate) fn register() -> bool {
        membarrier(MembarrierCommand::RegisterPrivateExpedited).is_ok()
    }

    /// Executes a full fence on every running thread of the process.
    pub(crate) fn all_threads() {
        membarrier(MembarrierCommand::PrivateExpedited)
            .expect("a process that has registered for it may issue it");
    }
}

#[cfg(any(not(target_os = "linux"), miri))]
mod barrier {
    pub(crate) fn register() -> bool {
        false
    }

    pub(crate) fn all_threads() {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reading_is_over_when_the_outermost_ends() {
        let readers = Readers::default();
        assert!(!readers.mark().is_inside());
        let outer = readers.enter();
        let seen = readers.mark();
        let inner = readers.enter();
        assert_eq!(inner.depth(), 1);
        drop(inner);
        assert!(seen.is_inside());
        assert!(!seen.has_left(&readers), "the outer one goes on");
        drop(outer);
        assert!(seen.has_left(&readers));
        assert!(!readers.mark().is_inside());
    }

    #[test]
    fn a_thread_that_reads_again_at_once_has_left() {
        let readers = Readers::default();
        let first = readers.enter();
        let seen = readers.mark();
        drop(first);
        let _second = readers.enter();
        assert!(seen.has_left(&readers), "a busy publisher holds nobody up");
    }
}
