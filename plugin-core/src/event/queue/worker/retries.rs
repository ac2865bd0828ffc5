//! Work that waits for its retry, or for a target that is down. One timer serves all of it.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use tokio::time::Instant;

use super::work::Work;
use crate::event::outcome::jitter::Jitter;

/// Work in the order in which it is due.
pub(super) struct RetryQueue {
    waiting: BinaryHeap<Reverse<WaitingRetry>>,
    /// Number of entries so far, so that entries with the same time keep their order.
    count: u64,
    jitter: Jitter,
}

struct WaitingRetry {
    due: Instant,
    count: u64,
    work: Work,
}

impl RetryQueue {
    pub(super) fn new() -> Self {
        Self {
            waiting: BinaryHeap::new(),
            count: 0,
            jitter: Jitter::new(),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// The time of the first retry.
    pub(super) fn due(&self) -> Option<Instant> {
        self.waiting.peek().map(|Reverse(first)| first.due)
    }

    /// Lets work wait: as long as its handler asks for, or for its target. Returns the work if that
    /// is longer than anything is waited for.
    pub(super) fn push(&mut self, work: Work, ends: Option<Instant>) -> Option<Work> {
        let now = Instant::now();
        let shut_until = work.shut_until();
        let due = shut_until.unwrap_or_else(|| now + work.pause(&mut self.jitter));
        if ends.is_some_and(|ends| work.is_hopeless(due, ends)) {
            return Some(work);
        }
        if shut_until.is_none() {
            work.tell(due - now);
        }
        self.count += 1;
        self.waiting.push(Reverse(WaitingRetry {
            due,
            count: self.count,
            work,
        }));
        None
    }

    /// Takes the work that is not waited for: no call begins with it any more.
    pub(super) fn take_ended(&mut self, ends: Option<Instant>) -> Vec<Work> {
        let has_ended = |WaitingRetry { due, work, .. }: &WaitingRetry| {
            work.handler().core.has_ended()
                || work.handler().drains()
                || ends.is_some_and(|ends| work.is_hopeless(*due, ends))
        };
        let (ended, waiting) = (std::mem::take(&mut self.waiting).into_iter())
            .partition::<Vec<_>, _>(|Reverse(waiting)| has_ended(waiting));
        self.waiting = waiting.into();
        let mut ended: Vec<_> = ended.into_iter().map(|Reverse(ended)| ended).collect();
        ended.sort_unstable();
        ended.into_iter().map(|ended| ended.work).collect()
    }

    /// Takes the first work, if it is due.
    pub(super) fn pop_due(&mut self) -> Option<Work> {
        self.due().filter(|&due| due <= Instant::now())?;
        self.waiting.pop().map(|Reverse(waiting)| waiting.work)
    }
}

impl WaitingRetry {
    fn rank(&self) -> (Instant, u64) {
        (self.due, self.count)
    }
}

impl PartialEq for WaitingRetry {
    fn eq(&self, other: &Self) -> bool {
        self.rank() == other.rank()
    }
}

impl Eq for WaitingRetry {}

impl PartialOrd for WaitingRetry {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for WaitingRetry {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.rank().cmp(&other.rank())
    }
}
