//! Decides which calls of a handler with `concurrency` may run.
//!
//! Invariants: of each key, at most one call runs, is ready, or waits for its retry, so the events
//! of a key are handled in the order in which they were added; at most `most` calls run; a call
//! waits only for another call with its key, for its retry, or because `most` calls run.

use std::collections::{HashMap, VecDeque};

#[derive(Debug)]
pub(in crate::event) struct KeyedQueues<T> {
    most: usize,
    running: usize,
    /// Keys of which a call runs, is ready or waits for its retry, with the calls that wait behind
    /// it.
    busy: HashMap<u64, VecDeque<T>>,
    /// Calls that wait only because too many calls run.
    ready: VecDeque<(u64, T)>,
}

impl<T> KeyedQueues<T> {
    pub(in crate::event) fn new(most: usize) -> Self {
        Self {
            most,
            running: 0,
            busy: HashMap::new(),
            ready: VecDeque::new(),
        }
    }

    /// Whether no more calls may run now.
    pub(in crate::event) fn is_full(&self) -> bool {
        self.running == self.most
    }

    /// Adds a call; returns it if it may run now.
    pub(in crate::event) fn add(&mut self, key: u64, call: T) -> Option<T> {
        if let Some(behind) = self.busy.get_mut(&key) {
            behind.push_back(call);
            return None;
        }
        self.busy.insert(key, VecDeque::new());
        if self.running == self.most {
            self.ready.push_back((key, call));
            return None;
        }
        self.running += 1;
        Some(call)
    }

    /// A call of a key has ended; returns the call that runs in its place.
    pub(in crate::event) fn next(&mut self, ended: u64) -> Option<(u64, T)> {
        match self.busy.get_mut(&ended).and_then(VecDeque::pop_front) {
            Some(behind) => self.ready.push_back((ended, behind)),
            None => drop(self.busy.remove(&ended)),
        }
        self.next_ready()
    }

    /// A call has failed and will be repeated; returns the call that runs in its place. Its key
    /// waits for it.
    pub(in crate::event) fn suspend(&mut self) -> Option<(u64, T)> {
        self.next_ready()
    }

    /// The suspended call of a key is repeated; returns it if it may run now.
    pub(in crate::event) fn resume(&mut self, key: u64, call: T) -> Option<T> {
        if self.running == self.most {
            self.ready.push_front((key, call));
            return None;
        }
        self.running += 1;
        Some(call)
    }

    /// The suspended call of a key is not repeated; returns the call behind it if that may run now.
    pub(in crate::event) fn skip(&mut self, key: u64) -> Option<(u64, T)> {
        let Some(behind) = self.busy.get_mut(&key).and_then(VecDeque::pop_front) else {
            self.busy.remove(&key);
            return None;
        };
        self.ready.push_back((key, behind));
        if self.running == self.most {
            return None;
        }
        self.running += 1;
        self.ready.pop_front()
    }

    fn next_ready(&mut self) -> Option<(u64, T)> {
        let next = self.ready.pop_front();
        if next.is_none() {
            self.running -= 1;
        }
        next
    }
}

#[cfg(test)]
mod tests {
    use super::KeyedQueues;

    #[test]
    fn calls_of_a_key_run_one_after_the_other() {
        let mut queues = KeyedQueues::new(2);
        assert_eq!(queues.add(1, "1a"), Some("1a"));
        assert_eq!(queues.add(1, "1b"), None);
        assert_eq!(queues.add(2, "2a"), Some("2a"), "another key does not wait");
        assert_eq!(queues.add(3, "3a"), None, "two run");
        assert_eq!(queues.next(2), Some((3, "3a")));
        assert_eq!(queues.next(1), Some((1, "1b")));
        assert_eq!(queues.next(1), None);
        assert_eq!(queues.next(3), None);
        assert!(queues.busy.is_empty() && queues.running == 0);
    }

    #[test]
    fn a_key_waits_for_the_retry_of_its_call() {
        let mut queues = KeyedQueues::new(1);
        assert_eq!(queues.add(1, "1a"), Some("1a"));
        assert_eq!(queues.add(1, "1b"), None);
        assert_eq!(queues.suspend(), None);
        assert_eq!(queues.add(1, "1c"), None);
        assert_eq!(queues.add(2, "2a"), Some("2a"), "another key does not wait");
        assert_eq!(queues.resume(1, "1a again"), None, "one runs");
        assert_eq!(queues.next(2), Some((1, "1a again")));
        assert_eq!(queues.next(1), Some((1, "1b")));
    }

    #[test]
    fn what_waits_behind_a_call_that_is_given_up_comes_next() {
        let mut queues = KeyedQueues::new(1);
        assert_eq!(queues.add(1, "1a"), Some("1a"));
        assert_eq!(queues.add(1, "1b"), None);
        assert_eq!(queues.add(1, "1c"), None);
        assert_eq!(queues.suspend(), None);
        assert_eq!(queues.skip(1), Some((1, "1b")));
        assert_eq!(queues.suspend(), None);
        assert_eq!(queues.add(2, "2a"), Some("2a"));
        assert_eq!(queues.skip(1), None, "one runs");
        assert_eq!(queues.next(2), Some((1, "1c")));
        assert_eq!(queues.suspend(), None);
        assert_eq!(queues.skip(1), None);
        assert!(queues.busy.is_empty() && queues.running == 0);
    }

    #[test]
    fn a_busy_key_leaves_the_others_their_turn() {
        let mut queues = KeyedQueues::new(1);
        assert_eq!(queues.add(1, "1a"), Some("1a"));
        assert_eq!(queues.add(1, "1b"), None);
        assert_eq!(queues.add(2, "2a"), None);
        assert_eq!(queues.next(1), Some((2, "2a")));
        assert_eq!(queues.next(2), Some((1, "1b")));
    }
}
