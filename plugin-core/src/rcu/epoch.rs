//! Who reads a dispatch table right now, told without a locked instruction by those who read, and
//! found out by the one who replaced it.
//!
//! This is a quiescence scheme with an asymmetric fence, as in user-space RCU (Desnoyers and
//! others, "User-Level Implementations of Read-Copy Update", IEEE TPDS 2012). A reader marks its
//! own [`Readers`] with plain stores; a writer makes every thread of the process take a full fence
//! (`membarrier`) before it looks at the marks, so that the readers need none.
//!
//! Where the system has no such call, readers take a fence of their own, between their mark and
//! their load.
//!
//! Invariants: only the thread that owns a `Readers` stores to it; whoever entered before the
//! writer's fence is seen inside until it has left; whoever enters after it sees the new table.

use std::sync::OnceLock;

use crate::sync::atomic::{
    AtomicU64, Ordering::Acquire, Ordering::Relaxed, Ordering::Release, Ordering::SeqCst,
    compiler_fence, fence,
};

/// The low bits are how deep one thread reads within its own reading; the rest counts how often it
/// has left altogether.
const DEPTH: u64 = 0xff;

/// Deepest nesting: readers within each other, which are inline handlers that publish.
pub(crate) const DEEPEST: u64 = 32;

/// The mark of one thread.
#[derive(Debug, Default)]
pub(crate) struct Readers(AtomicU64);

/// A reading under way; it ends when this is dropped.
#[must_use]
pub(crate) struct Reading<'a> {
    readers: &'a Readers,
    before: u64,
}

impl Readers {
    /// Begins to read: what is loaded after this stays until the reading ends. Where readers have
    /// to fence, it is what is loaded after their fence.
    #[inline(always)]
    pub(crate) fn enter(&self) -> Reading<'_> {
        let before = self.0.load(Relaxed);
        // A writer that sees this reading has to see that the one before is over, and all that it
        // read: a `Relaxed` store would not go on with what the last `Release` said.
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
    /// How many readings this one is within.
    #[inline(always)]
    pub(crate) fn depth(&self) -> u64 {
        self.before & DEPTH
    }

    /// Whether it is marked there.
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
        // All that was read happens before the writer sees that it is over.
        self.readers.0.store(after, Release);
    }
}

/// What a writer saw of one thread.
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

/// The writer's fence: when it returns, each thread has either made its mark visible or will see
/// all that was stored before.
pub(crate) fn heavy_fence() {
    fence(SeqCst);
    if !readers_fence() {
        barrier::all_threads();
    }
}

/// Whether readers have to take the fence themselves, because this system has no `membarrier`.
pub(crate) fn readers_fence() -> bool {
    static NEEDED: OnceLock<bool> = OnceLock::new();
    *NEEDED.get_or_init(|| !barrier::register())
}

// Miri knows no `membarrier`.
#[cfg(all(target_os = "linux", not(miri)))]
mod barrier {
    use rustix::thread::{MembarrierCommand, membarrier};

    /// Asks for the expedited barrier; it says whether the system has it.
    pub(crate) fn register() -> bool {
        membarrier(MembarrierCommand::RegisterPrivateExpedited).is_ok()
    }

    /// A full fence on every thread of the process that runs.
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
